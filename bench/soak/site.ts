import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { connect } from 'node:tls';
import { createRpcClient, type RpcClient } from '../../src/rpc/client.js';
import { generatedWorld } from '../../src/simulator/generated-world.js';
import { SIMULATOR_ACCOUNT } from '../../src/simulator/simulator.js';
import { createAuthority, type CertifiedPair } from '../../test/support/authority.js';
import { startNode, type RunningProcess } from '../../test/support/process.js';
import { freePorts } from '../../test/support/replicas.js';
import { call } from '../../test/support/call.js';
import { endWithUs } from '../processes.js';
import { controlOf } from '../simulator-control.js';

/** The processes of a site: a pretend engine, the reader of its inventory, a replica of that, and the face before both. */
export const NAMES = ['engine', 'reader', 'replica', 'face'] as const;

/** The name of a process of the site. */
export type Name = (typeof NAMES)[number];

const [HOSTS, VMS, SEED] = [12, 240, 7];

/** Time in which a process has to listen, and whatever was disturbed to be in order again, in ms: ten times what it takes. */
export const PATIENCE_MS = 40_000;

/** Pause between two moves of a VM, in ms. */
const MOVE_MS = 1000;

/** Size of the disk for the state of three processes, of which each may keep 32 MiB of decisions. */
const DISK_MIB = 128;

/** Options of Node that the image has. */
const NODE_OPTIONS = /NODE_OPTIONS="(.*)"/.exec(readFileSync('Dockerfile', 'utf8'))?.[1] ?? '';

/** Hosts that calls name, a running VM that they ask about, and another one that moves between two hosts that they do not name. */
function worldAtRest() {
  const world = generatedWorld({ hosts: HOSTS, vms: VMS, seed: SEED });
  const hosts = world.hostsByName().map(({ id }) => id);
  const [left = '', right = ''] = hosts.slice(-2);
  const running = world.vmsByName();
  return {
    hosts: hosts.slice(0, -2),
    vm: running.find(({ hostId }) => hostId === hosts[0])?.id ?? '',
    mover: { vm: running.find(({ hostId }) => hostId === left)?.id ?? '', between: [left, right] as const },
  };
}

/** A site of processes that run. */
export type Site = Awaited<ReturnType<typeof startSite>>;

