import { expect } from 'chai';
import type { PolicyUnitService } from '../../src/domain/contract.js';
import { createScoringService } from '../../src/scoring/service.js';
import type { BalanceRequest, BalanceUnit } from '../../src/scoring/unit.js';
import { acceptAllHosts } from '../../src/scoring/units/accept-all-hosts.js';
import { ksmSameOsScore } from '../../src/scoring/units/ksm-same-os-score.js';
import { fixtureService } from '../contract/fixture.js';
import { settle } from '../inventory/fake-time.js';
import { memoryLog } from '../support/log.js';
import { host, hostId, inventoryOf, SNAPSHOT_TIME, snapshotOf, vm, vmId } from '../support/world.js';
import {
  balance,
  costs,
  createStage,
  discover,
  faultOf,
  filters,
  hosts,
  policyUnit,
  pretend,
  reply,
  scoring,
  type Stage,
  type StageOptions,
} from './stage.js';
import { unitList } from '../support/unit-list.js';

const [H1, H2, H3, STRANGER] = [hostId(1), hostId(2), hostId(3), hostId(99)] as const;
const KSM = 'ksm_same_os_score';

/** A service whose unit proposes nothing, and shows its requests. */
const balancing = (look: (request: BalanceRequest) => undefined) => {
  const propose: BalanceUnit['propose'] = (request) => {
    look(request);
    return { explain: () => '' };
  };
  return createScoringService({
    units: [{ type: 'BALANCE', name: 'b', description: '', properties: [], propose }],
    inventory: inventoryOf(snapshotOf([host(1), host(2)], [vm(1, 'other', { on: 1 })])),
    clock: { now: () => SNAPSHOT_TIME },
    log: memoryLog(),
  });
};

