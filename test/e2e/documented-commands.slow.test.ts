import { expect } from 'chai';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, dirname, join, resolve } from 'node:path';
import { demoWorld } from '../../src/simulator/demo-world.js';
import { SIMULATOR_ACCOUNT, startSimulator, type Simulator } from '../../src/simulator/simulator.js';
import { blocksOf, hostscoreCommands, USER_PAGES, type DocBlock } from '../support/doc-blocks.js';
import { installPackage, INSTALL_PATIENCE_MS, type InstalledPackage } from '../support/installed-package.js';
import { memoryLog } from '../support/log.js';
import { constantService, startScoringService, type ScoringService } from '../support/scoring-service.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const ROOT = resolve(import.meta.dirname, '../..');

/** Why a block is for another machine, by what is in it. Of those, the lines of hostscore run here. */
const ELSEWHERE: readonly (readonly [contains: RegExp, reason: string])[] = [
  [/^npm (ci|install|pack|run)/, 'a clone of the repository'],
  [/^\$ /, 'a machine that has such decisions'],
  [/engine-config|systemctl|runuser|ovirt-aaa-jdbc-tool|\bdnf |\/etc\/hostscore/, 'the machine of an engine'],
  [/^podman /m, 'a machine with podman'],
  [/^docker /m, 'a machine with Docker'],
  [/HOSTSCORE_ENGINE_URL=/, 'the engine of a site'],
  [/fissix/, 'the machine of the old plugins'],
  [/python|conform --target/, 'a machine with Python; test/examples builds and runs the service'],
  [/plugins --dir|--plugins-dir/, 'a machine with Python and a folder of plugins'],
  [/--forget/, 'a service that has a unit no longer'],
];

