import { expect } from 'chai';
import type { Member } from '../../src/composite/member.js';
import { createComposite } from '../../src/composite/service.js';
import type { Call, PolicyUnitList } from '../../src/domain/contract.js';
import { SchedulingError } from '../../src/domain/errors.js';
import type { InventoryService, ListHostsRequest } from '../../src/domain/inventory.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { startRpcServer } from '../../src/rpc/server.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { expectRejection } from '../support/rejection.js';
import { serverSettings } from '../support/server-settings.js';
import { hostId, SNAPSHOT_TIME, vmId } from '../support/world.js';
import {
  failWith,
  hang,
  offered,
  scoreRequest,
  scripted,
  settingsOf,
  startStage,
  tens,
  type ScriptedService,
} from './stage.js';

const refuse = (): Promise<never> => Promise.reject(new SchedulingError('UNIMPLEMENTED', 'not here'));

/** Knows three hosts, of which the second is in maintenance, and keeps what it was asked. */
function inventoryOf(part: Partial<InventoryService> = {}) {
  const asked: { readonly request: ListHostsRequest; readonly call: Call }[] = [];
  const statuses = ['up', 'maintenance', 'up'];
  const service: InventoryService = {
    listHosts(request, call) {
      asked.push({ request, call });
      const hosts = statuses.map((status, index) => ({
        ...{ id: hostId(index + 1), name: `host-${index + 1}`, status, runningVms: 0 },
      }));
      return Promise.resolve({ hosts, snapshotTime: SNAPSHOT_TIME });
    },
    listVms: () => Promise.resolve({ vms: [], snapshotTime: SNAPSHOT_TIME }),
    getInventory: () =>
      Promise.resolve({
        ...{ hosts: 3, hostsUp: 2, clusters: 1, runningVms: 0, snapshotTime: SNAPSHOT_TIME, ageMs: 7 },
      }),
    reserve: refuse,
    release: refuse,
    listReservations: refuse,
    ...part,
  };
  return { asked, service };
}

/** A member that says that it has an inventory. */
function knowing(name: string, service: ScriptedService, inventory?: InventoryService): Member {
  service.methods.listPolicyUnits = () =>
    Promise.resolve<PolicyUnitList>({ units: service.units, problems: [], hasInventory: true });
  return { name, service, remote: true, deadlineMs: 300, ...(inventory === undefined ? {} : { inventory }) };
}

const remote = (name: string, service: ScriptedService): Member => ({ name, service, remote: true });

const hostsAsked = ({ received }: ScriptedService) =>
  received.flatMap(({ request }) =>
    typeof request === 'object' && request !== null && 'hosts' in request ? [request.hosts] : [],
  );

const allUp = { hosts: 'ALL_UP' } as const;
const UP = [hostId(1), hostId(3)];

