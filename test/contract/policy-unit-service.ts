import { expect } from 'chai';
import type {
  BalanceHostsRequest,
  FilterHostsRequest,
  PolicyUnitService,
  ScoreHostsRequest,
} from '../../src/domain/contract.js';
import { call } from '../support/call.js';
import { expectRejection } from '../support/rejection.js';
import { hostId, SNAPSHOT_TIME, vmId } from '../support/world.js';

/** What a service may lack by its nature. The cases that need it are left out where the suite is told why. */
export type Capability =
  /** It knows which hosts and VMs there are, their names, where VMs run, and when it read that. */
  | 'inventory'
  /** Its units say the defaults of their properties, and what a value has to match is checked here. */
  | 'typed properties';

/** Capabilities that a service lacks, each with the reason. */
export type Without = Partial<Readonly<Record<Capability, string>>>;

/** A service under test, over the world and units of fixture.ts. */
export interface ServiceUnderTest {
  readonly service: PolicyUnitService;
  readonly close?: () => Promise<void> | void;
}

const [H1, H2, H3, H4] = [hostId(1), hostId(2), hostId(3), hostId(4)] as const;
const STRANGER = hostId(99);
const KSM = 'ksm_same_os_score';

function scoreRequest(part: Partial<ScoreHostsRequest> = {}): ScoreHostsRequest {
  return {
    vmId: vmId(1),
    hosts: [H1, H2, H3],
    units: [{ name: KSM, weight: 1 }],
    properties: new Map(),
    assumedPlacements: [],
    explain: false,
    ...part,
  };
}

function filterRequest(part: Partial<FilterHostsRequest> = {}): FilterHostsRequest {
  return { vmId: vmId(1), hosts: [H1, H2, H3], units: ['rejects_host_2'], properties: new Map(), ...part };
}

function balanceRequest(part: Partial<BalanceHostsRequest> = {}): BalanceHostsRequest {
  return { unit: 'move_first', hostIds: [H1, H2], properties: new Map(), ...part };
}

const unit = (name: string, weight = 1) => ({ name, weight });

