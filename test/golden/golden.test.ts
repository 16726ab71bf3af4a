import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { host, vm, type Case, type Sockets } from './cases.js';
import {
  argumentCases,
  balanceCases,
  costCases,
  discoverCases,
  filterCases,
  hostileCases,
  introspectionCases,
} from './engine-cases.js';
import {
  downEngineCases,
  downRpcCases,
  pluginBalanceCases,
  pluginCostCases,
  pluginFilterCases,
  pluginRpcCases,
} from './plugin-cases.js';
import { rpcCases } from './rpc-cases.js';
import { start, type Hostscore } from './processes.js';
import { masked, readRecording, writeRecording, WRITES } from './recording.js';
import { callOf, requestOf, send } from './xml-rpc.js';

const PLUGINS = join(import.meta.dirname, 'plugins');

/** Plugins need Python. */
const HAS_PYTHON =
  spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0;

/** Limits of time that no machine reaches, and no reading of the engine but the first. */
const PATIENT = `
ops: { enabled: false }
server: { listen: '127.0.0.1:0' }
# Predictions off, so that no answer depends on those before it.
bridge: { listen: '127.0.0.1:0', budget: 30s, predictions: false }
inventory: { refreshInterval: 1h, maxStaleness: 2h }
plugins: { scoreUnits: [prints_scores] }
`;

/** A service that fails is asked again each time. */
const NO_BREAKER = 'breakerFailures: 1000';

/** A service that failed once is asked no more. */
const BREAKER = 'breakerFailures: 1, breakerPause: 10m';

/** Nobody listens at this port. */
const NOBODY = '127.0.0.1:1';

interface SetUp {
  readonly name: string;
  readonly open: (processes: Processes) => Promise<Sockets>;
  /** Score units that answer when the set-up is ready; absent, nothing is waited for. */
  readonly awaited?: readonly string[];
  /** Called before its first case. */
  readonly prepare?: (processes: Processes, sockets: Sockets) => Promise<void>;
  readonly cases: readonly Case[];
}

const nativeSetUps: readonly SetUp[] = [
  {
    name: 'demo',
    open: async ({ demo }) => bothOf(await demo()),
    awaited: ['ksm_same_os_score'],
    cases: [
      ...introspectionCases,
      ...hostileCases,
      ...argumentCases,
      ...discoverCases,
      ...filterCases,
      ...costCases,
      ...balanceCases,
      ...rpcCases,
    ],
  },
  {
    name: 'bridge to nobody',
    open: async ({ run }) => bridgeOf(await run('bridge', [], composing({ gone: NOBODY }, NO_BREAKER))),
    cases: downEngineCases,
  },
];

const pluginEngineCases = [...discoverCases, ...pluginFilterCases, ...pluginCostCases, ...pluginBalanceCases];

/** In the order in which they are asked: who proposed a migration remembers it, and the last ones end a process. */
const pluginSetUps: readonly SetUp[] = [
  {
    name: 'demo with plugins',
    open: async ({ run }) => bothOf(await run('serve', ['--demo', '--plugins-dir', PLUGINS], PATIENT)),
    awaited: ['ksm_same_os_score', 'site_policy'],
    cases: [...pluginEngineCases, ...pluginRpcCases],
  },
  {
    name: 'plugins alone',
    open: async ({ member }) => grpcOf(await member()),
    cases: pluginRpcCases,
  },
  {
    name: 'demo composed with a service and with nobody',
    open: async ({ composed }) => bothOf(await composed()),
    awaited: ['ksm_same_os_score', 'site_policy'],
    cases: [...pluginEngineCases, ...pluginRpcCases],
  },
  {
    name: 'bridge',
    open: async ({ bridge }) => bridgeOf(await bridge()),
    awaited: ['ksm_same_os_score', 'site_policy'],
    cases: [...filterCases, ...costCases, ...balanceCases, ...pluginEngineCases],
  },
  ...[
    { name: 'bridge with summed rows', flags: ['--bridge-rows', 'summed'] },
    { name: 'bridge with raw scores', flags: ['--bridge-scores', 'raw'] },
    { name: 'bridge as of old', flags: ['--bridge-rows', 'summed', '--bridge-scores', 'raw'] },
  ].map(({ name, flags }): SetUp => ({
    name,
    open: async ({ demo, member, run }) => bridgeOf(await run('bridge', flags, await ofBoth(demo, member))),
    awaited: ['ksm_same_os_score', 'site_policy'],
    cases: [...costCases, ...pluginCostCases],
  })),
  {
    name: 'bridge to a service that ended',
    open: async ({ bridge }) => bridgeOf(await bridge()),
    prepare: endMember,
    cases: downEngineCases,
  },
  {
    name: 'demo composed with a service that ended',
    open: async ({ composed }) => bothOf(await composed()),
    prepare: endMember,
    cases: [...downEngineCases, ...downRpcCases],
  },
];

type Start = () => Promise<Hostscore>;

