import { expect } from 'chai';
import type {
  FilterHostsRequest,
  PolicyUnitService,
  ScoreHostsRequest,
  WeightedUnit,
} from '../../src/domain/contract.js';
import { policyHash, withCounterfactuals, withPolicies, type Policy } from '../../src/domain/policies.js';
import { call } from '../support/call.js';
import { expectRejection } from '../support/rejection.js';
import { hostId, vmId } from '../support/world.js';

const content = {
  filters: ['max_vms', 'fast_disks'],
  scores: [
    { name: 'ksm_same_os_score', weight: 2 },
    { name: 'host_memory_balance', weight: 1 },
  ],
  properties: new Map([
    ['count_self', 'true'],
    ['os_identity', 'family'],
  ]),
};

describe('policyHash', () => {
  it('is the first 12 digits of the SHA-256 of canonical JSON', () => {
    // printf '%s' '{"filters":["a"],"properties":{"10":"x","9":"\"y\""},"scores":{"u":2,"v":0}}' | sha256sum
    const hash = policyHash({
      filters: ['a'],
      scores: [
        { name: 'v', weight: 0 },
        { name: 'u', weight: 2 },
      ],
      properties: new Map([
        ['9', '"y"'],
        ['10', 'x'],
      ]),
    });
    expect(hash).to.equal('c91de27cde0b');
  });

  it('is the same however units and properties are ordered', () => {
    const { filters, scores, properties } = content;
    const turned = {
      filters: [...filters].reverse(),
      scores: [...scores].reverse(),
      properties: new Map([...properties].reverse()),
    };
    expect(policyHash(turned)).to.equal(policyHash(content));
  });

  const others: readonly (readonly [what: string, change: Partial<typeof content>])[] = [
    ['filter', { filters: ['max_vms'] }],
    ['weight', { scores: content.scores.map((unit) => ({ ...unit, weight: 1 })) }],
    ['unit', { scores: content.scores.slice(1) }],
    ['property', { properties: new Map([['count_self', 'false']]) }],
    ['kind of the units', { filters: content.scores.map(({ name }) => name), scores: [] }],
  ];
  for (const [what, change] of others) {
    it(`is another one for another ${what}`, () => {
      expect(policyHash({ ...content, ...change })).to.not.equal(policyHash(content));
    });
  }
});

describe('withPolicies', () => {
  const policies = new Map<string, Policy>([
    ['spread', { name: 'spread', ...content, hash: policyHash(content) }],
    ['weigh', { name: 'weigh', ...content, filters: [], hash: '' }],
    ['keep', { name: 'keep', ...content, scores: [], hash: '' }],
  ]);
  const asked: unknown[] = [];
  const within: PolicyUnitService = {
    listPolicyUnits: () => Promise.resolve({ units: [], problems: [], hasInventory: false }),
    scoreHosts(request) {
      asked.push(request);
      return Promise.resolve({ scores: [], unitResults: [], unknownHostIds: [] });
    },
    filterHosts(request) {
      asked.push(request);
      return Promise.resolve({ hostIds: [], unitResults: [] });
    },
    balanceHosts: () => Promise.resolve({}),
  };
  const service = withPolicies(within, policies);
  afterEach(() => asked.splice(0));

  const common = {
    vmId: vmId(1),
    hosts: [hostId(1)],
    properties: new Map([['count_self', 'false']]),
    assumedPlacements: [],
    explain: false,
  };
  const scoring = (policy?: string, units: readonly WeightedUnit[] = []): ScoreHostsRequest =>
    policy === undefined ? { ...common, units } : { ...common, units, policy };
  const filtering = (policy?: string, units: readonly string[] = []): FilterHostsRequest =>
    policy === undefined ? { ...common, units } : { ...common, units, policy };
  const merged = new Map([
    ['count_self', 'false'],
    ['os_identity', 'family'],
  ]);

  it('passes on score units and weights in place of the name; properties of the request win key by key', async () => {
    await service.scoreHosts(scoring('spread'), call());
    expect(asked).to.deep.equal([{ ...common, units: content.scores, properties: merged }]);
  });

  it('passes on filters in place of the name', async () => {
    await service.filterHosts(filtering('spread'), call());
    expect(asked).to.deep.equal([{ ...common, units: content.filters, properties: merged }]);
  });

  it('passes on a request without a name as it is', async () => {
    const [scores, filters] = [scoring(undefined, [{ name: 'a', weight: 3 }]), filtering(undefined, ['b'])];
    await service.scoreHosts(scores, call());
    await service.filterHosts(filters, call());
    expect(asked[0]).to.equal(scores);
    expect(asked[1]).to.equal(filters);
  });

  const refused: readonly (readonly [title: string, run: () => Promise<unknown>, message: string])[] = [
    [
      'a name that no policy has, naming those there are',
      () => service.scoreHosts(scoring('nope'), call()),
      'policy: there is no policy "nope"; there are "spread", "weigh", "keep"',
    ],
    [
      'any name where none is configured',
      () => withPolicies(within, new Map()).filterHosts(filtering('spread'), call()),
      'policy: there is no policy "spread"; none is configured',
    ],
    [
      'a name beside score units',
      () => service.scoreHosts(scoring('spread', [{ name: 'a', weight: 1 }]), call()),
      'policy: goes without units',
    ],
    [
      'a name beside filters',
      () => service.filterHosts(filtering('spread', ['a']), call()),
      'policy: goes without units',
    ],
    // No units would mean every unit of the service.
    [
      'to score by filters alone',
      () => service.scoreHosts(scoring('keep'), call()),
      'policy: "keep" has no score units',
    ],
    [
      'to filter by score units alone',
      () => service.filterHosts(filtering('weigh'), call()),
      'policy: "weigh" has no filters',
    ],
  ];
  for (const [title, run, message] of refused) {
    it(`refuses ${title}`, async () => {
      await expectRejection(run(), 'INVALID_ARGUMENT', message);
      expect(asked).to.deep.equal([]);
    });
  }
});

