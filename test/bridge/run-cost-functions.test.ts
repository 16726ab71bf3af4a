import { expect } from 'chai';
import { MAX_ROWS } from '../../src/bridge/run-cost-functions.js';
import { FAULT_CODES, XmlRpcFault } from '../../src/bridge/xml-rpc/fault.js';
import { SchedulingError } from '../../src/domain/errors.js';
import { hostId, vmId } from '../support/world.js';
import { costs, createStage, plain, pretend, reply, scoring } from './stage.js';

const [H1, H2] = [hostId(1), hostId(2)] as const;
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

  it('asks with the same array when the engine sends the same hosts, by which a service caches', async () => {
    const service = scoring({ a: [1, 2] });
    const stage = createStage(service, { over: 'http' });
    for (const hosts of [
      [H1, H2],
      [H2, H1],
      [H1, H2],
    ]) {
      await costs(stage, { a: 1 }, hosts);
    }
    await stage.close();
    const [first, other, again] = service.asked.map(({ request }) => request);
    expect(again).to.have.property(
      'hosts',
      first !== undefined && 'hosts' in first ? first.hosts : undefined,
    );
    expect(other).to.have.deep.property('hosts', [H2, H1]);
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
    expect(stage.failures).to.deep.equal([['b', 'UNAVAILABLE']]);
    expect(stage.ends).to.deep.equal([{ method: 'runCostFunctions', seconds: 0, outcome: 'partial' }]);
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

  it('tells a unit that is not there from a VM that is not there by the field, not by words', async () => {
    const message = `no unit a, no VM ${vmId(1)}`;
    const service = scoring({
      a: { code: 'NOT_FOUND', message, notFound: 'UNIT' },
      b: { code: 'NOT_FOUND', message, notFound: 'VM' },
      c: { code: 'NOT_FOUND', message },
      d: [1],
    });
    expect(await costs(createStage(service), { a: 1, b: 1, c: 1, d: 1 }, [H1])).to.deep.equal(
      reply([[H1, 99, 'd']], {
        a: "plugin not found: 'a'",
        b: `NOT_FOUND: ${message}`,
        c: `NOT_FOUND: ${message}`,
      }),
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
      expect(line).to.deep.include({ level: 'error', event: 'answer invalid' });
      expect(line?.fields).to.include({ requestId: 'r-1', unit: 'a' });
      expect(line?.fields['stack']).to.match(/Error: secret\n\s+at /);
    }
  });

  it('fails a unit whose direction is not told, alone, since a guess would turn the order around', async () => {
    const service = scoring(
      { a: [90], b: [90] },
      {
        change: ({ unitResults, ...rest }) => ({
          ...rest,
          unitResults: unitResults.map((result) =>
            result.unit === 'a' ? { unit: 'a', value: [90] } : result,
          ),
        }),
      },
    );
    const text = `${BROKEN}direction: is missing, so its values may be scores or raw costs`;
    expect(await costs(createStage(service), { a: 1, b: 1 }, [H1])).to.deep.equal(
      reply([[H1, 10, 'b']], { a: text }),
    );
  });

  /** As many hosts and as many units, each with the score 1 everywhere. */
  const big = (hostCount: number, unitCount: number) => {
    const scores = Array.from({ length: hostCount }, () => 1);
    const units = Array.from({ length: unitCount }, (_, index) => `u${index}`);
    return {
      service: scoring(Object.fromEntries(units.map((name) => [name, scores]))),
      factors: Object.fromEntries(units.map((name) => [name, 1])),
      ids: scores.map((_, index) => hostId(index + 1)),
    };
  };

  it('answers 5 functions x 10,000 hosts = 50,000 rows', async () => {
    const { service, factors, ids } = big(10_000, 5);
    const answer = await costs(createStage(service), factors, ids);
    expect(answer).to.have.property('result').with.lengthOf(MAX_ROWS);
  });

  it('refuses 3 functions x 16,667 hosts = 50,001 rows, asks nobody and says what to do', async () => {
    const { service, factors, ids } = big(16_667, 3);
    const call = costs(createStage(service, { maxHostIds: 20_000 }), factors, ids);
    const fault = await call.catch((thrown: unknown) => thrown);
    expect(fault).to.be.instanceOf(XmlRpcFault).and.to.include({
      code: FAULT_CODES.invalidArguments,
      message:
        'runCostFunctions: 3 functions for 16667 hosts need 50001 rows, at most 50000 are sent; put fewer external units into the scheduling policy, or set bridge.rows to summed',
    });
    expect(service.asked).to.deep.equal([]);
  });

  it('sums 3 functions x 16,667 hosts, in 16,667 rows', async () => {
    const { service, factors, ids } = big(16_667, 3);
    const answer = await costs(createStage(service, { maxHostIds: 20_000, rows: 'summed' }), factors, ids);
    expect(answer).to.have.property('result').with.lengthOf(16_667);
  });

  it('fails a unit that has no result, alone', async () => {
    const service = scoring(
      { a: [1, 2], b: [3, 4] },
      { change: ({ unitResults, ...rest }) => ({ ...rest, unitResults: unitResults.slice(0, 1) }) },
    );
    expect(await costs(createStage(service), { a: 1, b: 1 }, [H1, H2])).to.deep.equal(
      reply(
        [
          [H1, 99, 'a'],
          [H2, 98, 'a'],
        ],
        { b: `${BROKEN}it has no result of this unit` },
      ),
    );
  });
});