/** What set-ups share, each started once, and what starts one more. */
interface Processes {
  readonly demo: Start;
  /** A service without a bridge that has its units from plugins. */
  readonly member: Start;
  readonly composed: Start;
  readonly bridge: Start;
  readonly run: typeof start;
}

function createProcesses(): Processes & { readonly stop: () => Promise<void> } {
  const started: Promise<Hostscore>[] = [];
  const run: typeof start = (...args) => {
    const one = start(...args);
    started.push(one);
    return one;
  };
  const once = (make: Start): Start => {
    let made: Promise<Hostscore> | undefined;
    return () => (made ??= make());
  };
  const demo = once(() => run('serve', ['--demo'], PATIENT));
  const member = once(() => run('plugins', ['--dir', PLUGINS], PATIENT));
  const composed = once(async () => {
    const { grpc } = await grpcOf(await member());
    return run('serve', ['--demo'], composing({ member: grpc, gone: NOBODY }, BREAKER));
  });
  const bridge = once(async () => run('bridge', [], await ofBoth(demo, member)));
  return {
    demo,
    member,
    composed,
    bridge,
    run,
    async stop() {
      for (const one of await Promise.allSettled(started)) {
        if (one.status === 'fulfilled') await one.value.stop();
      }
    },
  };
}

async function bothOf(hostscore: Hostscore): Promise<Sockets> {
  return { bridge: await hostscore.address('bridge'), grpc: await hostscore.address('grpc') };
}

async function bridgeOf(hostscore: Hostscore): Promise<Sockets> {
  return { bridge: await hostscore.address('bridge'), grpc: '' };
}

async function grpcOf(hostscore: Hostscore): Promise<Sockets> {
  return { bridge: '', grpc: await hostscore.address('grpc') };
}

/** Returns the configuration of a composition of two services. */
async function ofBoth(demo: Start, member: Start): Promise<string> {
  const [native, plugins] = await Promise.all([demo().then(grpcOf), member().then(grpcOf)]);
  return composing({ native: native.grpc, member: plugins.grpc }, NO_BREAKER);
}

/** Returns the configuration of a composition of the services at these addresses. */
function composing(services: Readonly<Record<string, string>>, breaker: string): string {
  const listed = Object.entries(services).map(
    ([name, target]) => `  - { name: ${name}, target: '${target}', deadline: 30s }\n`,
  );
  const composite = `composite: { relistInterval: 1h, discoverBudget: 200ms, ${breaker} }\n`;
  return `${PATIENT}${composite}services:\n${listed.join('')}`;
}

/** Asks the cases of a set-up one after the other, and returns the answers by title. */
async function answersOf({ cases }: SetUp, sockets: Sockets): Promise<ReadonlyMap<string, string>> {
  const answers = new Map<string, string>();
  for (const { title, ask } of cases) answers.set(title, masked(await ask(sockets)).trim());
  return answers;
}

/** Ends the service that has the plugins, and waits until that is noticed. */
async function endMember({ member }: Processes, sockets: Sockets): Promise<void> {
  await (await member()).stop();
  await untilAnswered(sockets, ['site_policy'], 1);
}

/** Waits until the engine is answered with this result code of these score units: 1 says that one has failed. */
async function untilAnswered(
  { bridge }: Sockets,
  units: readonly string[],
  resultCode: 0 | 1,
): Promise<void> {
  const factors = units.map((unit) => [unit, 1] as const);
  const asking = requestOf(callOf('runCostFunctions', factors, [host(1)], vm(1), {}));
  const answer = `<name>result_code</name><value><int>${resultCode}</int>`;
  while (!(await send(bridge, asking)).includes(answer)) await setTimeout(50);
}

describe('golden answers', function () {
  this.timeout(60_000);

  if (!HAS_PYTHON)
    console.log('skipped: golden answers of plugins, since this machine has no Python 3.9 or later');
  const setUps = HAS_PYTHON ? [...nativeSetUps, ...pluginSetUps] : nativeSetUps;
  const processes = createProcesses();
  const answers = new Map<string, ReadonlyMap<string, string>>();

  before(async () => {
    const opened = await Promise.all(
      setUps.map(async (setUp) => ({ setUp, sockets: await setUp.open(processes) })),
    );
    for (const { setUp, sockets } of opened) {
      if (setUp.awaited !== undefined) await untilAnswered(sockets, setUp.awaited, 0);
      await setUp.prepare?.(processes, sockets);
      answers.set(setUp.name, await answersOf(setUp, sockets));
    }
    if (WRITES) for (const { name } of setUps) writeRecording(name, answers.get(name) ?? new Map());
  });
  after(() => processes.stop());

  for (const { name, cases } of setUps) {
    describe(name, () => {
      for (const { title } of cases) {
        it(title, () => {
          const recorded = readRecording(name).get(title);
          expect(recorded, 'nothing is recorded of this case; GOLDEN=write records all').to.be.a('string');
          expect(answers.get(name)?.get(title)).to.equal(recorded);
        });
      }

      it('has nothing recorded of cases that are gone', () => {
        expect([...readRecording(name).keys()]).to.deep.equal(cases.map(({ title }) => title));
      });
    });
  }
});
