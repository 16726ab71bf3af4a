import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { createHostDictionary } from '../src/decisions/host-dictionary.js';
import { openDecisionLog } from '../src/decisions/log.js';
import { encode, endOf, writeFramed } from '../src/decisions/record.js';
import type { DecidedHost, Decision } from '../src/domain/decision.js';
import { seededRandom } from '../src/simulator/seeded-random.js';
import { decisionAt, hostsNamed, uuid } from '../test/decisions/sample.js';
import { QUICK } from './measure.js';
import { quantile } from './processes.js';
import { report, type Row } from './report.js';

// The log of decisions: CPU and bytes of a decision over 10, 100 and 1,000 hosts with three units, and a year of 10,000
// decisions a day over 100 hosts: its size, the time and memory of opening it, and of listing the decisions about a VM. A VM
// is scored as often as it is filtered, one after the other. Usage: npm run bench -- decision-log [--quick] [DAYS]
const DAYS = Number(process.argv[2] ?? 0) || (QUICK ? 5 : 365);
const A_DAY = 10_000;
const DAY_MS = 24 * 60 * 60 * 1000;
const VMS = 5000;
const UNITS = ['same_os_share', 'free_memory', 'few_migrations'];
const random = seededRandom(7);
const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A decision about a VM, with scores that differ from call to call as those of a busy cluster do. */
function decision(time: number, vm: number, hosts: readonly DecidedHost[], isFilter = false): Decision {
  const units = isFilter
    ? [{ name: 'max_vms', weight: 1, accepted: Uint8Array.from(hosts, () => Number(random.below(10) > 0)) }]
    : UNITS.map((name, unit) => ({
        ...{ name, weight: unit + 1, direction: 'HIGHER_IS_BETTER' as const },
        values: hosts.map((_, host) => (host * (unit + 3) * 7 + random.below(20)) % 101),
      }));
  return decisionAt(time, {
    ...{ hosts, units, method: isFilter ? 'FILTER' : 'SCORE', selector: 'rank', rawScores: false },
    requestId: `engine-${random.uuid()}`,
    vm: { id: uuid(1_000_000 + vm), name: `vm-${vm}`, os: 'rhel_9x64', clusterId: uuid(9) },
    reasons: isFilter
      ? []
      : UNITS.map((unit) => ({ unit, hostId: hosts[0]?.id ?? '', text: '12 of 40 VMs run rhel_9x64' })),
  });
}

function encoding(hosts: number): Row {
  const all = hostsNamed(hosts);
  const decisions = Array.from({ length: 200 }, (_, n) => decision(n, n, all));
  const dictionary = createHostDictionary();
  const buffer = Buffer.allocUnsafe(64 * 1024);
  let bytes = 0;
  const run = () => {
    bytes = 0;
    for (const one of decisions) {
      const unwritten = encode({ kind: 'decision', decision: one });
      const end = endOf(unwritten, dictionary, () => undefined);
      bytes += writeFramed({ json: unwritten.json, end }, buffer, 0);
    }
  };
  for (let warm = 0; warm < 20; warm++) run();
  const rounds = Array.from({ length: 30 }, () => {
    const begin = performance.now();
    run();
    return ((performance.now() - begin) * 1000) / decisions.length;
  });
  return {
    hosts,
    'bytes a decision': bytes / decisions.length,
    'us to encode': quantile(
      rounds.toSorted((a, b) => a - b),
      0.5,
    ),
  };
}

const sizes = [10, 100, 1000].map(encoding);
const dir = mkdtempSync(join(tmpdir(), 'hostscore-bench-'));
try {
  let now = Date.parse('2026-01-01T00:00:00Z');
  const log = openDecisionLog({
    ...{
      dir,
      maxBytes: 2 ** 40,
      maxAgeMs: Infinity,
      owns: () => true,
      log: silent,
      clock: { now: () => now },
    },
  });
  const hosts = hostsNamed(100);
  const begin = performance.now();
  for (let n = 0; n < DAYS * A_DAY; n++) {
    now += DAY_MS / A_DAY;
    log.append(decision(now, Math.floor(n / 2) % VMS, hosts, n % 2 === 0));
    if (n % 1000 === 999) await log.flush();
  }
  while (readdirSync(dir).filter((name) => name.endsWith('.log')).length > 1) await setTimeout(100);
  await log.close();
  const generated = (performance.now() - begin) / 1000;
  const vms = Array.from({ length: 21 }, (_, n) => uuid(1_000_000 + ((n * 239) % VMS)));
  const read = () =>
    execFileSync(process.execPath, ['bench/decision-reader.mjs', dir, ...vms, uuid(5)], { encoding: 'utf8' });
  const found = z
    .object({
      ...{
        before: z.number(),
        openMs: z.number(),
        opened: z.number(),
        newestMs: z.number(),
        after: z.number(),
      },
      ...{ decisions: z.number(), segments: z.number(), bytes: z.number() },
      listMs: z.array(z.object({ ms: z.number(), count: z.number() })),
    })
    .parse(JSON.parse(read()));
  const lists = found.listMs.slice(0, -1).map(({ ms }) => ms);
  report('decision-log', [
    ...sizes,
    {
      ...{ hosts: 100, days: DAYS, decisions: found.decisions, segments: found.segments },
      ...{ 'MiB on disk': found.bytes / 2 ** 20, 'bytes a decision': found.bytes / found.decisions },
      ...{ 's to write': generated, 'ms to open': found.openMs },
      ...{ 'MiB before': found.before, 'MiB opened': found.opened, 'MiB after lists': found.after },
      ...{
        'ms by VM, median': quantile(
          lists.toSorted((a, b) => a - b),
          0.5,
        ),
        'ms by VM, most': Math.max(...lists),
      },
      ...{ 'ms by an unknown VM': found.listMs.at(-1)?.ms ?? 0, 'ms newest': found.newestMs },
    },
  ]);
} finally {
  rmSync(dir, { recursive: true });
}