describe('withCounterfactuals', () => {
  const asked: ScoreHostsRequest[] = [];
  const within: PolicyUnitService = {
    listPolicyUnits: () => Promise.resolve({ units: [], problems: [], hasInventory: false }),
    scoreHosts(request) {
      asked.push(request);
      return Promise.resolve({
        scores: [1, 2, 3].map((n) => ({ hostId: hostId(n), score: 0 })),
        unitResults: [
          { unit: 'scores', value: [60, 50, 0], direction: 'HIGHER_IS_BETTER' },
          { unit: 'failed', failure: { code: 'UNAVAILABLE', message: 'late' } },
          { unit: 'costs', value: [900, 600, 0], direction: 'LOWER_IS_BETTER' },
        ],
        unknownHostIds: [],
      });
    },
    filterHosts: () => Promise.resolve({ hostIds: [], unitResults: [] }),
    balanceHosts: () => Promise.resolve({}),
  };
  const request: ScoreHostsRequest = {
    ...{ vmId: vmId(1), hosts: [], assumedPlacements: [], explain: false, properties: new Map() },
    units: ['scores', 'failed', 'costs'].map((name, place) => ({ name, weight: place + 1 })),
  };
  const service = withCounterfactuals(within);
  afterEach(() => asked.splice(0));

  it('says who wins with which weight, by scores 60, 50, 0 and costs 900, 600, 0 as scores 0, 33, 100', async () => {
    const { counterfactuals } = await service.scoreHosts({ ...request, counterfactuals: true }, call());
    const ranges = counterfactuals?.map(({ unit, weight, weights }) => [
      ...[unit, weight],
      ...weights.map((range) => [range.hostId, range.from, range.to]),
    ]);
    // By scores x w + costs x 3: 60w, 50w + 99, 300; 50w + 99 > 300 from 5 on, 60w >= 50w + 99 from 10 on.
    // By scores x 1 + costs x w: 60, 50 + 33w, 100w; 50 + 33w >= 60 from 1 on, 100w > 50 + 33w from 1 on.
    expect(ranges).to.deep.equal([
      ['scores', 1, [hostId(3), 0, 4], [hostId(2), 5, 9], [hostId(1), 10, Infinity]],
      ['costs', 3, [hostId(1), 0, 0], [hostId(3), 1, Infinity]],
    ]);
  });

  it('takes each unit with weight 1 when a request names none', async () => {
    const all = { ...request, units: [], counterfactuals: true };
    const { counterfactuals } = await service.scoreHosts(all, call());
    expect(counterfactuals?.map(({ weight }) => weight)).to.deep.equal([1, 1]);
  });

  it('asks the service without it, and adds nothing unless it is asked', async () => {
    await service.scoreHosts({ ...request, counterfactuals: true }, call());
    const answer = await service.scoreHosts(request, call());
    expect(asked).to.deep.equal([request, request]);
    expect(answer).not.to.have.property('counterfactuals');
  });
});