/** Commands that end with an error here, since what they are about is elsewhere, and the words that say so. */
const FAILS_HERE: readonly (readonly [command: RegExp, words: RegExp])[] = [
  [/--forget/, /old_unit/],
  [/token create .* --file \/etc\//, /no such file|ENOENT|no folder/i],
  [/^hostscore check --plugins-dir \/etc\//, /there is no folder|no such|ENOENT|can't read/i],
  [/conform --target 127\.0\.0\.1:50061/, /can't be tried: UNAVAILABLE: .*ECONNREFUSED/],
];

/** Commands that go on until they are stopped, and what they write when they can be used. */
const SERVES: readonly (readonly [command: RegExp, logged: RegExp])[] = [
  [/^(?:\w+=\S+ )?hostscore (serve|plugins)/, /grpc server listening/],
  [/^hostscore bridge/, /bridge listening/],
  [/^hostscore simulate/, /pretend engine at/],
];

/** Words of commands that take a program which a bare machine lacks, that program, and what to call it. */
const NEEDS: readonly (readonly [word: RegExp, program: string, name: string])[] = [
  [/grpcurl/, 'go', 'Go'],
  [/^curl/m, 'curl', 'curl'],
  [/plugins/, 'python3', 'Python'],
];

/** Default ports, and the one of the simulator's page. */
const PORTS = [50051, 18781, 9180, 8080] as const;

describe('the commands of the pages, in an installed copy', function () {
  this.timeout(INSTALL_PATIENCE_MS);

  const folder = temporaryFolder();
  let installed: InstalledPackage;
  let engine: Simulator;
  let gpu: ScoringService;
  let grpcurl = '';

  before(async () => {
    installed = installPackage(folder.path);
    engine = await startSimulator({ world: demoWorld(), log: memoryLog() });
    gpu = await startScoringService(constantService('gpu_score'));
    if (isThere('go')) grpcurl = execFileSync('scripts/grpcurl.sh', { cwd: ROOT, encoding: 'utf8' }).trim();
    for (const port of PORTS) {
      if (await isTaken(port))
        throw new Error(`127.0.0.1:${port} is taken; the commands of the pages need it`);
    }
  });
  after(async () => {
    await engine.close();
    await gpu.stop();
    folder.remove();
  });

  for (const page of USER_PAGES) {
    const blocks = blocksOf(page).filter(({ language }) => language === 'sh' || language === 'console');
    if (blocks.length > 0) describe(page, () => describePage(blocks));
  }

  function describePage(blocks: readonly DocBlock[]): void {
    const place = temporaryFolder();
    const running = new Map<string, Running>();

    before(() => {
      mkdirSync(join(place.path, 'plugins'));
      const [example] = blocksOf('docs/plugins.md').filter(({ language }) => language === 'python');
      place.write('plugins/odd_hosts.py', example?.text ?? '');
    });
    after(async () => {
      for (const { stop } of running.values()) await stop();
      place.remove();
    });

    /** Runs a command as a reader would, in the shell; one that goes on is left running in place of the last of its kind. */
    async function type(command: string): Promise<void> {
      const serves = SERVES.find(([pattern]) => pattern.test(command));
      if (serves === undefined) {
        if (!/^hostscore (check|simulate)/.test(command)) await startDemo();
        await run(command);
        return;
      }
      const [pattern, logged] = serves;
      await running.get(pattern.source)?.stop();
      running.set(pattern.source, await start(command, logged));
      if (pattern === SERVES[0]?.[0])
        await until(
          () => health(),
          (code) => code === 0,
        );
    }

    async function startDemo(): Promise<void> {
      if (SERVES.slice(0, 2).every(([pattern]) => !running.has(pattern.source)))
        await type(`hostscore serve --demo --services gpu=${gpu.target}`);
    }

    function shell(command: string): ChildProcess {
      const { HOME, LANG } = process.env;
      const engineOfSite = {
        HOSTSCORE_ENGINE_URL: engine.url,
        HOSTSCORE_ENGINE_USERNAME: SIMULATOR_ACCOUNT.username,
        HOSTSCORE_ENGINE_PASSWORD: SIMULATOR_ACCOUNT.password,
      };
      return spawn('bash', ['-euo', 'pipefail', '-c', command], {
        cwd: place.path,
        // A group of its own, so that what it starts ends with it.
        detached: true,
        env: {
          ...{ HOME, LANG },
          PATH: [installed.bin, dirname(grpcurl), dirname(process.execPath), process.env['PATH']].join(
            delimiter,
          ),
          ...(/^hostscore (check|serve|bridge)/.test(command) && !command.includes('--demo')
            ? engineOfSite
            : {}),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    }

    async function run(command: string): Promise<void> {
      const child = shell(command);
      const told = outputOf(child);
      await once(child, 'close');
      const fails = FAILS_HERE.find(([pattern]) => pattern.test(command));
      if (fails === undefined) expect(child.exitCode, told()).to.equal(0);
      else {
        expect(told()).to.match(fails[1]);
        // 1 for what is not so, 2 for what can't be meant so.
        expect(child.exitCode).to.be.oneOf([1, 2]);
      }
    }

    async function health(): Promise<number | null> {
      const child = shell('hostscore health');
      outputOf(child);
      await once(child, 'close');
      return child.exitCode;
    }

    async function start(command: string, logged: RegExp): Promise<Running> {
      const child = shell(command);
      const told = outputOf(child);
      const ended = once(child, 'close');
      // A run of tests that is broken off leaves no server behind.
      const kill = () => signalGroup(child, 'SIGKILL');
      process.once('exit', kill);
      await until(told, (text) => logged.test(text) || child.exitCode !== null);
      if (child.exitCode !== null) throw new Error(`${command} ended: ${told()}`);
      return {
        async stop() {
          process.off('exit', kill);
          signalGroup(child, 'SIGTERM');
          await ended;
        },
      };
    }

    for (const block of blocks) {
      const commands = block.language === 'sh' ? [block.text.trimEnd()] : hostscoreCommands(block);
      const lacks = NEEDS.find(([word, program]) => word.test(commands.join('\n')) && !isThere(program));
      if (lacks !== undefined) {
        // The gate counts such lines.
        console.log(`skipped: ${block.page}:${block.line}, since this machine has no ${lacks[2]}`);
      } else if (block.language === 'sh') {
        it(`line ${block.line} runs as written`, async () => {
          for (const command of commands) await type(command);
        });
      } else {
        const reason = ELSEWHERE.find(([contains]) => contains.test(block.text))?.[1];
        it(`line ${block.line} is for ${String(reason)}${commands.map((line) => `; here runs: ${line}`).join('')}`, async () => {
          expect(reason, 'a reason to be of another machine').not.to.equal(undefined);
          for (const command of commands) await type(command);
        });
      }
    }
  }
});

/** A command that goes on. */
interface Running {
  readonly stop: () => Promise<void>;
}

function outputOf({ stdout, stderr }: ChildProcess): () => string {
  let told = '';
  for (const stream of [stdout, stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (told += text));
  return () => told;
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

function isThere(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined;
}

async function isTaken(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
