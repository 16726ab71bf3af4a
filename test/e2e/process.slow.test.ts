import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { z } from 'zod';
import { createRpcClient } from '../../src/rpc/client.js';
import { SIMULATOR_ACCOUNT, startSimulator, type Simulator } from '../../src/simulator/simulator.js';
import { generatedWorld } from '../../src/simulator/generated-world.js';
import { createWorld } from '../../src/simulator/world.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { runProcess, startProcess, type ProcessOutcome, type RunningProcess } from '../support/process.js';
import { FREE_PORTS, startScoring } from '../support/scoring.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { hostId, vmId } from '../support/world.js';

/** The engine is read again right after it was read. */
const RESTLESS = ['--inventory-refresh-interval', '100ms', '--inventory-event-interval', '0s'];

const PASSWORD = 'correct-horse-battery-staple';
const PACKAGE = z
  .object({ version: z.string(), engines: z.object({ node: z.string() }) })
  .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')));
const VERSION = PACKAGE.version;

/** Starting a process takes a second or two where many are started at once. */
const PATIENCE_MS = 30_000;

describe('the process', function () {
  this.timeout(PATIENCE_MS);

  let simulator: Simulator;
  const folder = temporaryFolder();
  const processes: RunningProcess[] = [];
  const closers: (() => unknown)[] = [];

  before(async () => {
    const world = createWorld({ hosts: [{ id: hostId(1) }], vms: [{ id: vmId(1), hostId: hostId(1) }] });
    simulator = await startSimulator({ world, log: memoryLog(), password: PASSWORD });
  });
  afterEach(() => {
    simulator.faults.clear();
    for (const close of closers.splice(0)) close();
    for (const { child } of processes.splice(0)) child.kill('SIGKILL');
  });
  after(async () => {
    folder.remove();
    await simulator.close();
  });

  function serve(...args: readonly string[]): RunningProcess {
    const started = startProcess(
      [
        ...['serve', ...FREE_PORTS, '--engine-url', simulator.url],
        ...['--engine-username', SIMULATOR_ACCOUNT.username, ...args],
      ],
      { HOSTSCORE_ENGINE_PASSWORD: PASSWORD },
    );
    processes.push(started);
    return started;
  }

  async function addressOf(started: RunningProcess): Promise<string> {
    const [, address = ''] = await started.written('stderr', /grpc server listening address=(\S+) /);
    await started.written('stdout', /^Scores hosts at /m);
    return address;
  }

  function clientOf(address: string) {
    const client = createRpcClient({ target: address });
    closers.push(() => client.close());
    return client;
  }

  async function watchHealth(address: string): Promise<unknown[]> {
    const client = new Client(address, credentials.createInsecure());
    const watch = healthService['Watch'];
    if (watch === undefined) throw new Error('no Watch method');
    const { path, requestSerialize, responseDeserialize } = watch;
    const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
      service: '',
    });
    const seen: unknown[] = [];
    stream.on('error', () => undefined).on('data', (status) => seen.push(status));
    closers.push(() => client.close());
    await once(stream, 'data');
    return seen;
  }

  const vmOf = (id: string) => ({
    vmId: id,
    hosts: [hostId(1)],
    units: [],
    properties: new Map<string, string>(),
    assumedPlacements: [],
    explain: false,
  });

  /** A call that has to ask the engine; gives what it rejects with. */
  function scoreUnknownVm(address: string): Promise<unknown> {
    simulator.requests.reset();
    return clientOf(address)
      .scoreHosts(vmOf(vmId(404)), call())
      .catch((error: unknown) => error);
  }

  /** Waits until that call has reached the engine. */
  const asked = () =>
    until(
      () => simulator.requests.count(`/api/vms/${vmId(404)}`),
      (count) => count > 0,
    );

  it("writes a warning of Node as a line of its log, with its stack, and not as Node's text", async () => {
    const warn = "process.on('SIGUSR2', () => process.emitWarning('of the test', 'TestWarning', 'T1'))";
    const started = startProcess(['serve', '--demo', ...FREE_PORTS, '--log-format', 'json'], {
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(warn)}`,
    });
    processes.push(started);
    await started.written('stderr', /grpc server listening/);
    started.child.kill('SIGUSR2');
    await started.written('stderr', /node warning.*\n/);
    started.child.kill('SIGTERM');
    const { stderr } = await started.ended;
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line) => z.looseObject({ message: z.string() }).parse(JSON.parse(line)));
    const warning = lines.find(({ message }) => message === 'node warning');
    expect(warning).to.include({ level: 'warn', name: 'TestWarning', code: 'T1', reason: 'of the test' });
    expect(warning?.['stack']).to.match(/^TestWarning: of the test\n\s+at /);
  });

  describe('whose output is lost', () => {
    it('because the device is full ends with exit code 1 and says so', () => {
      const command = `"${process.execPath}" --import tsx src/main.ts completion bash >/dev/full`;
      const { status, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
      expect([status, stderr]).to.deep.equal([
        1,
        "hostscore: can't write to standard output: ENOSPC: no space left on device, write\n",
      ]);
    });

    const outputs: readonly (readonly [title: string, redirection: string, code: string])[] = [
      ['is full', '>/dev/full', 'ENOSPC'],
      ['has no reader', '| true', 'EPIPE'],
    ];
    for (const [title, redirection, code] of outputs) {
      it(`serves on when its standard output ${title}, and drains at SIGTERM`, async () => {
        const file = folder.path + '/log';
        const log = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
        const script = `{ echo $BASHPID >&3; exec "$0" "$@" 2>"${file}"; } 3>"${file}.pid" ${redirection}`;
        const args = ['--import', 'tsx', 'src/main.ts', 'serve', '--demo', ...FREE_PORTS];
        const shell = spawn('bash', ['-c', script, process.execPath, ...args], {
          env: { PATH: process.env['PATH'], NODE_V8_COVERAGE: '' },
          stdio: 'ignore',
        });
        closers.push(() => shell.kill('SIGKILL'));
        await until(log, (text) => text.includes(`output lost code=${code}`));
        const [, address = ''] = /grpc server listening address=(\S+) /.exec(log()) ?? [];
        const served = Number(readFileSync(`${file}.pid`, 'utf8'));
        closers.push(() => process.kill(served, 'SIGKILL'));
        expect(await clientOf(address).health('', call())).to.equal('SERVING');
        process.kill(served, 'SIGTERM');
        await until(log, (text) => /stopping\n(.*\n)*.*stopped\n$/.test(text));
        closers.pop();
      });
    }
  });

  describe('whose log is JSON', () => {
    const JSON_LOG = { HOSTSCORE_LOG_FORMAT: 'json' };
    const fatal: readonly (readonly [
      title: string,
      args: readonly string[],
      reason: RegExp,
      code: number,
      nodeOptions?: readonly string[],
    ])[] = [
      [
        'a wrong option',
        ['serve', '--sever-listen', '127.0.0.1:0'],
        /^error: unknown option '--sever-listen'/,
        2,
      ],
      ['a wrong setting', ['serve', '--log-level', 'loud'], /^log\.level \(--log-level\): /, 2],
      ['a port in use', ['serve', '--demo', ...FREE_PORTS], /^server\.listen: .*EADDRINUSE/, 1],
      [
        'a bug',
        ['serve', '--demo', ...FREE_PORTS],
        /^Error: of the test\n\s+at /,
        1,
        ['--import', `data:text/javascript,setTimeout(()=>{throw new Error('of the test')},1500)`],
      ],
    ];
    for (const [title, args, reason, code, nodeOptions] of fatal) {
      it(`says in a line of JSON why it ends: ${title}`, async () => {
        const taken = title === 'a port in use' ? ['--server-listen', new URL(simulator.url).host] : [];
        const started = startProcess([...args, ...taken], JSON_LOG, nodeOptions);
        processes.push(started);
        const outcome = await started.ended;
        const lines = outcome.stderr
          .trimEnd()
          .split('\n')
          .map((line): unknown => JSON.parse(line));
        const last = z
          .object({ level: z.string(), message: z.string(), reason: z.string() })
          .parse(lines.at(-1));
        expect(last).to.include({ level: 'error', message: 'fatal error' });
        expect(last.reason).to.match(reason);
        expect(outcome).to.include({ stdout: '', code });
      });
    }
  });

  describe('of Node', () => {
    const cases: readonly (readonly [node: string, runs: boolean])[] = [
      ['18.20.8', false],
      ['20.18.3', false],
      ['20.19.0', true],
      ['22.0.0', true],
    ];
    for (const [node, runs] of cases) {
      it(`${node} ${runs ? 'says its version' : 'ends in one line, even for --version'}`, async () => {
        const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${node}' } })`;
        const started = startProcess(['--version'], {}, [
          ...['--import', `data:text/javascript,${encodeURIComponent(pretend)}`],
        ]);
        processes.push(started);
        expect(await started.ended).to.deep.equal(
          runs
            ? { stdout: `${VERSION}\n`, stderr: '', code: 0 }
            : { stdout: '', stderr: `hostscore: needs Node 20.19 or later; this is ${node}\n`, code: 1 },
        );
      });
    }

    it('that is too old is older than what the package asks of npm', () => {
      expect(PACKAGE.engines.node).to.equal('>=20.19.0');
    });
  });

  describe('that ends by itself', () => {
    const cases: readonly {
      readonly title: string;
      readonly args: readonly string[] | (() => readonly string[]);
      readonly variables?: Readonly<Record<string, string>>;
      readonly code: number;
      readonly stdout?: RegExp;
      readonly stderr?: RegExp;
    }[] = [
      { title: '--version', args: ['--version'], code: 0, stdout: new RegExp(`^${VERSION}\n$`) },
      {
        title: 'an unknown command',
        args: ['frobnicate'],
        code: 2,
        stderr: /^error: unknown command 'frobnicate'\n$/,
      },
      {
        title: 'a configuration with three errors: a line each',
        args: ['serve', '--shutdown-grace', '1', '--log-level', 'loud'],
        variables: { HOSTSCORE_ENGINE_URI: 'x' },
        code: 2,
        stderr:
          /^hostscore: HOSTSCORE_ENGINE_URI: unknown variable.*\nlog\.level \(--log-level\): .*\nshutdownGrace \(--shutdown-grace\): .*\n$/,
      },
      {
        title: 'a server that is not there',
        args: ['health', '--server', '127.0.0.1:1'],
        code: 1,
        stderr: /^hostscore: UNAVAILABLE: 127\.0\.0\.1:1: .*\n$/,
      },
      {
        title: 'a port in use: one line',
        args: () => [
          ...['serve', '--demo', '--log-level', 'error', ...FREE_PORTS],
          ...['--server-listen', new URL(simulator.url).host],
        ],
        code: 1,
        stderr: /^hostscore: server\.listen: .*EADDRINUSE.*\n$/,
      },
    ];
    const outcomes = new Map<string, ProcessOutcome>();
    before(async () => {
      await Promise.all(
        cases.map(async ({ title, args, variables }) => {
          const given = typeof args === 'function' ? args() : args;
          outcomes.set(title, await runProcess(given, variables));
        }),
      );
    });
    for (const { title, code, stdout = /^$/, stderr = /^$/ } of cases) {
      it(`exits ${code}: ${title}`, () => {
        const outcome = outcomes.get(title);
        expect(outcome?.stdout).to.match(stdout);
        expect(outcome?.stderr).to.match(stderr);
        expect(outcome?.code).to.equal(code);
      });
    }
  });

  it('serves until SIGTERM: answers the call in flight beside a health Watch and a bare connection, exits 0, and said nothing secret at level debug', async () => {
    const served = serve('--shutdown-grace', '10m', '--log-level', 'debug', ...RESTLESS);
    const address = await addressOf(served);
    const seen = await watchHealth(address);
    const socket = connect(Number(address.split(':')[1]), '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    closers.push(() => socket.destroy());
    simulator.sessions.dropAll();
    await served.written('stderr', /engine refreshed(.*\n)*.*engine refreshed(.*\n)*.*engine refreshed/);

    simulator.faults.set({ latency: { ms: 300, path: '/api/vms/' } });
    const inFlight = scoreUnknownVm(address);
    await asked();
    served.child.kill('SIGTERM');
    expect(await inFlight).to.include({ code: 'NOT_FOUND' });
    const { code, stdout, stderr } = await served.ended;
    expect(stderr).to.match(/stopping\n(.*\n)*.*stopped\n$/);
    expect(code).to.equal(0);
    expect(seen).to.deep.equal([{ status: 'SERVING' }, { status: 'NOT_SERVING' }]);
    expect(simulator.sessions.size()).to.equal(0);
    expect(stdout + stderr).to.not.include(PASSWORD);
    expect(stdout + stderr).to.not.match(/bearer|authorization|access_token|password/i);
  });

  it('goes on serving when nobody reads its log any more, and ends at once with 1 after a second signal', async () => {
    const served = serve(
      '--shutdown-grace',
      '10m',
      '--inventory-lookup-timeout',
      '1m',
      '--log-level',
      'debug',
    );
    const address = await addressOf(served);
    served.child.stderr.destroy();
    const client = clientOf(address);
    for (let n = 0; n < 3; n++) await client.scoreHosts(vmOf(vmId(1)), call());
    simulator.faults.set({ hang: {} });
    const inFlight = scoreUnknownVm(address);
    await asked();
    const seen = await watchHealth(address);
    served.child.kill('SIGINT');
    await until(
      () => seen.length,
      (length) => length === 2,
    );
    expect(served.child.exitCode).to.equal(null);
    // npm passes on what the terminal has sent already; that is one asking, not two.
    served.child.kill('SIGINT');
    await setTimeout(350);
    expect(served.child.exitCode).to.equal(null);
    served.child.kill('SIGINT');
    expect((await served.ended).code).to.equal(1);
    expect(await inFlight)
      .to.have.property('code')
      .that.is.oneOf(['UNAVAILABLE', 'INTERNAL', 'CANCELLED']);
  });

  it('writes a long answer whole to a slow reader, is quiet with 0 when the reader goes away, and ends when asked to while the reader is stuck', async () => {
    const world = generatedWorld({ hosts: 1000, vms: 1000, seed: 1 });
    const [vm = ''] = world.vms.keys();
    const large = await startScoring(world);
    try {
      const args = ['score', '--server', large.address, '--vm', vm, '--json'];
      const [slow, left] = [startProcess(args), startProcess(args)];
      processes.push(slow, left);
      left.child.stdout.destroy();
      slow.child.stdout.pause();
      await until(
        () => slow.child.stdout.readableLength,
        (length) => length > 0,
      );
      await setTimeout(50);
      slow.child.stdout.resume();
      const whole = await slow.ended;
      const { scores } = z.object({ scores: z.array(z.unknown()) }).parse(JSON.parse(whole.stdout));
      expect(scores).to.have.length(1000);
      expect(whole.code).to.equal(0);
      expect(await left.ended).to.deep.include({ stderr: '', code: 0 });

      const stuck = startProcess(args);
      processes.push(stuck);
      stuck.child.stdout.pause();
      await until(
        () => stuck.child.stdout.readableLength,
        (length) => length > 0,
      );
      stuck.child.kill('SIGTERM');
      await once(stuck.child, 'exit');
    } finally {
      await large.close();
    }
  });
});
