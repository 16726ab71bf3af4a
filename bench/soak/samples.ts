import { readdirSync, readFileSync } from 'node:fs';
import { NAMES, type Name } from './site.js';

/** Memory that a process may gain, by the line of least squares, in MiB a minute, before its memory is not flat. */
export const MOST_MIB_A_MINUTE = 2;

/** Descriptors that it may gain a minute: connections come and go, a leak of one each event is more. */
export const MOST_DESCRIPTORS_A_MINUTE = 1;

/** What a process holds at a moment. */
interface Sample {
  readonly name: Name;
  readonly pid: number;
  /** Since the epoch. */
  readonly minute: number;
  readonly mib: number;
  readonly descriptors: number;
}

/** The memory and the descriptors of a process over a time. */
export interface Growth {
  readonly name: Name;
  readonly mib: Trend;
  readonly descriptors: Trend;
}

/** A figure over a time. */
export interface Trend {
  readonly highest: number;
  readonly last: number;
  readonly aMinute: number;
}

/** Takes samples of processes each second. */
export function startSamples(pidOf: (name: Name) => number | undefined) {
  const samples: Sample[] = [];
  const timer = setInterval(() => {
    for (const name of NAMES) {
      const sample = sampleOf(name, pidOf(name));
      if (sample !== undefined) samples.push(sample);
    }
  }, 1000);
  return {
    stop: () => clearInterval(timer),
    /** Returns what the processes that live now have gained since that time, in ms since the epoch. */
    since: (from: number): readonly Growth[] =>
      NAMES.map((name) => {
        const own = samples.filter((sample) => sample.name === name);
        const pid = own.at(-1)?.pid;
        const late = own.filter((sample) => sample.pid === pid && sample.minute >= from / 60_000);
        return { name, mib: trendOf(late, 'mib'), descriptors: trendOf(late, 'descriptors') };
      }),
  };
}

function sampleOf(name: Name, pid: number | undefined): Sample | undefined {
  if (pid === undefined) return undefined;
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const mib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    const descriptors = readdirSync(`/proc/${pid}/fd`).length;
    return { name, pid, minute: Date.now() / 60_000, mib, descriptors };
  } catch {
    return undefined;
  }
}

function trendOf(samples: readonly Sample[], figure: 'mib' | 'descriptors'): Trend {
  const values = samples.map((sample) => sample[figure]);
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
  const [time, value] = [mean(samples.map(({ minute }) => minute)), mean(values)];
  let [products, squares] = [0, 0];
  for (const sample of samples) {
    products += (sample.minute - time) * (sample[figure] - value);
    squares += (sample.minute - time) ** 2;
  }
  return { highest: Math.max(...values), last: values.at(-1) ?? Number.NaN, aMinute: products / squares };
}
