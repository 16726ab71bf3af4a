import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pluginsSection } from '../src/config/sections.js';
import { findPython } from '../src/plugins/find-python.js';
import { parsePythonLiteral } from '../src/plugins/python-literal.js';
import { startPluginHost } from '../src/plugins/host.js';

/**
 * One call through the plugin host, beside what the old proxy did for it: a `python -c` a call, whose arguments stand in
 * its source text. Of a plugin that does nothing, of one that imports a package of 300 modules, and of one that changes
 * sys.path first, so that the package can't be kept loaded. All alternate in one run, so that a busy machine slows all
 * down. Usage: npx tsx bench/plugins.ts [hosts] [calls]
 */
const [hosts = 1000, calls = 200] = process.argv.slice(2).map(Number);
const CALLERS = 8;
const MODULES = 300;

const top = mkdtempSync(join(tmpdir(), 'hostscore-bench-'));
const dir = join(top, 'plugins');
const packages = join(top, 'packages', 'large_package');
for (const path of [dir, packages]) mkdirSync(path, { recursive: true });
for (let n = 0; n < MODULES; n++) {
  const methods = Array.from({ length: 20 }, (_, m) => `    def method_${m}(self, x): return x + ${m}\n`);
  writeFileSync(join(packages, `part_${n}.py`), `import json, re\nclass Part${n}:\n${methods.join('')}`);
}
const parts = Array.from({ length: MODULES }, (_, n) => `from . import part_${n}\n`);
writeFileSync(join(packages, '__init__.py'), parts.join(''));
const unit = (name: string) =>
  `class ${name}:\n    def do_score(self, hosts, vm, args):\n        print([(host, 50) for host in hosts])\n`;
const PLUGINS = {
  nothing: '',
  large: 'import large_package\n',
  changes_path: 'import sys\nsys.path.append("/nowhere")\nimport large_package\n',
};
for (const [name, imports] of Object.entries(PLUGINS))
  writeFileSync(join(dir, `${name}.py`), imports + unit(name));
const variables = { ...process.env, PYTHONPATH: join(top, 'packages') };
const ids = Array.from({ length: hosts }, (_, n) => `aaaaaaaa-0000-4000-8000-${String(n).padStart(12, '0')}`);
const vm = 'bbbbbbbb-0000-4000-8000-000000000001';
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: console.error };
// By its real path: what stands first in PATH may be a script that looks for it.
const python = await findPython('python3', process.env);
const host = await startPluginHost({
  ...{ dir, log: quiet, settings: pluginsSection.parse({}), variables },
  signal: new AbortController().signal,
});

async function ours(name: string): Promise<void> {
  const { unitResults } = await host.scoreHosts(
    {
      vmId: vm,
      hosts: ids,
      units: [{ name, weight: 1 }],
      properties: new Map(),
      assumedPlacements: [],
      explain: false,
    },
    { requestId: 'bench', signal: new AbortController().signal, deadline: Infinity },
  );
  if (unitResults[0]?.value?.length !== hosts) throw new Error(JSON.stringify(unitResults).slice(0, 500));
}

async function old(name: string): Promise<void> {
  const list = `[${ids.map((id) => `'${id}'`).join(', ')}]`;
  const script = `import ${name}; ${name}.${name}().do_score(*(${list}, '${vm}', {}))`;
  const child = spawn(python.path, ['-c', script], {
    cwd: dir,
    env: variables,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const printed: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => printed.push(chunk));
  await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  const answer = parsePythonLiteral(Buffer.concat(printed).toString());
  if (!Array.isArray(answer) || answer.length !== hosts) throw new Error('no answer of python -c');
}

const MS_PER_TICK = 10;

/** The CPU time of this process, of its children and of theirs, as far as they have ended or live still: ms. */
function cpuMs(): number {
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = text
        .slice(text.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      const ours = Number(pid) === process.pid || fields[1] === process.pid;
      // proc(5): parent; then user and system time, its own and that of the children that it waited for.
      if (ours) ticks += fields.slice(11, 15).reduce((sum, value) => sum + value, 0);
    } catch {
      // It has ended.
    }
  }
  return ticks * MS_PER_TICK;
}

interface Figures {
  readonly cpu: number;
  readonly median: number;
  readonly p99: number;
  readonly perSecond: number;
}

async function measure(run: () => Promise<void>, count: number, callers: number): Promise<Figures> {
  const times: number[] = [];
  const begun = performance.now();
  const cpuBefore = cpuMs();
  let left = count;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (left-- > 0) {
        const start = performance.now();
        await run();
        times.push(performance.now() - start);
      }
    }),
  );
  const perSecond = (1000 * times.length) / (performance.now() - begun);
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0;
  return { median: at(0.5), p99: at(0.99), perSecond, cpu: (cpuMs() - cpuBefore) / times.length };
}

function show(title: string, { median, p99, perSecond, cpu }: Figures): void {
  console.log(
    `${title.padEnd(34)} median ${median.toFixed(1).padStart(7)} ms, p99 ${p99.toFixed(1).padStart(7)} ms, ${perSecond.toFixed(0).padStart(5)} calls/s, CPU ${cpu.toFixed(1)} ms a call`,
  );
}

try {
  for (const name of Object.keys(PLUGINS)) {
    await measure(() => ours(name), 50, 1);
    // The first also writes the compiled files that the others read.
    await measure(() => old(name), 5, 1);
    for (const callers of [1, CALLERS]) {
      // Fewer of the old ones: they take their time.
      const before = await measure(() => old(name), Math.max(20, Math.floor(calls / 10)), callers);
      const now = await measure(() => ours(name), calls, callers);
      const after = await measure(() => old(name), Math.max(20, Math.floor(calls / 10)), callers);
      const was = before.median < after.median ? before : after;
      show(`${name}: python -c, ${callers} at once`, was);
      show(`${name}: plugin host, ${callers} at once`, now);
      console.log(
        `  median: 1/${(was.median / now.median).toFixed(1)}, calls/s: ${(now.perSecond / was.perSecond).toFixed(1)} x, CPU a call: 1/${(was.cpu / now.cpu).toFixed(1)}`,
      );
    }
  }
} finally {
  await host.close();
  rmSync(top, { recursive: true });
}