describe('all hosts, of a composite', () => {
  it('are those that are up by its first inventory, asked by the VM, and ids to its members', async () => {
    const [alpha, beta] = [scripted('a', offered('FILTER', 'f')), scripted('b')];
    const [first, second] = [inventoryOf(), inventoryOf()];
    const { composite } = await startStage([
      remote('alpha', alpha),
      knowing('beta', beta, first.service),
      knowing('gamma', scripted('c'), second.service),
    ]);
    const { scores } = await composite.scoreHosts(scoreRequest(allUp), call());
    expect(scores.map(({ hostId }) => hostId)).to.deep.equal(UP);
    const { hostIds } = await composite.filterHosts({ ...scoreRequest(allUp), units: [] }, call());
    expect(hostIds).to.deep.equal(UP);
    expect([...hostsAsked(alpha), ...hostsAsked(beta)]).to.deep.equal([UP, UP, UP]);
    expect(first.asked.map(({ request }) => request)).to.deep.equal([{ vmId: vmId(1) }, { vmId: vmId(1) }]);
    expect(second.asked).to.deep.equal([]);
  });

  it('are not looked up for hosts that are named', async () => {
    const { asked, service } = inventoryOf();
    const { composite } = await startStage([knowing('alpha', scripted('a'), service)]);
    await composite.scoreHosts(scoreRequest(), call());
    expect(asked).to.deep.equal([]);
  });

  it('are looked up once, one composite deeper, within the deadline of the service and the caller’s', async () => {
    const { asked, service } = inventoryOf();
    const { composite, time } = await startStage([knowing('alpha', scripted('a'), service)]);
    const now = time.clock.now();
    await composite.scoreHosts(scoreRequest(allUp), call({ deadline: now + 200, depth: 1, dryRun: true }));
    expect(asked.map(({ call }) => [call.deadline - now, call.depth, call.dryRun])).to.deep.equal([
      [175, 2, true],
    ]);
  });

  it('are given up when the inventory hangs: the call fails, by its name', async () => {
    const { service } = inventoryOf({ listHosts: hang });
    const { composite, time } = await startStage([knowing('alpha', scripted('a'), service)]);
    const rejected = expectRejection(
      composite.scoreHosts(scoreRequest(allUp), call()),
      'DEADLINE_EXCEEDED',
      'alpha: no answer within 300 ms',
    );
    await time.advance(300);
    await rejected;
  });

  const words = 'vm_id: the VM has no cluster; name hosts in host_ids';
  for (const code of ['NOT_FOUND', 'INVALID_ARGUMENT'] as const) {
    it(`fail with ${code} of the inventory, words unchanged`, async () => {
      const { service } = inventoryOf({ listHosts: failWith(code, words) });
      const { composite } = await startStage([knowing('alpha', scripted('a'), service)]);
      const error = await expectRejection(composite.scoreHosts(scoreRequest(allUp), call()), code);
      expect(error.message).to.equal(words);
    });
  }

  for (const [title, inventory] of [
    ['no inventory service', undefined],
    ['no method to list hosts', inventoryOf({ listHosts: refuse }).service],
  ] as const) {
    it(`are those that a service scores when asked for all, alone, where it has ${title}`, async () => {
      const [alpha, beta] = [scripted('a'), scripted('b')];
      beta.methods.scoreHosts = (request) =>
        Promise.resolve(
          tens({ ...request, hosts: request.hosts === 'ALL_UP' ? [hostId(7)] : request.hosts }),
        );
      const { composite } = await startStage([remote('alpha', alpha), knowing('beta', beta, inventory)]);
      const { scores } = await composite.scoreHosts(scoreRequest(allUp), call());
      expect(scores.map(({ hostId }) => hostId)).to.deep.equal([hostId(7)]);
      expect(hostsAsked(alpha)).to.deep.equal([[hostId(7)]]);
      expect(hostsAsked(beta)).to.deep.equal(['ALL_UP', [hostId(7)]]);
    });
  }

  it('can’t be known without an inventory: the error names the remedy', async () => {
    const { composite } = await startStage([remote('alpha', scripted('a'))]);
    await expectRejection(
      composite.scoreHosts(scoreRequest(allUp), call()),
      'INVALID_ARGUMENT',
      'all_hosts: nobody here knows which hosts there are; name them in host_ids, or configure',
    );
  });

  it('can’t be known yet while a service that may have an inventory was not listed', async () => {
    const beta = scripted('b');
    beta.methods.listPolicyUnits = failWith('UNAVAILABLE', 'refused');
    const { composite } = await startStage([remote('alpha', scripted('a')), remote('beta', beta)]);
    await expectRejection(
      composite.scoreHosts(scoreRequest(allUp), call()),
      'UNAVAILABLE',
      'these were not listed yet: beta',
    );
  });
});

describe('the inventory of a composite', () => {
  it('is that of the first member that has one', async () => {
    const { composite } = await startStage([
      remote('alpha', scripted('a')),
      knowing('beta', scripted('b'), inventoryOf().service),
    ]);
    const { hosts } = await composite.inventory.listHosts({}, call());
    expect(hosts.map(({ name }) => name)).to.deep.equal(['host-1', 'host-2', 'host-3']);
    expect((await composite.inventory.listVms({ pageSize: 10 }, call())).vms).to.deep.equal([]);
    expect((await composite.inventory.getInventory(call())).ageMs).to.equal(7);
  });

  it('is not there when no member has one', async () => {
    const { composite } = await startStage([remote('alpha', scripted('a'))]);
    await expectRejection(composite.inventory.getInventory(call()), 'UNIMPLEMENTED', 'no inventory here');
  });

  it('refuses a call that came through too many composites', async () => {
    const { composite } = await startStage([knowing('alpha', scripted('a'), inventoryOf().service)]);
    await expectRejection(composite.inventory.listHosts({}, call({ depth: 4 })), 'INVALID_ARGUMENT', 'loop');
  });

  it('is passed on through composites over gRPC', async () => {
    const inner = await startStage([knowing('alpha', scripted('a'), inventoryOf().service)]);
    const server = await startRpcServer({
      ...{ service: inner.composite, inventory: inner.composite.inventory },
      ...{ settings: serverSettings(), log: memoryLog() },
    });
    const client = createRpcClient({ target: server.address });
    try {
      const members = [{ name: 'inner', service: client, inventory: client, remote: true }];
      const composite = createComposite({ members, settings: settingsOf(), log: memoryLog() });
      composite.start();
      await composite.firstListing;
      const { scores } = await composite.scoreHosts(scoreRequest(allUp), call());
      expect(scores.map(({ hostId }) => hostId)).to.deep.equal(UP);
      composite.close();
    } finally {
      client.close();
      await server.close(0);
    }
  });
});
