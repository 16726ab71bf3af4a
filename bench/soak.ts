// A site under steady load while production happens to it: restarts, renewals, reloads, faults of the engine, a full disk.
// Ends with exit code 1 when a call is lost, something is not in order again, or memory or descriptors grow.
// Usage: npm run soak -- [minutes, 10 by default] [part of the names of the events, all by default]
import { setTimeout } from 'node:timers/promises';
import { eventsOf, type Event } from './soak/events.js';
import { startLoad, type Tally } from './soak/load.js';
import { MOST_DESCRIPTORS_A_MINUTE, MOST_MIB_A_MINUTE, startSamples, type Trend } from './soak/samples.js';
import { startSite } from './soak/site.js';

const [minutes, wanted = ''] = [Number(process.argv[2] ?? 10), process.argv[3]];
if (!(minutes > 0)) throw new Error(`minutes: expected a number above 0, got ${process.argv[2]}`);

/** Shortest run whose second half says something on growth: a process of Node takes a minute or two to its size. */
const JUDGED_MINUTES = 8;

/** Shortest time for which an event lasts, in ms: that of a few questions for events. */
const LEAST_MS = 1500;

const site = await startSite();
await site.inOrder();
const load = await startLoad(site);
const samples = startSamples((name) => site.running(name).child.pid);

/** An event that took place: calls meanwhile, and how long it took until all was in order after it. */
interface Happened {
  readonly name: string;
  readonly tally: Tally;
  readonly orderMs: number;
}

const happened: Happened[] = [];
const failures: string[] = [];

/** Lets an event happen within a time, as far as it can, and waits until all is in order. */
async function happen({ name, start, undo }: Event, ms: number): Promise<void> {
  const end = Date.now() + ms;
  load.begin(name);
  for (const process of ['reader', 'replica', 'face', 'engine'] as const) site.takeLog(process);
  let undone = Date.now();
  try {
    await start();
    if (undo !== undefined) await setTimeout(Math.max(LEAST_MS, (end - Date.now()) / 2));
    undone = Date.now();
    await undo?.();
    await site.inOrder();
  } catch (error) {
    failures.push(`${name}: ${String(error)}`);
    await undo?.().catch(() => undefined);
  }
  const orderMs = Date.now() - undone;
  await setTimeout(Math.max(0, end - Date.now()));
  const tally = load.begin('between');
  happened.push({ name, tally, orderMs });
  const { answered, refused, lost, slowestMs } = tally;
  console.error(
    `${name}: ${answered} answered, ${refused} refused, ${lost} lost; slowest ${slowestMs} ms; in order after ${orderMs} ms`,
  );
}

const events = eventsOf(site, load).filter(({ name }) => name.includes(wanted));
const calm = events.filter(({ restarts }) => restarts !== true);
const begun = Date.now();
const halfMs = (minutes * 60_000) / 2;
const isJudged = minutes >= JUDGED_MINUTES;
// In the second half nothing is started anew, so that growth is that of processes which run on.
for (const event of events) await happen(event, (isJudged ? halfMs : 2 * halfMs) / events.length);
const middle = isJudged ? Date.now() : begun;
if (isJudged) {
  const leftMs = Math.max(0, begun + 2 * halfMs - Date.now());
  for (const event of calm) await happen(event, leftMs / calm.length);
}
const growth = samples.since(middle);
samples.stop();
await load.stop();
await site.close().catch((error: unknown) => failures.push(String(error)));

const row = (...cells: readonly (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);
row('event', 'times', 'answered', 'no face', 'lost', 'slowest ms', 'in order after ms');
row(...Array.from({ length: 7 }, () => '---'));
for (const { name } of events) {
  const all = happened.filter((one) => one.name === name);
  const sum = (of: (one: Tally) => number) => all.reduce((total, { tally }) => total + of(tally), 0);
  row(
    ...[
      name,
      all.length,
      sum(({ answered }) => answered),
      sum(({ refused }) => refused),
      sum(({ lost }) => lost),
    ],
    ...[Math.max(...all.map(({ tally }) => tally.slowestMs)), Math.max(...all.map(({ orderMs }) => orderMs))],
  );
}
console.log();
row('process', 'MiB', 'highest', 'MiB/min', 'descriptors', 'highest', 'descriptors/min');
row(...Array.from({ length: 7 }, () => '---'));
for (const { name, mib, descriptors } of growth) {
  const cells = ({ last, highest, aMinute }: Trend) =>
    [last, highest, aMinute].map((value) => value.toFixed(1));
  row(name, ...cells(mib), ...cells(descriptors));
  if (!isJudged) continue;
  if (mib.aMinute > MOST_MIB_A_MINUTE)
    failures.push(`${name}: memory grows by ${mib.aMinute.toFixed(1)} MiB a minute`);
  if (descriptors.aMinute > MOST_DESCRIPTORS_A_MINUTE) {
    failures.push(`${name}: descriptors grow by ${descriptors.aMinute.toFixed(1)} a minute`);
  }
}
console.log();
const half = isJudged ? 'second half' : `whole run; not judged below ${JUDGED_MINUTES} minutes`;
console.log(
  `Growth by least squares over the ${half}: at most ${MOST_MIB_A_MINUTE} MiB and ${MOST_DESCRIPTORS_A_MINUTE} descriptors a minute.`,
);
for (const { at, event, method, reason } of load.lost.slice(0, 10)) {
  console.log(`lost: ${at.toISOString()} ${event}: ${method}: ${reason}`);
}
if (load.lost.length > 0) failures.push(`${load.lost.length} calls lost`);
for (const failure of failures) console.log(`failed: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;
