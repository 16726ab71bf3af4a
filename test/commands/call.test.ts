import { expect } from 'chai';
import { Command } from 'commander';
import { PassThrough } from 'node:stream';
import { createBridge } from '../../src/bridge/bridge.js';
import type { XmlRpcTarget } from '../../src/bridge/client.js';
import { XmlRpcFault } from '../../src/bridge/xml-rpc/fault.js';
import type { XmlRpcValue } from '../../src/engine-model/value.js';
import { addCallCommand } from '../../src/commands/call.js';
import { SchedulingError } from '../../src/domain/errors.js';
import { createMetrics } from '../../src/process/metrics.js';
import { asRead } from '../bridge/stage.js';
import { fixtureService } from '../contract/fixture.js';
import { memoryLog } from '../support/log.js';
import { errorText, type ProgramOutcome } from '../support/program.js';
import { hostId, vmId } from '../support/world.js';

const [H1, H2, H3] = [hostId(1), hostId(2), hostId(3)] as const;
const VM = vmId(1);

type Answer = (method: string, params: readonly XmlRpcValue[]) => Promise<XmlRpcValue>;

/** What a command did with its client. */
interface Outcome extends ProgramOutcome {
  readonly targets: readonly XmlRpcTarget[];
}

/** Runs `hostscore call` against what answers. */
async function run(
  answer: Answer,
  args: readonly string[],
  ending = new AbortController(),
): Promise<Outcome> {
  const targets: XmlRpcTarget[] = [];
  const [stdout, stderr] = [collect(), collect()];
  const io = { stdout: stdout.stream, stderr: stderr.stream, variables: {}, signal: ending.signal };
  const program = new Command('hostscore')
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .exitOverride();
  addCallCommand(program, io, (target, method, params) => {
    targets.push(target);
    return answer(method, params);
  });
  const error: unknown = await program.parseAsync(['call', ...args], { from: 'user' }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { stdout: stdout.text(), stderr: stderr.text(), error, targets };
}

function collect(): { readonly stream: PassThrough; readonly text: () => string } {
  const stream = new PassThrough();
  let written = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (written += chunk));
  return { stream, text: () => written };
}

/** The bridge over the world of the behaviour suite. */
const bridge: Answer = async (method, params) => {
  const { dispatch } = createBridge({
    settings: {
      rows: 'perUnit',
      scores: 'asCosts',
      predictions: true,
      selector: 'rank',
      budget: 1000,
      maxHostIds: 10_000,
    },
    discoverBudgetMs: 1000,
    service: fixtureService(),
    log: memoryLog(),
    metrics: createMetrics(() => false),
  });
  const { signal } = new AbortController();
  return asRead((await dispatch(method, params, { signal, receivedAt: Date.now(), dryRun: true })).value);
};

const answers =
  (value: XmlRpcValue): Answer =>
  () =>
    Promise.resolve(value);

const struct = (members: Readonly<Record<string, XmlRpcValue>>): XmlRpcValue =>
  new Map(Object.entries(members));

