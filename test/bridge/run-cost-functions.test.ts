import { expect } from 'chai';
import { SchedulingError } from '../../src/domain/errors.js';
import { hostId, vmId } from '../support/world.js';
import { costs, createStage, plain, pretend, reply, scoring } from './stage.js';

const [H1, H2, H3] = [hostId(1), hostId(2), hostId(3)] as const;
const BROKEN = "INTERNAL: the service's answer breaks the contract: ";
const BUG = 'INTERNAL: internal error; the log of the service has it under the request id';

describe('runCostFunctions', () => {
  it('asks once, with weight 1 for every unit, the hosts in lower case and once each, and explains nothing', async () => {
    const service = scoring({ a: [1, 2], b: [3, 4] });
    await costs(createStage(service), { a: 7, b: 9 }, [H2.toUpperCase(), H1, H2]);
    const asked = service.asked.filter(({ method }) => method === 'scoreHosts');
    expect(asked.map(({ request }) => request)).to.deep.equal([
      {
        vmId: vmId(1),
        hosts: [H2, H1],
        units: [
          { name: 'a', weight: 1 },
          { name: 'b', weight: 1 },
        ],
        properties: new Map(),
        assumedPlacements: [],
        explain: false,
      },
    ]);
    expect(asked[0]?.call).to.include({ requestId: 'r-1' });
  });

  it('answers rows of three in the order of units, then hosts', async () => {
    const stage = createStage(scoring({ b: [10, 20], a: [30, 40] }));
    expect(await costs(stage, { b: 1, a: 1 }, [H2, H1])).to.deep.equal(
      reply([
        [H2, 90, 'b'],
        [H1, 80, 'b'],
        [H2, 70, 'a'],
        [H1, 60, 'a'],
      ]),
    );
  });

  it('counts both factors of a unit that is named twice: (2 + 3) x (100 - 90) = 50', async () => {
    const stage = createStage(scoring({ a: [90] }), { rows: 'summed' });
    const twice = [
      ['a', 2],
      ['a', 3],
    ];
    const answer = await stage.call('runCostFunctions', twice, [H1], vmId(1), null);
    expect(plain(answer)).to.deep.equal(reply([[H1, 50]]));
  });

  it('asks nobody for no units or no hosts, since to a service that means all of them', async () => {
    const service = scoring({ a: [1] });
    const stage = createStage(service);
    expect(await costs(stage, {}, [H1])).to.deep.equal(reply([]));
    expect(await costs(stage, { a: 1 }, [])).to.deep.equal(reply([]));
    expect(service.asked).to.deep.equal([]);
    expect(stage.ends.map(({ outcome }) => outcome)).to.deep.equal(['ok', 'ok']);
  });

  it('sums only the units that answered, and reports the others', async () => {
    const failure = { code: 'UNAVAILABLE', message: 'b is\ndown' } as const;
    const stage = createStage(scoring({ a: [90], b: failure }), { rows: 'summed' });
    expect(await costs(stage, { a: 2, b: 9 }, [H1])).to.deep.equal(
      reply([[H1, 20]], { b: 'UNAVAILABLE: b is down' }),
    );
    expect(stage.failures).to.deep.equal([{ method: 'runCostFunctions', unit: 'b', code: 'UNAVAILABLE' }]);
    expect(stage.ends).to.deep.equal([
      { method: 'runCostFunctions', seconds: 0, outcome: 'partial', code: 'UNAVAILABLE' },
    ]);
    expect(await costs(stage, { b: 9 }, [H1])).to.deep.equal(
      reply([], { b: 'UNAVAILABLE: b is down' }, ['all cost functions failed']),
    );
  });

  it('fails every unit when the service rejects: NOT_FOUND is the VM then, not the unit', async () => {
    const message = `vm_id: the engine has no VM ${vmId(1)}`;
    const scoreHosts = () => Promise.reject(new SchedulingError('NOT_FOUND', message));
    const stage = createStage(pretend({ scoreHosts }));
    const text = `NOT_FOUND: ${message}`;
    expect(await costs(stage, { a: 1, b: 1 }, [H1])).to.deep.equal(
      reply([], { a: text, b: text }, ['all cost functions failed']),
    );
  });

  it('takes a NOT_FOUND of a unit that names the VM for the VM, as a composite hands it on', async () => {
    const failure = { code: 'NOT_FOUND', message: `no VM ${vmId(1).toUpperCase()}` } as const;
    expect(
      await costs(createStage(scoring({ a: failure, c: [1] })), { a: 1, b: 1, c: 1 }, [H1]),
    ).to.deep.equal(
      reply([[H1, 99, 'c']], { a: `NOT_FOUND: ${failure.message}`, b: "plugin not found: 'b'" }),
    );
  });

  it('hides what a service throws, sync or not, and logs its stack under the request id', async () => {
    for (const scoreHosts of [
      () => Promise.reject(new Error('secret')),
      () => {
        throw new Error('secret');
      },
    ]) {
      const stage = createStage(pretend({ scoreHosts }));
      expect(await costs(stage, { a: 1 }, [H1])).to.deep.equal(
        reply([], { a: BUG }, ['all cost functions failed']),
      );
      const [line] = stage.log.lines;
      expect(line).to.deep.include({ level: 'error', event: 'answer broken' });
      expect(line?.fields).to.include({ requestId: 'r-1', unit: 'a' });
      expect(line?.fields['stack']).to.match(/Error: secret\n\s+at /);
    }
  });

  const lies: readonly {
    readonly title: string;
    readonly service: ReturnType<typeof pretend>;
    readonly errors: Readonly<Record<string, string>>;
  }[] = [
    {
      title: 'a unit without values for every host, alone',
      service: scoring({ a: [1], b: [3, 4] }),
      errors: { a: 'expected 2 values, one a host, got 1' },
    },
    {
      title: 'a unit whose score is out of range, alone',
      service: scoring({ a: [1, 101], b: [3, 4] }),
      errors: { a: 'values[1]: expected an integer from 0 to 100, got "101"' },
    },
    {
      title: 'a unit that has no result, alone',
      service: scoring(
        { a: [1, 2], b: [3, 4] },
        { change: ({ unitResults, ...rest }) => ({ ...rest, unitResults: unitResults.slice(1) }) },
      ),
      errors: { a: 'it has no result of this unit' },
    },
    {
      title: 'a unit that has two results, alone; one that was not asked for counts for nothing',
      service: scoring(
        { a: [1, 2], b: [3, 4] },
        {
          change: ({ unitResults, ...rest }) => ({
            ...rest,
            unitResults: [...unitResults, { unit: 'a', value: [1, 2] }, { unit: 'c', value: [5, 6] }],
          }),
        },
      ),
      errors: { a: 'it has two results of this unit' },
    },
    {
      title: 'every unit when a host is doubled',
      service: scoring(
        { a: [1, 2], b: [3, 4] },
        { change: ({ scores, ...rest }) => ({ ...rest, scores: [...scores, ...scores] }) },
      ),
      errors: {
        a: `host "${H1}" was not asked about, or stands there twice`,
        b: `host "${H1}" was not asked about, or stands there twice`,
      },
    },
    {
      title: 'every unit when the order of hosts is another',
      service: scoring(
        { a: [1, 2], b: [3, 4] },
        { change: ({ scores, ...rest }) => ({ ...rest, scores: [...scores].reverse() }) },
      ),
      errors: {
        a: `host ${H1} is missing, or not in the order asked`,
        b: `host ${H1} is missing, or not in the order asked`,
      },
    },
    {
      title: 'every unit when a host is unknown that was not asked about',
      service: scoring(
        { a: [1, 2], b: [3, 4] },
        { change: (response) => ({ ...response, unknownHostIds: [H3] }) },
      ),
      errors: {
        a: 'among the unknown hosts is one that was not asked about, or that has a score',
        b: 'among the unknown hosts is one that was not asked about, or that has a score',
      },
    },
  ];
  for (const { title, service, errors } of lies) {
    it(`drops ${title}`, async () => {
      const broken = Object.fromEntries(Object.entries(errors).map(([unit, text]) => [unit, BROKEN + text]));
      const all = 'b' in errors;
      const rows = [
        [H1, 97, 'b'],
        [H2, 96, 'b'],
      ];
      expect(await costs(createStage(service), { a: 1, b: 1 }, [H1, H2])).to.deep.equal(
        reply(all ? [] : rows, broken, all ? ['all cost functions failed'] : []),
      );
    });
  }
});
