import { expect } from 'chai';
import { setImmediate } from 'node:timers/promises';
import type { Call, FilterHostsRequest, ScoreHostsRequest } from '../../src/domain/contract.js';
import type { Decision } from '../../src/domain/decision.js';
import { policyHash, type Policies, withPolicies } from '../../src/domain/policies.js';
import { createDecisionIds } from '../../src/decisions/decision-id.js';
import {
  MAX_REASONED_REJECTIONS,
  MAX_WAITING_ANSWERS,
  NAMES_KEPT_MS,
  recordDecisions,
  SAMPLE_EVERY,
  type RecorderOptions,
} from '../../src/decisions/recorder.js';
import { createScoringService } from '../../src/scoring/service.js';
import { units } from '../../src/scoring/units/index.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { constantService } from '../support/scoring-service.js';
import { host, hostId, inventoryOf, SNAPSHOT_TIME, snapshotOf, vm, vmId } from '../support/world.js';

/** Host 1 runs one VM of two with the OS of VM 9, host 2 both of two, host 3 none of one. */
const WORLD = snapshotOf(
  [host(1), host(2), host(3)],
  [
    vm(1, 'rhel_8x64', { on: 1 }),
    vm(2, 'rhel_9x64', { on: 1 }),
    vm(3, 'rhel_9x64', { on: 2 }),
    vm(4, 'rhel_9x64', { on: 2 }),
    vm(5, 'rhel_8x64', { on: 3 }),
  ],
);

const STOPPED = vm(9, 'rhel_9x64');

const content = {
  filters: ['max_vms'],
  scores: [{ name: 'ksm_same_os_score', weight: 3 }],
  properties: new Map([['maximum_vm_count', '2']]),
};

const policies: Policies = new Map([['dense', { name: 'dense', hash: policyHash(content), ...content }]]);

const score = (more: Partial<ScoreHostsRequest> = {}): ScoreHostsRequest => ({
  vmId: vmId(9),
  hosts: [hostId(1), hostId(2), hostId(3)],
  units: [{ name: 'ksm_same_os_score', weight: 2 }],
  properties: new Map(),
  assumedPlacements: [],
  explain: false,
  ...more,
});

const filter = (more: Partial<FilterHostsRequest> = {}): FilterHostsRequest => ({
  vmId: vmId(9),
  hosts: [hostId(1), hostId(2), hostId(3)],
  units: ['max_vms'],
  properties: new Map([['maximum_vm_count', '2']]),
  ...more,
});

function recording(options: Partial<RecorderOptions> = {}, snapshot = WORLD) {
  const decisions: Decision[] = [];
  const dropped = { count: 0 };
  const log = memoryLog();
  const time = { now: 1000 };
  const service = recordDecisions(
    withPolicies(
      createScoringService({ units, inventory: inventoryOf(snapshot, { stopped: [STOPPED] }), log }),
      policies,
    ),
    {
      ...{ face: 'GRPC', makeId: createDecisionIds(), policies, log },
      append: (decision) => void decisions.push(decision),
      onDropped: () => (dropped.count += 1),
      clock: { now: () => time.now },
      steady: { now: () => time.now },
      ...options,
    },
  );
  return { service, decisions, dropped, time, log };
}