for (const over of ['dispatch', 'http'] as const) {
  describe(`the twelve traps of the engine, over ${over}`, () => {
    const stages: Stage[] = [];
    afterEach(() => Promise.all(stages.splice(0).map((stage) => stage.close())));

    const stageOf = (service: PolicyUnitService, options: StageOptions = {}): Stage => {
      const stage = createStage(service, { over, ...options });
      stages.push(stage);
      return stage;
    };

    /** The native engine over the world of the behaviour suite: VM 1 scores 66 on host 1, 0 on hosts 2 and 3. */
    const native = (): Stage => stageOf(fixtureService());

    const proposing = (look: (request: BalanceRequest) => undefined): Stage => stageOf(balancing(look));

    it('1: what the engine calls a score is a cost, the lowest wins: scores 66, 0, 0 leave as 34, 100, 100', async () => {
      expect(await costs(native(), { [KSM]: 1 }, [H1, H2, H3])).to.deep.equal(
        reply([
          [H1, 34, KSM],
          [H2, 100, KSM],
          [H3, 100, KSM],
        ]),
      );
    });

    it('2: a host that is missing gets cost 0, so each one asked about is there once: unknown 99 costs 100, 1 is there once', async () => {
      expect(await costs(native(), { [KSM]: 1 }, [H1, STRANGER, H2, H1])).to.deep.equal(
        reply([
          [H1, 34, KSM],
          [STRANGER, 100, KSM],
          [H2, 100, KSM],
        ]),
      );
      const forgetful = scoring(
        { [KSM]: [80, 90] },
        { change: ({ scores, ...rest }) => ({ ...rest, scores: scores.slice(1) }) },
      );
      expect(await costs(stageOf(forgetful), { [KSM]: 1 }, [H1, H2])).to.deep.equal(
        reply([
          [H1, 100, KSM],
          [H2, 20, KSM],
        ]),
      );
      const short = scoring({ short: [80], [KSM]: [80, 90] });
      const why =
        "INTERNAL: the service's answer breaks the contract: it has 1 values, fewer than one for each host";
      expect(await costs(stageOf(short), { short: 1, [KSM]: 1 }, [H1, H2])).to.deep.equal(
        reply(
          [
            [H1, 20, KSM],
            [H2, 10, KSM],
          ],
          { short: why },
        ),
      );
    });

    it('3: rows of three are weighted by the engine, rows of two are not: 34 at factor 3, or 3 x 34 + 2 x 50 = 202', async () => {
      const asked = { [KSM]: 3, constant_50: 2 };
      expect(await costs(native(), asked, [H1])).to.deep.equal(
        reply([
          [H1, 34, KSM],
          [H1, 50, 'constant_50'],
        ]),
      );
      const summed = stageOf(fixtureService(), { rows: 'summed' });
      expect(await costs(summed, asked, [H1])).to.deep.equal(reply([[H1, 202]]));
    });

    it('4: a cost must be an int of 32 bits: 2^31 and 0.5 fail their unit, a sum of 3 x (2^31 - 1) is cut to 2^31 - 1', async () => {
      const directions = {
        big: 'LOWER_IS_BETTER',
        half: 'LOWER_IS_BETTER',
        most: 'LOWER_IS_BETTER',
      } as const;
      const service = () => scoring({ big: [2 ** 31], half: [0.5], most: [2 ** 31 - 1] }, { directions });
      const broken =
        "INTERNAL: the service's answer breaks the contract: expected an integer of 32 bits for each host, got";
      expect(await costs(stageOf(service()), { big: 1, half: 1, most: 1 }, [H1])).to.deep.equal(
        reply([[H1, 2_147_483_647, 'most']], { big: `${broken} "2147483648"`, half: `${broken} "0.5"` }),
      );
      expect(await costs(stageOf(service(), { rows: 'summed' }), { most: 3 }, [H1])).to.deep.equal(
        reply([[H1, 2_147_483_647]], {}, [
          'the sums of 1 hosts left 32 bits and were cut; use smaller factors',
        ]),
      );
    });

    it('5: discover is asked once, so a bad unit or property never spoils it, and no list at all is a fault', async () => {
      const properties = [
        { name: 'bad key', pattern: 'x', defaultValue: '', description: '' },
        { name: 'semicolon', pattern: 'a;b', defaultValue: '', description: '' },
        { name: 'good', pattern: '\\d+', defaultValue: '', description: '' },
      ];
      const listed = [
        policyUnit('a', { properties }),
        policyUnit(''),
        policyUnit('x'.repeat(129)),
        policyUnit('b'),
      ];
      const stage = stageOf(pretend({ listPolicyUnits: () => Promise.resolve(unitList(listed)) }));
      expect(await discover(stage)).to.deep.equal({
        filters: {},
        scores: { a: ['', 'good=\\d+'], b: ['', ''] },
        balance: {},
      });
      const down = stageOf(pretend({ listPolicyUnits: () => Promise.reject(new Error('secret')) }));
      expect(await faultOf(down.call('discover'))).to.include({ code: -32500 });
    });

    it('6: the scheduling lock is held, so a call ends with its budget of 1000 ms, whatever the service does', async () => {
      const stage = stageOf(pretend({ filterHosts: () => new Promise(() => undefined) }));
      const answer = filters(stage, ['f'], [H1]);
      await stage.arrived(1);
      await stage.time.advance(999);
      expect(stage.ends).to.deep.equal([]);
      await stage.time.advance(1);
      expect(await answer).to.deep.equal(
        reply([H1], { f: 'DEADLINE_EXCEEDED: no answer within the budget of 1000 ms' }, [
          'all filters failed',
        ]),
      );
      expect(await stage.ended(1)).to.deep.equal([{ method: 'runFilters', seconds: 1, outcome: 'failed' }]);
    });

    it('7: an empty filter result rejects every host, so it is sent only when a filter accepts none', async () => {
      expect(await filters(native(), ['rejects_all'], [H1, H2])).to.deep.equal(reply([]));
      const all = await filters(native(), ['throws', 'gone'], [H1, H2]);
      expect(all).to.deep.equal(
        reply(
          [H1, H2],
          {
            throws: 'INTERNAL: internal error; the log of the service has it under the request id',
            gone: "plugin not found: 'gone'",
          },
          ['all filters failed'],
        ),
      );
      expect(await filters(native(), [], [H1, H2])).to.deep.equal(reply([H1, H2]));
    });

    it('8: the result is used even when result_code is 1: a failed filter is reported and the other one counts', async () => {
      expect(await filters(native(), ['rejects_host_2', 'gone'], [H1, H2, H3])).to.deep.equal(
        reply([H1, H3], { gone: "plugin not found: 'gone'" }),
      );
      expect(await costs(native(), { gone: 1, constant_50: 1 }, [H1])).to.deep.equal(
        reply([[H1, 50, 'constant_50']], { gone: "plugin not found: 'gone'" }),
      );
    });

    it('9: a balance answer always has two elements', async () => {
      expect(await balance(native(), 'move_first', [H1, H2])).to.deep.equal(reply([vmId(1), [H2]]));
      expect(
        await balance(
          proposing(() => undefined),
          'b',
          [H1, H2],
        ),
      ).to.deep.equal(reply(['', []]));
      expect(await balance(native(), 'gone', [H1, H2])).to.deep.equal(
        reply(['', []], { gone: "plugin not found: 'gone'" }),
      );
    });

    it('10: the property map may be nil, and only UUIDs go back', async () => {
      const seen: unknown[] = [];
      const stage = proposing(({ properties }) => {
        seen.push([...properties]);
        return undefined;
      });
      expect(await balance(stage, 'b', [H1])).to.deep.equal(reply(['', []]));
      expect(seen).to.deep.equal([[]]);
      const lying = pretend({
        balanceHosts: () =>
          Promise.resolve({ migration: { vmId: 'web-1', candidateHostIds: [H1] }, snapshotTime: 0 }),
      });
      expect(await balance(stageOf(lying), 'b', [H1])).to.deep.equal(
        reply(['', []], { b: `INTERNAL: the service's answer breaks the contract: VM "web-1" is no UUID` }),
      );
    });

    it('11: only order counts inside a unit, so raw costs keep theirs and an unknown host ties with the worst', async () => {
      const directions = { raw: 'LOWER_IS_BETTER' } as const;
      const service = scoring({ raw: [7, 3, 9] }, { directions, unknown: [4] });
      expect(await costs(stageOf(service), { raw: 5 }, hosts(1, 2, 3, 4))).to.deep.equal(
        reply([
          [H1, 7, 'raw'],
          [H2, 3, 'raw'],
          [H3, 9, 'raw'],
          [hostId(4), 9, 'raw'],
        ]),
      );
    });

    it('12: old engines ask for scores only next to a filter, so there is one that accepts every host', async () => {
      const units = [ksmSameOsScore, acceptAllHosts];
      const inventory = inventoryOf(snapshotOf([host(1)], [vm(1, 'rhel_8x64', { on: 1 })]));
      const stage = stageOf(createScoringService({ units, inventory, log: memoryLog() }));
      expect(await discover(stage)).to.have.nested.property('filters.accept_all_hosts');
      expect(await filters(stage, ['accept_all_hosts'], [H1, STRANGER])).to.deep.equal(reply([H1, STRANGER]));
    });

    it('are all held against a service that hangs, without a call left open', async () => {
      const hang = () => new Promise<never>(() => undefined);
      const service = pretend({
        listPolicyUnits: hang,
        scoreHosts: hang,
        filterHosts: hang,
        balanceHosts: hang,
      });
      const stage = stageOf(service);
      const answers = Promise.all([
        costs(stage, { u: 1 }, [H1]),
        filters(stage, ['f'], [H1]),
        balance(stage, 'b', [H1]),
      ]);
      await stage.arrived(3);
      await stage.time.advance(1000);
      const late = 'DEADLINE_EXCEEDED: no answer within the budget of 1000 ms';
      expect(await answers).to.deep.equal([
        reply([], { u: late }, ['all cost functions failed']),
        reply([H1], { f: late }, ['all filters failed']),
        reply(['', []], { b: late }),
      ]);
      await settle();
      expect(stage.time.pending()).to.deep.equal([]);
      expect(service.asked.every(({ call }) => call.signal.aborted)).to.equal(true);
    });
  });
}