describe('hostscore call', () => {
  describe('discover', () => {
    it('lists what the engine enables', async () => {
      const { stdout, error } = await run(bridge, ['discover']);
      expect(error).to.equal(undefined);
      expect(stdout).to.match(/^The engine enables \d+ units, and disables every other external one:\n/);
      expect(stdout).to.include('accept_all_hosts (filter)\n  Accepts every host.');
      expect(stdout).to.include('\n  os_identity=configured|family|guest\n  count_self=true|false\n');
      expect(stdout).to.include('move_first (balance)\n');
    });

    it('prints complaints, and fails when the engine refuses the answer', async () => {
      const skipped = struct({ scores: struct({ a: ['', 'oops'] }) });
      expect((await run(answers(skipped), ['discover'])).stdout).to.equal(
        [
          'The engine enables 0 units, and disables every other external one:',
          'beware: scores: the engine skips "a", since its properties are no key=regex;key2=regex: "oops"',
          'beware: no unit is left: the engine disables every external unit until it starts again',
          '',
        ].join('\n'),
      );
      const refused = await run(answers(struct({ weights: struct({}) })), ['discover']);
      expect(errorText(refused)).to.equal(
        'CommandError: discover: the engine throws: unknown type: "weights"; the engine takes filters, scores and balance ' +
          'only; the whole answer is lost, and every external unit stays disabled until the engine starts again',
      );
    });
  });

  describe('filters', () => {
    const asked = ['filters', '--vm', VM, '--host', H1, '--host', H2];

    it('tells which hosts are left', async () => {
      const { stdout, error } = await run(bridge, [...asked, '--unit', 'rejects_host_2', '--unit', 'gone']);
      expect(error).to.equal(undefined);
      expect(stdout).to.equal(`keeps    ${H1}\nrejects  ${H2}\nevent: gone: plugin not found: 'gone'\n`);
    });

    it('tells when none is', async () => {
      const { stdout } = await run(bridge, [...asked, '--host', H1, '--unit', 'rejects_all']);
      expect(stdout).to.equal(
        `rejects  ${H1}\nrejects  ${H2}\nNo host is left, so the VM does not start or migrate.\n`,
      );
    });

    it('sends what the engine sends', async () => {
      const sent: unknown[] = [];
      const answer: Answer = (method, params) => {
        sent.push([method, params]);
        return Promise.resolve([H1]);
      };
      await run(answer, [...asked, '--unit', 'a=b', '--property', 'k=v=w']);
      expect(sent.slice(0, 1)).to.deep.equal([
        ['runFilters', [['a=b'], [H1, H2], VM, new Map([['k', 'v=w']])]],
      ]);
    });

    it('warns of a property that no unit reads, by what discover says', async () => {
      const property = ['--property', 'os_identty=family'];
      const { stderr, error } = await run(bridge, [
        ...['costs', '--vm', VM, '--host', H1, '--unit', 'ksm_same_os_score', ...property],
      ]);
      expect(error).to.equal(undefined);
      expect(stderr).to.match(
        /^warning: --property: no unit that was asked reads os_identty; they read: os_identity.*; it is ignored\n/,
      );
    });

    it('fails for a fault, and says that the engine fails open', async () => {
      const answer = () => Promise.reject(new XmlRpcFault(-32601, 'no such method'));
      const outcome = await run(answer, [...asked, '--unit', 'a']);
      expect(errorText(outcome)).to.equal(
        'CommandError: runFilters: fault -32601: no such method; the engine fails open and keeps every host (event 9920)',
      );
    });

    it('fails when nobody answers, with the words of the client', async () => {
      const answer = () => Promise.reject(new Error('http://127.0.0.1:1/ refuses connections'));
      const outcome = await run(answer, [
        ...asked,
        '--unit',
        'a',
        '--url',
        'http://127.0.0.1:1/',
        '--timeout',
        '7ms',
      ]);
      expect(errorText(outcome)).to.match(
        /^CommandError: runFilters: http:\/\/127\.0\.0\.1:1\/ refuses connections; /,
      );
      expect(outcome.targets[0]).to.include({ url: 'http://127.0.0.1:1/', timeoutMs: 7 });
    });

    it('passes on that it was asked to end', async () => {
      const ending = new AbortController();
      const answer = () => {
        ending.abort();
        return Promise.reject(new DOMException('aborted', 'AbortError'));
      };
      const outcome = await run(answer, [...asked, '--unit', 'a'], ending);
      expect(outcome.error).to.be.instanceOf(DOMException);
    });
  });

  describe('costs', () => {
    const asked = ['costs', '--vm', VM, '--host', H1, '--host', H2, '--host', H3];
    const units = ['--unit', 'ksm_same_os_score=3', '--unit', 'constant_50'];

    it('prints hosts by units, and whom the selectors pick: 3 x 2 + 2 = 8, 3 x 34 + 50 = 152', async () => {
      const { stdout, error } = await run(bridge, [...asked, ...units, '--unit', 'gone=2']);
      expect(error).to.equal(undefined);
      expect(stdout.split('\n')).to.deep.equal([
        'costs as the engine gets them, the lowest is best; then its sums over factors',
        `${'host'.padEnd(36)}  ksm_same_os_score x3  constant_50 x1  ranks  costs`,
        `${H1}                    34              50      8    152`,
        `${H2}                   100              50      5    350`,
        `${H3}                   100              50      5    350`,
        '',
        `RankSelector picks ${H1}: 8 (sum of factor x rank, highest wins)`,
        `BasicWeighting picks ${H1}: 152 (sum of factor x cost, lowest wins)`,
        "The engine's own units add to these sums.",
        "event: gone: plugin not found: 'gone'",
        '',
      ]);
    });

    it('prints ties, rows of two and hosts that are missing', async () => {
      const rows = [
        [H1, 5],
        [H2, 5],
      ];
      const { stdout } = await run(answers(rows), [...asked, '--unit', 'a']);
      expect(stdout.split('\n').slice(0, 10)).to.deep.equal([
        'costs as the engine gets them, the lowest is best; then its sums over factors',
        `${'host'.padEnd(36)}  (no unit) x1  ranks  costs`,
        `${H1}             5      1      5`,
        `${H2}             5      1      5`,
        `${H3}             -      2      -`,
        '',
        `RankSelector picks ${H3}: 2 (sum of factor x rank, highest wins)`,
        `BasicWeighting picks any of 2 hosts that tie at 5 (sum of factor x cost, lowest wins): ${H1}, ${H2}`,
        "The engine's own units add to these sums.",
        'beware: the answer is a bare array, the old format: errors can not be told in it',
      ]);
      expect(stdout).to.include(
        `beware: host ${H3} is missing from the rows under no unit: the engine gives it cost 0`,
      );
    });

    it('says so when there are none', async () => {
      const { stdout } = await run(bridge, [...asked, '--unit', 'gone']);
      expect(stdout).to.match(/^No external costs: the engine's own units decide alone\.\nevent: /);
    });

    it('fails when the engine would throw', async () => {
      const outcome = await run(answers([[H1, { kind: 'double', value: 34 }]]), [...asked, ...units]);
      expect(errorText(outcome)).to.match(
        /^CommandError: runCostFunctions: the engine throws: ClassCastException: /,
      );
    });

    it('prints JSON', async () => {
      const { stdout } = await run(bridge, ['costs', '--vm', VM, '--host', H1, ...units, '--json']);
      expect(JSON.parse(stdout)).to.deep.equal({
        outcome: {
          costs: [
            { hostId: H1, cost: 34, unit: 'ksm_same_os_score' },
            { hostId: H1, cost: 50, unit: 'constant_50' },
          ],
        },
        rankSelector: { winners: [H1], totals: { [H1]: 0 } },
        basicWeighting: { winners: [H1], totals: { [H1]: 152 } },
        events: [],
        complaints: [],
      });
    });

    it('prints JSON of what throws, and of what does not answer', async () => {
      const thrown = await run(answers(struct({})), [...asked, ...units, '--json']);
      expect(JSON.parse(thrown.stdout))
        .to.have.property('exception')
        .that.matches(/^NullPointerException: result_code/);
      expect(errorText(thrown)).to.match(/^CommandError: /);
      const down = await run(() => Promise.reject(new Error('down')), [...asked, ...units, '--json']);
      expect(JSON.parse(down.stdout)).to.deep.equal({
        failure: 'down',
        engine: 'the engine goes on without external costs (event 9920)',
      });
    });
  });

  describe('balance', () => {
    const asked = ['balance', '--host', H1, '--host', H2];

    it('prints the migration', async () => {
      const { stdout } = await run(bridge, [...asked, '--unit', 'move_first']);
      expect(stdout).to.equal(`The engine migrates VM ${VM} to the best of:\n  ${H2}\n`);
    });

    it('prints that there is nothing to do, and sends nil for no properties', async () => {
      const sent: unknown[] = [];
      const answer: Answer = (_, params) => {
        sent.push(params);
        return Promise.resolve(struct({ result_code: 0, result: ['', []] }));
      };
      expect((await run(answer, [...asked, '--unit', 'b'])).stdout).to.equal('The engine does nothing.\n');
      expect(sent).to.deep.equal([['b', [H1, H2], null]]);
    });

    it('fails for the empty array of the old proxy', async () => {
      const outcome = await run(answers([]), [...asked, '--unit', 'b']);
      expect(errorText(outcome)).to.match(/ArrayIndexOutOfBoundsException/);
    });
  });

  describe('what a foreign server says', () => {
    const ESC = '\u001b[31m\u009b2J\u202e\r\nx';
    const SHOWN = '\ufffd[31m\ufffd2J\ufffd\ufffd\ufffdx';
    const asked = ['--vm', VM, '--host', H1, '--unit', 'a'];
    const failing = struct({
      result_code: 1,
      result: [],
      plugin_errors: struct({ [ESC]: [ESC] }),
      errors: [ESC],
    });
    const discovered = struct({
      scores: struct({ [ESC]: [ESC, `k=${ESC}`] }),
      filters: struct({ [ESC]: ['', ESC] }),
    });
    const cases: readonly (readonly [title: string, args: readonly string[], answer: Answer])[] = [
      ['names, descriptions and properties', ['discover'], answers(discovered)],
      ['a type that is unknown', ['discover'], answers(struct({ [ESC]: struct({}) }))],
      ['an entry that is wrong', ['discover'], answers(struct({ scores: struct({ [ESC]: [ESC, 1n] }) }))],
      ['errors', ['filters', ...asked], answers(failing)],
      [
        'errors of a wrong type',
        ['filters', ...asked],
        answers(struct({ result_code: 1, plugin_errors: struct({ [ESC]: ESC }) })),
      ],
      ['units of costs', ['costs', ...asked], answers([[H1, 1, ESC]])],
      ['ids', ['balance', '--host', H1, '--unit', 'a'], answers([ESC, [ESC]])],
      ['a fault', ['discover'], () => Promise.reject(new XmlRpcFault(1, ESC))],
      ['a failure', ['discover'], () => Promise.reject(new Error(ESC))],
    ];
    for (const [title, args, answer] of cases) {
      it(`does not reach the terminal: ${title}`, async () => {
        for (const json of [[], ['--json']]) {
          const { stdout, stderr, error } = await run(answer, [...args, ...json]);
          const written = `${stdout}${stderr}${error instanceof Error ? error.message : ''}`;
          expect(written.length).to.be.greaterThan(0);
          expect(written.replaceAll('\n', '')).to.not.match(/[\p{Cc}\u2028-\u202e]/u);
          if (json.length > 0 && stdout !== '') expect(() => void JSON.parse(stdout)).not.to.throw();
        }
      });
    }

    it('is shown without what a terminal obeys, and whole in JSON', async () => {
      expect((await run(answers(discovered), ['discover'])).stdout).to.include(
        `\n${SHOWN} (cost function)\n  ${SHOWN}\n  k=${SHOWN}\n`,
      );
      const json: unknown = JSON.parse((await run(answers(discovered), ['discover', '--json'])).stdout);
      expect(json).to.have.nested.property('outcome.enabled[0].name', ESC);
    });

    it('may be very much: 200,000 units', async () => {
      const many = struct({
        scores: new Map(Array.from({ length: 200_000 }, (_, n) => [`u${n}`, ['', '']])),
      });
      expect((await run(answers(many), ['discover'])).stdout).to.match(/^The engine enables 200000 units/);
    });

    it('may be very much: costs of 130,000 hosts', async () => {
      const rows = Array.from({ length: 130_000 }, (_, n) => [hostId(n), 1]);
      expect((await run(answers(rows), ['costs', ...asked])).stdout).to.include(
        'BasicWeighting picks any of 130000 hosts',
      );
    }).timeout(20_000);
  });

  it('waits as long as the engine does by default, 120,000 ms', async () => {
    const commands = [
      ['discover'],
      ['filters', '--vm', VM, '--host', H1, '--unit', 'a'],
      ['costs', '--vm', VM, '--host', H1, '--unit', 'a'],
      ['balance', '--host', H1, '--unit', 'a'],
    ];
    for (const args of commands) {
      expect((await run(bridge, args)).targets).to.have.nested.property('[0].timeoutMs', 120_000);
    }
  });

  const lateness: readonly (readonly [timeout: string, text: string])[] = [
    [
      '50ms',
      'late; the engine would still wait, 2m in all by default (ExternalSchedulerResponseTimeout), and after that the engine fails open and keeps every host (event 9920)',
    ],
    ['2m', 'late; the engine fails open and keeps every host (event 9920)'],
  ];
  for (const [timeout, text] of lateness) {
    it(`says of no answer in ${timeout}: ${text.slice(0, 40)}`, async () => {
      const answer = () => Promise.reject(new SchedulingError('DEADLINE_EXCEEDED', 'late'));
      const args = ['filters', '--vm', VM, '--host', H1, '--unit', 'a', '--timeout', timeout];
      expect(errorText(await run(answer, args))).to.equal(`CommandError: runFilters: ${text}`);
    });
  }

  const explained: readonly (readonly [args: readonly string[], text: RegExp])[] = [
    [['balance', '--unit', 'a'], /required option '--host <name\|id>' not specified/],
    [
      ['filters', '--host', H1, '--unit', 'a'],
      /required option '--vm <name\|id>' not specified; "hostscore vms" lists the VMs/,
    ],
    [['filters', '--host', H1, '--vm', VM], /required option '--unit <name>' not specified/],
    [['costs', '--host', H1, '--vm', VM, '--unit', 'a=x'], /expected NAME or NAME=WEIGHT/],
    [['balance', '--host', H1, '--unit', 'a', '--property', 'k'], /expected KEY=VALUE/],
    [['discover', '--timeout', '0s'], /expected a duration such as 500ms, 30s or 5m, from 1ms to 24h/],
  ];
  for (const [args, text] of explained) {
    it(`explains ${args.slice(0, 5).join(' ')}`, async () => {
      const { stderr, targets } = await run(bridge, args);
      expect(stderr).to.match(text);
      expect(targets).to.deep.equal([]);
    });
  }
});
