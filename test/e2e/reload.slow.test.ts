import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { createRpcClient } from '../../src/rpc/client.js';
import { call } from '../support/call.js';
import { startProcess, type RunningProcess } from '../support/process.js';
import { FREE_PORTS } from '../support/scoring.js';
import { constantService, startScoringService } from '../support/scoring-service.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { callEngineMethod } from '../support/xml-rpc.js';

/** In the world of `serve --demo`. */
const NATIVE = 'ksm_same_os_score';
const VM = 'b0000000-0000-4000-8000-000000000083';
const HOSTS = [1, 2, 3].map((n) => `a0000000-0000-4000-8000-00000000000${n}`);

/**
 * Starts a command at a terminal of its own, sends SIGHUP once it serves, then takes the terminal away. Prints the signal that ended it.
 * Arguments: the file of its log, which is there, and the command.
 */
const AT_TERMINAL = `
import os, pty, sys, time
log = sys.argv[1]
def wait_for(text):
    while text not in open(log).read():
        time.sleep(0.05)
pid, terminal = pty.fork()
if pid == 0:
    os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND), 2)
    os.execvp(sys.argv[2], sys.argv[2:])
wait_for('inventory available')
os.kill(pid, 1)
wait_for(' reloaded')
os.close(terminal)
print(os.waitpid(pid, 0)[1] & 127)
`;

describe('SIGHUP', () => {
  const folder = temporaryFolder();
  const file = `${folder.path}/hostscore.yaml`;
  const processes: RunningProcess[] = [];
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    for (const { child } of processes.splice(0)) child.kill('SIGKILL');
  });
  after(() => folder.remove());

  const serveArgs = [
    'serve',
    '--demo',
    ...FREE_PORTS,
    '--config',
    file,
    '--state-dir',
    `${folder.path}/state`,
  ];

  function start(args: readonly string[]): RunningProcess {
    const started = startProcess(args, { HOME: folder.path });
    processes.push(started);
    return started;
  }

  async function service(name: string) {
    const started = await startScoringService(constantService(name));
    closers.push(started.stop);
    return { name, target: started.target };
  }

  it('fails no call on either face through 20 reloads under load', async () => {
    const [steady, guest] = [await service('steady'), await service('guest')];
    const configs = [
      { services: [steady] },
      { services: [guest, steady], policies: { p: { scores: { steady: 2 } } } },
      { services: [{ ...steady, deadline: '900ms' }], bridge: { budget: '2s' } },
      { services: [steady], inventory: { refreshInterval: '29s' }, composite: { breakerFailures: 7 } },
    ];
    const write = (n: number) => writeFileSync(file, stringify(configs[n % configs.length]));
    write(0);
    const served = start(serveArgs);
    const [, bridge = ''] = await served.written('stderr', /bridge listening address=(\S+)/);
    const [, address = ''] = await served.written('stderr', /grpc server listening address=(\S+) /);
    await served.written('stdout', /^Scores hosts at /m);
    const client = createRpcClient({ target: address });
    closers.push(client.close);
    const units = [NATIVE, 'steady'].map((name) => ({ name, weight: 1 }));
    const request = {
      ...{ vmId: VM, hosts: HOSTS, units, properties: new Map<string, string>() },
      ...{ assumedPlacements: [], explain: false },
    };
    const faces = {
      async grpc() {
        const { unitResults } = await client.scoreHosts(request, call({ deadline: Date.now() + 10_000 }));
        return unitResults.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
      },
      async bridge() {
        const named = units.map(({ name }) => [name, 1]);
        const answer = await callEngineMethod(bridge, 'runCostFunctions', named, HOSTS, VM, new Map());
        return JSON.stringify(answer).includes('"plugin_errors":{}') ? [] : [answer];
      },
    };
    const failures: unknown[] = [];
    const answers = { grpc: 0, bridge: 0 };
    let isOver = false;
    async function repeat(face: keyof typeof faces): Promise<void> {
      while (!isOver) {
        failures.push(...(await faces[face]().catch((error: unknown) => [String(error)])));
        answers[face] += 1;
      }
    }
    const load = (['grpc', 'grpc', 'grpc', 'bridge', 'bridge'] as const).map(repeat);
    for (let n = 1; n <= 20; n++) {
      write(n);
      served.child.kill('SIGHUP');
      await served.written('stderr', new RegExp(`(?: reloaded(?: units[^\\n]*)?\\n[^]*?){${n}}`));
    }
    isOver = true;
    await Promise.all(load);
    expect(failures).to.deep.equal([]);
    expect(Math.min(answers.grpc, answers.bridge)).to.be.greaterThan(20);
    served.child.kill('SIGTERM');
    expect((await served.ended).code).to.equal(0);
  });

  it('has a service that starts read its configuration once it has started', async () => {
    writeFileSync(file, '{}');
    const served = start(serveArgs);
    await served.written('stderr', /bridge listening/);
    served.child.kill('SIGHUP');
    await served.written('stderr', / reloaded\n/);
  });

  it('ends a command that serves nothing, as ever', async () => {
    const simulator = start(['simulate', '--listen', '127.0.0.1:0']);
    await simulator.written('stdout', /A pretend engine at /);
    simulator.child.kill('SIGHUP');
    await simulator.ended;
    expect(simulator.child.signalCode).to.equal('SIGHUP');
  });

  it('of a terminal that hangs up ends a service properly, that of a person at one reloads', async () => {
    writeFileSync(file, '{}');
    const log = `${folder.path}/log`;
    writeFileSync(log, '');
    const command = [process.execPath, '--import', 'tsx', 'src/main.ts', ...serveArgs];
    const { stdout } = await promisify(execFile)('python3', ['-c', AT_TERMINAL, log, ...command]);
    expect(stdout).to.equal(`${constants.signals.SIGHUP}\n`);
    expect(readFileSync(log, 'utf8')).to.match(/ reloaded\n[^]* stopping\n[^]* stopped\n/);
  });
});