/** Starts all processes, the face last; resolves when it answers. Nothing of them outlives this process. */
export async function startSite() {
  const folder = mkdtempSync(join(tmpdir(), 'hostscore-soak-'));
  process.once('exit', (code) => {
    if (code === 0) rmSync(folder, { recursive: true, force: true });
    else console.error(`Logs and configurations: ${folder}`);
  });
  const disk = mountDisk(join(folder, 'disk'));
  const [enginePort = 0, readerPort = 0, replicaPort = 0, facePort = 0, bridgePort = 0] = await freePorts(5);
  const portOf = { engine: enginePort, reader: readerPort, replica: replicaPort, face: facePort };
  const url = `http://127.0.0.1:${enginePort}/ovirt-engine`;
  const file = (name: string) => join(folder, name);
  let authority = createAuthority(folder, 'authority-1');
  let pair = writePair();
  replace('ca.pem', authority.ca);
  replace('password', SIMULATOR_ACCOUNT.password);

  /** Puts a file in the place of another at once, as tools that renew certificates do. */
  function replace(name: string, content: string): void {
    writeFileSync(file(`${name}.new`), content, { mode: 0o600 });
    renameSync(file(`${name}.new`), file(name));
  }

  /** Puts a new certificate and its key in place: what has both is taken, and nothing in between. */
  function writePair(): CertifiedPair {
    const signed = authority.sign('site');
    replace('tls.key', signed.key);
    replace('tls.pem', signed.cert);
    return signed;
  }

  const own = { tlsCertFile: file('tls.pem'), tlsKeyFile: file('tls.key') };
  const server = { ...own, tlsClientCaFile: file('ca.pem'), maxConnectionAge: '3s' };
  const client = { ...own, tlsCaFile: file('ca.pem') };
  const inventory = { relistInterval: '5s', refreshInterval: '5s' };
  const decisions = { engineMaxSize: '16MiB', grpcMaxSize: '16MiB' };
  const scorer = { bridge: { enabled: false }, ops: { enabled: false }, decisions };
  const configs: Readonly<Record<Exclude<Name, 'engine'>, object>> = {
    reader: {
      ...scorer,
      engine: {
        url,
        username: SIMULATOR_ACCOUNT.username,
        passwordFile: file('password'),
        responseTimeout: '5s',
      },
      inventory,
      server: { ...server, listen: `127.0.0.1:${readerPort}` },
    },
    replica: {
      ...scorer,
      inventory: {
        ...inventory,
        from: `127.0.0.1:${readerPort}`,
        fromTlsCaFile: client.tlsCaFile,
        fromTlsCertFile: client.tlsCertFile,
        fromTlsKeyFile: client.tlsKeyFile,
      },
      server: { ...server, listen: `127.0.0.1:${replicaPort}` },
    },
    face: {
      services: [
        { name: 'scorers', target: `ipv4:127.0.0.1:${readerPort},127.0.0.1:${replicaPort}`, ...client },
      ],
      server: { listen: `127.0.0.1:${facePort}`, maxConnectionAge: '30s' },
      bridge: { listen: `127.0.0.1:${bridgePort}` },
      ops: { enabled: false },
      decisions,
    },
  };

  /** Writes the configuration of a process; `more` is added at its top. */
  function configure(name: Exclude<Name, 'engine'>, more: object = {}): void {
    const state = { dir: join(disk.path, name) };
    mkdirSync(state.dir, { recursive: true });
    // JSON is YAML.
    replace(`${name}.yaml`, JSON.stringify({ ...configs[name], state, ...more }));
  }

  const processes = new Map<Name, RunningProcess>();
  /** What a process has logged since it was last asked. */
  const logs = new Map<Name, string>(NAMES.map((name) => [name, '']));

  function running(name: Name): RunningProcess {
    const found = processes.get(name);
    if (found === undefined) throw new Error(`the ${name} does not run`);
    return found;
  }

  /** Starts a process; resolves when it listens. */
  async function start(name: Name): Promise<void> {
    const args =
      name === 'engine'
        ? ['simulate', '--world', `${HOSTS}x${VMS}:${SEED}`, '--listen', `127.0.0.1:${enginePort}`]
        : ['serve', '--config', file(`${name}.yaml`)];
    const options = { NODE_OPTIONS, HOSTSCORE_STATE_DIR: join(disk.path, name) };
    const started = startNode(['dist/main.js', ...args], name === 'engine' ? { NODE_OPTIONS } : options);
    processes.set(name, started);
    endWithUs(started.child);
    started.child.stderr.on('data', (chunk: string) => {
      appendFileSync(file(`${name}.log`), chunk);
      logs.set(name, `${logs.get(name) ?? ''}${chunk}`);
    });
    if (name === 'engine') await started.written('stdout', /A pretend engine/);
    else await started.written('stderr', /grpc server listening/);
  }

  /** Ends a process by a signal; resolves when it has ended. Rejects when a SIGTERM does not end it in good order. */
  async function stop(name: Name, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { child, ended } = running(name);
    child.kill(signal);
    const { code, stderr } = await ended;
    if (signal === 'SIGTERM' && code !== 0)
      throw new Error(`SIGTERM ends the ${name} with ${code}: ${stderr}`);
  }

  /** Asks again and again until it is so. Rejects after {@link PATIENCE_MS}, with the words. */
  async function until(words: string, ask: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await ask())) {
      if (Date.now() > deadline) throw new Error(`not within ${PATIENCE_MS / 1000} s: ${words}`);
      await setTimeout(50);
    }
  }

  /** Calls a scorer by itself, over a connection of its own. */
  async function ask<Value>(
    name: 'reader' | 'replica',
    method: (of: RpcClient) => Promise<Value>,
  ): Promise<Value> {
    const tls = { ca: readFileSync(file('ca.pem'), 'utf8'), ...pair };
    const rpc = createRpcClient({ target: `127.0.0.1:${portOf[name]}`, tls });
    try {
      return await method(rpc);
    } finally {
      rpc.close();
    }
  }

  /** Number of running VMs by host, as a scorer has it; undefined while it has no snapshot of the last 3 s. */
  async function vmsSeenBy(name: 'reader' | 'replica'): Promise<string | undefined> {
    const soon = () => call({ deadline: Date.now() + 2000 });
    try {
      return await ask(name, async (rpc) => {
        if ((await rpc.getInventory(soon())).ageMs > 3000) return undefined;
        const { hosts } = await rpc.listHosts({}, soon());
        return hosts.map(({ id, runningVms }) => `${id} ${runningVms}`).join();
      });
    } catch {
      return undefined;
    }
  }

  configure('reader');
  configure('replica');
  configure('face');
  for (const name of NAMES) await start(name);
  const control = controlOf(url);
  const { hosts, vm, mover } = worldAtRest();
  let isResting = false;
  let turn = 0;
  const moving = setInterval(() => {
    if (isResting) return;
    turn += 1;
    // Where the engine is not there, the next move comes.
    control.migrate(mover.vm, mover.between[turn % 2] ?? '').catch(() => undefined);
  }, MOVE_MS);

  return {
    ...{ hosts, vm, bridge: `127.0.0.1:${bridgePort}`, grpc: `127.0.0.1:${facePort}`, control, disk },
    ...{ running, start, stop, replace, configure, until, ask },
    /** Returns what a process has logged since this was last called for it, and forgets it. */
    takeLog(name: Name): string {
      const text = logs.get(name) ?? '';
      logs.set(name, '');
      return text;
    },
    /** Waits until a process has logged this, since its log was last taken. */
    said: (name: Name, words: RegExp) =>
      until(`${name} says ${String(words)}`, () => words.test(logs.get(name) ?? '')),
    /** Waits until both scorers follow the engine and have its world, which rests meanwhile. */
    async inOrder(): Promise<void> {
      isResting = true;
      await until('the scorers have the world of the engine', async () => {
        const truth = await control.runningVms().catch(() => undefined);
        return (
          truth !== undefined &&
          (await vmsSeenBy('reader')) === truth &&
          (await vmsSeenBy('replica')) === truth
        );
      });
      isResting = false;
    },
    /** Puts a new certificate of the same authority in place. */
    renew: () => void (pair = writePair()),
    /** Trusts a new authority beside the old one; what is returned trusts it alone. */
    replaceAuthority(): () => void {
      const before = authority.ca;
      authority = createAuthority(folder, `authority-${Date.now()}`);
      replace('ca.pem', before + authority.ca);
      return () => replace('ca.pem', authority.ca);
    },
    /** Waits until both scorers show the certificate that is in place. */
    showsCertificate: () =>
      until('the scorers show the new certificate', async () => {
        const wanted = fingerprint(pair.cert);
        const shown = await Promise.all([readerPort, replicaPort].map((port) => certificateAt(port)));
        return shown.every((one) => one === wanted);
      }),
    async close(): Promise<void> {
      clearInterval(moving);
      for (const name of NAMES.toReversed()) await stop(name, 'SIGTERM');
      execFileSync('umount', ['--lazy', disk.path]);
    },
  };
}

/** Mounts a disk in memory that can be filled; it is gone with the last process of the namespace of mounts. */
function mountDisk(path: string) {
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', path]);
  const ballast = join(path, 'ballast');
  return {
    path,
    /** Fills it to the last byte. */
    fill(): void {
      try {
        writeFileSync(ballast, Buffer.alloc(DISK_MIB * 1024 ** 2));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    },
    free: () => rmSync(ballast),
  };
}

function fingerprint(pem: string): string {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
}

/** Returns the fingerprint of the certificate that a server shows. */
async function certificateAt(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  try {
    await once(socket, 'secureConnect');
    return createHash('sha256').update(socket.getPeerCertificate().raw).digest('hex');
  } finally {
    socket.destroy();
  }
}