describe('the recorder of decisions', () => {
  it('records scores once the answer has left: best 2 x 100, then 2 x 50, with the words of these two', async () => {
    const { service, decisions } = recording();
    const { scores } = await service.scoreHosts(score(), call({ requestId: 'r-1' }));
    expect(scores.map(({ score }) => score)).to.deep.equal([100, 200, 0]);
    expect(decisions).to.deep.equal([]);
    await setImmediate();
    const [decision] = decisions;
    expect(decision).to.deep.include({
      ...{ face: 'GRPC', method: 'SCORE', requestId: 'r-1', time: 1000, durationMs: 0 },
      vm: { id: vmId(9), name: 'vm-9', os: 'rhel_9x64', clusterId: STOPPED.clusterId },
      snapshots: [{ time: SNAPSHOT_TIME, eventId: undefined }],
      policyHash: policyHash({
        filters: [],
        scores: [{ name: 'ksm_same_os_score', weight: 2 }],
        properties: new Map(),
      }),
      units: [
        {
          name: 'ksm_same_os_score',
          weight: 2,
          values: Uint8Array.of(50, 100, 0),
          direction: 'HIGHER_IS_BETTER',
        },
      ],
    });
    expect(decision?.hosts.map(({ name }) => name)).to.deep.equal(['host-0001', 'host-0002', 'host-0003']);
    expect(decision?.reasons.map(({ hostId, text }) => [hostId, text])).to.deep.equal([
      [
        hostId(2),
        '2 VMs run here: 2 with the same OS (rhel_9x64) and 0 with its type only: (100 x 2 + 20 x 0) / 2 = 100',
      ],
      [
        hostId(1),
        '2 VMs run here: 1 with the same OS (rhel_9x64) and 0 with its type only: (100 x 1 + 20 x 0) / 2 = 50',
      ],
    ]);
  });

  it('passes the request on with its decision, for what it assumes', async () => {
    const requests: unknown[] = [];
    const { service } = recording({ append: (_, request) => requests.push(request) });
    const [scores, filters] = [score(), filter()];
    await service.scoreHosts(scores, call());
    await service.filterHosts(filters, call());
    await setImmediate();
    expect(requests).to.deep.equal([scores, filters]);
  });

  it('resolves a policy: its units, weights, properties and hash, under its name', async () => {
    const { service, decisions } = recording();
    await service.scoreHosts(score({ policy: 'dense', units: [] }), call());
    await service.filterHosts(
      filter({ policy: 'dense', units: [], properties: new Map([['x', 'y']]) }),
      call(),
    );
    await setImmediate();
    for (const decision of decisions) {
      expect(decision).to.deep.include({ policy: 'dense', policyHash: policyHash(content) });
      expect(decision.properties.get('maximum_vm_count')).to.equal('2');
    }
    expect(decisions[0]?.units[0]?.weight).to.equal(3);
    expect(decisions[1]?.properties.get('x')).to.equal('y');
  });

  it('records filters: two of three hosts rejected, with their words', async () => {
    const { service, decisions } = recording();
    await service.filterHosts(filter({ hosts: 'ALL_UP' }), call());
    await setImmediate();
    const [decision] = decisions;
    expect(decision?.units).to.deep.equal([{ name: 'max_vms', weight: 1, accepted: Uint8Array.of(0, 0, 1) }]);
    expect(decision?.reasons.map(({ unit, hostId }) => [unit, hostId])).to.deep.equal([
      ['max_vms', hostId(1)],
      ['max_vms', hostId(2)],
    ]);
  });

  it(`keeps the words of ${MAX_REASONED_REJECTIONS} of ${MAX_REASONED_REJECTIONS + 1} rejected hosts`, async () => {
    const hosts = Array.from({ length: MAX_REASONED_REJECTIONS + 1 }, (_, place) => host(place + 1));
    const { service, decisions } = recording(
      {},
      snapshotOf(
        hosts,
        hosts.map((_, place) => vm(place + 100, 'rhel_9x64', { on: place + 1 })),
      ),
    );
    const properties = new Map([['maximum_vm_count', '1']]);
    await service.filterHosts(filter({ hosts: hosts.map(({ id }) => id), properties }), call());
    await setImmediate();
    expect(decisions[0]?.reasons).to.have.lengthOf(MAX_REASONED_REJECTIONS);
  });

  it('keeps no reasons of a remote unit of a call that did not ask for them', async () => {
    const remote = constantService('remote', 40);
    const decisions: Decision[] = [];
    const service = recordDecisions(remote, {
      ...{ face: 'GRPC', makeId: createDecisionIds(), policies, log: memoryLog() },
      append: (decision) => void decisions.push(decision),
      onDropped: () => undefined,
    });
    const units = [{ name: 'remote', weight: 1 }];
    await service.scoreHosts(score({ units }), call());
    await setImmediate();
    expect(decisions[0]).to.deep.include({ reasons: [], snapshots: [{ time: SNAPSHOT_TIME }] });
    expect(decisions[0]?.vm).to.deep.equal({ id: vmId(9) });
  });

  it('ranks by the factors of an engine, records them, and counts them into the hash of the policy', async () => {
    const { service, decisions } = recording({ face: 'ENGINE' });
    const engine = {
      factors: new Map([['ksm_same_os_score', 7]]),
      selector: 'rank',
      rawScores: false,
    } as const;
    await service.scoreHosts(score(), call({ engine }));
    await setImmediate();
    expect(decisions[0]).to.deep.include({ face: 'ENGINE', selector: 'rank', rawScores: false });
    expect(decisions[0]?.units[0]?.weight).to.equal(7);
    expect(decisions[0]?.policyHash).to.equal(
      policyHash({
        filters: [],
        scores: [{ name: 'ksm_same_os_score', weight: 7 }],
        properties: new Map(),
      }),
    );
    expect(decisions[0]?.reasons[0]?.hostId).to.equal(hostId(2));
  });

  for (const [title, more, record, count] of [
    ['a call', {}, false, 1],
    ['no call of a composite', { depth: 1 }, false, 0],
    ['a call of a composite that says so', { depth: 1 }, true, 1],
    ['no dry run', { dryRun: true }, false, 0],
    ['a dry run that says so', { dryRun: true }, true, 1],
    ['no request of a stream, but for a sample', { isStreamed: true }, false, 0],
    ['a request of a stream that says so', { isStreamed: true }, true, 1],
  ] as readonly [string, Partial<Call>, boolean, number][]) {
    it(`records ${title}`, async () => {
      const { service, decisions } = recording();
      await service.scoreHosts(score({ record }), call(more));
      await setImmediate();
      expect(decisions).to.have.lengthOf(count);
    });
  }

  it(`records 2 calls a second in full, then one of ${SAMPLE_EVERY}: of 2 + 250 calls 2 + 2, and 2 more a second later`, async () => {
    const { service, decisions, time } = recording({ rate: 2 });
    for (let n = 0; n < 2 + 2.5 * SAMPLE_EVERY; n++) await service.scoreHosts(score(), call());
    await setImmediate();
    expect(decisions).to.have.lengthOf(4);
    time.now += 1000;
    for (let n = 0; n < 3; n++) await service.scoreHosts(score(), call());
    await setImmediate();
    expect(decisions).to.have.lengthOf(6);
  });

  it(`counts what is answered in one turn beyond ${MAX_WAITING_ANSWERS} answers`, async () => {
    const { service, decisions, dropped } = recording();
    await Promise.all(
      Array.from({ length: MAX_WAITING_ANSWERS + 3 }, () => service.scoreHosts(score(), call())),
    );
    await setImmediate();
    expect(decisions).to.have.lengthOf(MAX_WAITING_ANSWERS);
    expect(dropped.count).to.equal(3);
  });

  it('answers all the same when the log throws, and counts that', async () => {
    const { service, dropped, log } = recording({
      append() {
        throw new Error('bug');
      },
    });
    await service.scoreHosts(score(), call());
    await setImmediate();
    expect(dropped.count).to.equal(1);
    expect(log.lines.map(({ event }) => event)).to.include('decision not recorded');
  });

  it('records a call of an engine that failed as a whole, which the engine gets an answer to, with the failure of each unit', async () => {
    const { service, decisions } = recording({ face: 'ENGINE' });
    await service.scoreHosts(score({ vmId: vmId(77) }), call()).catch(() => undefined);
    await service.filterHosts(filter({ vmId: vmId(77) }), call()).catch(() => undefined);
    const balance = { unit: 'nobody', hostIds: [hostId(1)], properties: new Map<string, string>() };
    await service.balanceHosts(balance, call()).catch(() => undefined);
    await setImmediate();
    const failures = decisions.map(({ method, vm, units: [unit] }) => [
      ...[method, vm?.id, unit?.name],
      unit !== undefined && 'failure' in unit ? unit.failure.code : undefined,
    ]);
    expect(failures).to.deep.equal([
      ['SCORE', vmId(77), 'ksm_same_os_score', 'NOT_FOUND'],
      ['FILTER', vmId(77), 'max_vms', 'NOT_FOUND'],
      ['BALANCE', undefined, 'nobody', 'NOT_FOUND'],
    ]);
  });

  it('records no call of a gateway that failed', async () => {
    const { service, decisions } = recording();
    await service.scoreHosts(score({ vmId: vmId(77) }), call()).catch(() => undefined);
    await setImmediate();
    expect(decisions).to.deep.equal([]);
  });

  it(`takes names of a list of hosts from memory for ${NAMES_KEPT_MS / 1000} s`, async () => {
    const { service, decisions, time } = recording();
    const request = score();
    for (const wait of [0, NAMES_KEPT_MS - 1, 1]) {
      time.now += wait;
      await service.scoreHosts(request, call());
      await setImmediate();
    }
    const [first, second, third] = decisions.map(({ hosts }) => hosts);
    expect(second).to.equal(first);
    expect(third).not.to.equal(first);
    expect(third).to.deep.equal(first);
  });
});