/** What every PolicyUnitService does, whatever stands behind it. */
export function describePolicyUnitService(
  title: string,
  open: () => Promise<ServiceUnderTest> | ServiceUnderTest,
  without: Without = {},
) {
  const has = (capability: Capability | undefined) =>
    capability === undefined || without[capability] === undefined;
  const lacks = Object.entries(without).map(([capability, reason]) => ` (without ${capability}: ${reason})`);
  describe(`${title}${lacks.join('')}`, () => {
    let subject: ServiceUnderTest;
    let service: PolicyUnitService;
    before(async () => {
      subject = await open();
      service = subject.service;
    });
    after(() => subject.close?.());

    describe('listPolicyUnits', () => {
      it('lists units in a stable order, with type, properties and direction', async () => {
        const listed = await service.listPolicyUnits(call());
        const { units } = listed;
        expect(units.map(({ type, name }) => `${type} ${name}`)).to.include.members([
          `SCORE ${KSM}`,
          'FILTER accept_all_hosts',
          'FILTER throws',
          'SCORE throws',
          'BALANCE move_first',
        ]);
        expect(await service.listPolicyUnits(call())).to.deep.equal(listed);
        const ksm = units.find(({ name }) => name === KSM);
        expect(ksm?.direction).to.equal('HIGHER_IS_BETTER');
        expect(ksm?.properties.map(({ name, pattern }) => [name, pattern])).to.deep.equal([
          ['os_identity', 'configured|family|guest'],
          ['count_self', 'true|false'],
        ]);
        if (has('typed properties')) {
          expect(ksm?.properties.map(({ defaultValue }) => defaultValue)).to.deep.equal([
            'configured',
            'true',
          ]);
        }
        expect(units.find(({ type }) => type === 'FILTER')).not.to.have.property('direction');
      });
    });

    it('answers for all hosts if it says that it has an inventory, else refuses and names the remedy', async () => {
      const { hasInventory } = await service.listPolicyUnits(call());
      const scores = () => service.scoreHosts(scoreRequest({ hosts: 'ALL_UP' }), call());
      const filters = () => service.filterHosts(filterRequest({ hosts: 'ALL_UP' }), call());
      if (hasInventory) {
        expect((await scores()).scores.map(({ hostId }) => hostId)).to.deep.equal([H1, H2, H3]);
        expect((await filters()).hostIds).to.deep.equal([H1, H3]);
      }
      if (!has('inventory')) {
        expect(hasInventory).to.equal(false);
        await expectRejection(scores(), 'INVALID_ARGUMENT', 'all_hosts');
        await expectRejection(filters(), 'INVALID_ARGUMENT', 'all_hosts');
      }
    });

    describe('scoreHosts', () => {
      const cases: readonly {
        readonly title: string;
        readonly request: Partial<ScoreHostsRequest>;
        readonly scores: readonly (readonly [host: string, score: number])[];
        readonly unknown?: readonly string[];
        readonly needs?: Capability;
      }[] = [
        {
          title: 'orders scores as asked: 2 equal of 3 -> 66, none of 1 -> 0, no VMs -> 0',
          request: {},
          scores: [
            [H1, 66],
            [H2, 0],
            [H3, 0],
          ],
        },
        {
          title: 'keeps another order',
          request: { hosts: [H3, H1] },
          scores: [
            [H3, 0],
            [H1, 66],
          ],
        },
        {
          title: 'answers a host asked for twice once, where it stood first',
          request: { hosts: [H2, H1, H2, H1] },
          scores: [
            [H2, 0],
            [H1, 66],
          ],
        },
        {
          needs: 'inventory',
          title: 'leaves unknown hosts out of scores and lists each once',
          request: { hosts: [STRANGER, H1, STRANGER] },
          scores: [[H1, 66]],
          unknown: [STRANGER],
        },
        {
          needs: 'inventory',
          title: 'scores every host that is up, by name',
          request: { hosts: 'ALL_UP' },
          scores: [
            [H1, 66],
            [H2, 0],
            [H3, 0],
          ],
        },
        {
          title: 'scores a host that is not up when it is named',
          request: { hosts: [H4] },
          scores: [[H4, 100]],
        },
        { title: 'answers nothing for no hosts', request: { hosts: [] }, scores: [] },
        { title: 'scores a stopped VM', request: { vmId: vmId(90), hosts: [H1] }, scores: [[H1, 66]] },
        {
          title: 'sums weight x score: 3 x 66 + 2 x 50 = 298, 3 x 0 + 2 x 50 = 100',
          request: { hosts: [H1, H2], units: [unit(KSM, 3), unit('constant_50', 2)] },
          scores: [
            [H1, 298],
            [H2, 100],
          ],
        },
        {
          title: 'lets weight 0 count for nothing: 0 x 66 + 1 x 50 = 50',
          request: { hosts: [H1], units: [unit(KSM, 0), unit('constant_50', 1)] },
          scores: [[H1, 50]],
        },
        {
          title: 'stays within 32 bits at the largest weight: 21474836 x 66 = 1417339176',
          request: { hosts: [H1], units: [unit(KSM, 21_474_836)] },
          scores: [[H1, 1_417_339_176]],
        },
        {
          title: 'passes properties on: as family, rhel 8 and rhel 9 share the type -> 20',
          request: { hosts: [H2], properties: new Map([['os_identity', 'family']]) },
          scores: [[H2, 20]],
        },
        {
          title: 'ignores properties that no unit knows',
          request: { hosts: [H1], properties: new Map([['maximum_vm_count', 'x']]) },
          scores: [[H1, 66]],
        },
        {
          needs: 'inventory',
          title: 'assumes placements: VM 1 on host 3 and nowhere else: 1 of 2 -> 50, 1 of 1 -> 100',
          request: { hosts: [H1, H3], assumedPlacements: [{ vmId: vmId(1), hostId: H3 }] },
          scores: [
            [H1, 50],
            [H3, 100],
          ],
        },
        {
          needs: 'inventory',
          title: 'assumes a stopped VM placed: 3 equal of 4 -> 75',
          request: { hosts: [H1], assumedPlacements: [{ vmId: vmId(90), hostId: H1 }] },
          scores: [[H1, 75]],
        },
      ];
      for (const { title, request, scores, unknown = [], needs } of cases) {
        if (!has(needs)) continue;
        it(title, async () => {
          const response = await service.scoreHosts(scoreRequest(request), call());
          expect(response.scores.map(({ hostId, score }) => [hostId, score])).to.deep.equal(scores);
          expect(response.unknownHostIds).to.deep.equal(unknown);
          if (has('inventory')) expect(response.snapshotTime).to.equal(SNAPSHOT_TIME);
          expect(response).not.to.have.property('explanation');
          for (const { value, failure, direction } of response.unitResults) {
            expect(failure).to.equal(undefined);
            expect(value).to.have.length(scores.length);
            expect(direction).to.equal('HIGHER_IS_BETTER');
          }
        });
      }

      it('answers for each unit asked, in order, unweighted, failures among them as data', async () => {
        const units = [
          unit('constant_50', 7),
          unit('no_such_unit'),
          unit('throws'),
          unit('score_140'),
          unit(KSM),
        ];
        const { scores, unitResults } = await service.scoreHosts(scoreRequest({ units }), call());
        expect(unitResults.map(({ unit, value, failure }) => [unit, value ?? failure.code])).to.deep.equal([
          ['constant_50', [50, 50, 50]],
          ['no_such_unit', 'NOT_FOUND'],
          ['throws', 'INTERNAL'],
          ['score_140', 'INTERNAL'],
          [KSM, [66, 0, 0]],
        ]);
        expect(unitResults.map(({ failure }) => failure?.notFound)).to.deep.equal([
          undefined,
          'UNIT',
          undefined,
          undefined,
          undefined,
        ]);
        expect(scores.map(({ score }) => score)).to.deep.equal([7 * 50 + 66, 7 * 50, 7 * 50]);
        expect(JSON.stringify(unitResults)).not.to.include('secret of the inside');
      });

      const itChecksProperties = has('typed properties') ? it : () => undefined;
      itChecksProperties(
        'fails a unit whose property is outside its pattern, naming property, value and pattern',
        async () => {
          const properties = new Map([['os_identity', 'kernel']]);
          const units = [unit(KSM), unit('constant_50')];
          const { scores, unitResults } = await service.scoreHosts(
            scoreRequest({ hosts: [H1], units, properties }),
            call(),
          );
          expect(scores).to.deep.equal([{ hostId: H1, score: 50 }]);
          expect(unitResults[0]?.failure).to.deep.equal({
            code: 'INVALID_ARGUMENT',
            message:
              'property os_identity: got "kernel", expected a value that matches configured|family|guest',
          });
        },
      );

      it('runs every score unit with weight 1 when none is named', async () => {
        const { unitResults, scores } = await service.scoreHosts(
          scoreRequest({ hosts: [H1], units: [] }),
          call(),
        );
        const listed = (await service.listPolicyUnits(call())).units.filter(({ type }) => type === 'SCORE');
        expect(unitResults.map((result) => result.unit)).to.deep.equal(listed.map(({ name }) => name));
        expect(scores).to.deep.equal([{ hostId: H1, score: 66 + 50 }]);
      });

      const itKnowsHosts = has('inventory') ? it : () => undefined;
      itKnowsHosts('explains with names, and one reason for each unit that answered', async () => {
        const units = [unit(KSM), unit('no_such_unit'), unit('constant_50')];
        const { scores, explanation } = await service.scoreHosts(
          scoreRequest({ hosts: [H1], units, explain: true }),
          call(),
        );
        expect(scores).to.deep.equal([{ hostId: H1, score: 116 }]);
        expect(explanation?.hostName(0)).to.equal('host-0001');
        expect(explanation?.reasons(0)).to.deep.equal([
          {
            unit: KSM,
            text: '3 VMs run here: 2 with the same OS (rhel_8x64) and 0 with its type only: (100 x 2 + 20 x 0) / 3 = 66',
          },
          { unit: 'constant_50', text: 'always 50' },
        ]);
      });

      const refusals: readonly {
        readonly title: string;
        readonly request: Partial<ScoreHostsRequest>;
        readonly code: 'NOT_FOUND' | 'INVALID_ARGUMENT';
        readonly notFound?: 'VM';
        readonly text: string;
      }[] = [
        {
          title: 'a VM that the engine lacks',
          request: { vmId: vmId(77) },
          code: 'NOT_FOUND',
          notFound: 'VM',
          text: vmId(77),
        },
        {
          title: 'a placement of an unknown VM',
          request: { assumedPlacements: [{ vmId: vmId(77), hostId: H1 }] },
          code: 'INVALID_ARGUMENT',
          text: `assumed_placements[0].vm_id: the engine has no VM ${vmId(77)}`,
        },
        {
          title: 'a placement on an unknown host',
          request: {
            assumedPlacements: [
              { vmId: vmId(2), hostId: H1 },
              { vmId: vmId(3), hostId: STRANGER },
            ],
          },
          code: 'INVALID_ARGUMENT',
          text: `assumed_placements[1].host_id: the engine has no host ${STRANGER}`,
        },
      ];
      for (const { title, request, code, notFound, text } of refusals) {
        itKnowsHosts(`refuses ${title} with ${code}`, async () => {
          const error = await expectRejection(service.scoreHosts(scoreRequest(request), call()), code, text);
          expect(error.notFound).to.equal(notFound);
        });
      }
    });

    describe('filterHosts', () => {
      const cases: readonly {
        readonly title: string;
        readonly request: Partial<FilterHostsRequest>;
        readonly accepted: readonly string[];
        readonly results: readonly (readonly [unit: string, outcome: readonly string[] | string])[];
      }[] = [
        {
          title: 'keeps what the filter accepts, in the order asked, each host once',
          request: { hosts: [H3, H2, H1, H3] },
          accepted: [H3, H1],
          results: [['rejects_host_2', [H3, H1]]],
        },
        {
          title: 'intersects filters',
          request: { units: ['accept_all_hosts', 'rejects_host_2'] },
          accepted: [H1, H3],
          results: [
            ['accept_all_hosts', [H1, H2, H3]],
            ['rejects_host_2', [H1, H3]],
          ],
        },
        {
          title: 'lets a filter reject every host',
          request: { units: ['rejects_all'] },
          accepted: [],
          results: [['rejects_all', []]],
        },
        {
          title: 'lets a filter that fails reject nothing',
          request: { units: ['throws', 'no_such_unit', 'rejects_host_2'] },
          accepted: [H1, H3],
          results: [
            ['throws', 'INTERNAL'],
            ['no_such_unit', 'NOT_FOUND'],
            ['rejects_host_2', [H1, H3]],
          ],
        },
        {
          title: 'accepts a host that the inventory lacks: the engine that asks knows it',
          request: { hosts: [STRANGER, H2] },
          accepted: [STRANGER],
          results: [['rejects_host_2', [STRANGER]]],
        },
        {
          title: 'answers nothing for no hosts',
          request: { hosts: [] },
          accepted: [],
          results: [['rejects_host_2', []]],
        },
      ];
      for (const { title, request, accepted, results } of cases) {
        it(title, async () => {
          const response = await service.filterHosts(filterRequest(request), call());
          expect(response.hostIds).to.deep.equal(accepted);
          expect(
            response.unitResults.map(({ unit, value, failure }) => [unit, value ?? failure.code]),
          ).to.deep.equal(results);
          if (has('inventory')) expect(response.snapshotTime).to.equal(SNAPSHOT_TIME);
        });
      }

      it('runs every filter when none is named', async () => {
        const { unitResults } = await service.filterHosts(filterRequest({ units: [] }), call());
        const listed = (await service.listPolicyUnits(call())).units.filter(({ type }) => type === 'FILTER');
        expect(unitResults.map((result) => result.unit)).to.deep.equal(listed.map(({ name }) => name));
      });

      const itKnowsVms = has('inventory') ? it : () => undefined;
      itKnowsVms('refuses a VM that the engine lacks with NOT_FOUND', async () => {
        const request = filterRequest({ vmId: vmId(77) });
        const error = await expectRejection(service.filterHosts(request, call()), 'NOT_FOUND', vmId(77));
        expect(error.notFound).to.equal('VM');
      });

      it('says why only when asked, and only of hosts that the filter rejects', async () => {
        const units = ['rejects_host_2', 'throws'];
        const plain = await service.filterHosts(filterRequest({ units }), call());
        for (const result of plain.unitResults) expect(result).not.to.have.property('rejections');
        const { unitResults } = await service.filterHosts(filterRequest({ units, explain: true }), call());
        const [rejecting, failing] = unitResults.map(({ rejections = [] }) => rejections);
        // A service may leave out any host.
        expect([[], [H2]]).to.deep.include(rejecting?.map(({ hostId }) => hostId));
        for (const { reason } of rejecting ?? []) expect(reason).not.to.equal('');
        expect(failing).to.deep.equal([]);
      });
    });

    describe('balanceHosts', () => {
      it('proposes a VM and where it may go', async () => {
        const { migration, snapshotTime } = await service.balanceHosts(balanceRequest(), call());
        expect(migration).to.deep.equal({ vmId: vmId(1), candidateHostIds: [H2] });
        if (has('inventory')) expect(snapshotTime).to.equal(SNAPSHOT_TIME);
      });

      it('answers without a migration when there is nothing to do', async () => {
        const response = await service.balanceHosts(balanceRequest({ hostIds: [H3, H1] }), call());
        expect(response).not.to.have.property('migration');
        expect(response).not.to.have.property('explanation');
      });

      it('refuses an unknown unit with NOT_FOUND', async () => {
        const request = balanceRequest({ unit: 'no_such_unit' });
        const error = await expectRejection(
          service.balanceHosts(request, call()),
          'NOT_FOUND',
          'no_such_unit',
        );
        expect(error.notFound).to.equal('UNIT');
      });
    });

    describe('the time of a call', () => {
      it('answers CANCELLED to a caller that went away', async () => {
        await expectRejection(
          service.scoreHosts(scoreRequest(), call({ signal: AbortSignal.abort() })),
          'CANCELLED',
        );
      });

      it('answers DEADLINE_EXCEEDED past the deadline', async () => {
        await expectRejection(
          service.scoreHosts(scoreRequest(), call({ deadline: Date.now() - 1 })),
          'DEADLINE_EXCEEDED',
        );
      });
    });
  });
}
