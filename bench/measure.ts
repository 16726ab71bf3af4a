import { cpuMsOf, quantile, type Measured } from './processes.js';
import type { Row } from './report.js';

/** One of the ways that are compared. All take turns in one run, so that ratios hold when the machine's speed drifts. */
export interface Way {
  readonly name: string;
  /** The processes that do the work. */
  readonly servers: readonly Pick<Measured, 'cpuMs'>[];
  /** Of what number the calls of a round are a multiple; 1 by default. */
  readonly multiple?: number;
  /** Makes that many calls. */
  readonly run: (calls: number) => Promise<void>;
}

/** The figures of a way, medians over the rounds. */
export interface Figures {
  readonly name: string;
  /** CPU of the servers a call, in milliseconds. */
  readonly cpuMs: number;
  /** The ratio of that to the first way's in the same round: lower quartile, median and upper quartile. */
  readonly cpuRatio: Quartiles;
  /** CPU of this process a call, in milliseconds. */
  readonly callerCpuMs: number;
  readonly callsPerSecond: number;
  /** The ratio of that to the first way's in the same round. */
  readonly speedRatio: Quartiles;
  /** Number of rounds, when the quartiles of the ratio of CPU were still wide at their end; undefined otherwise. */
  readonly wideAfter: number | undefined;
}

/** Lower quartile, median and upper quartile. */
export type Quartiles = readonly [lower: number, median: number, upper: number];

/** Sizes of a measurement. */
export interface Rounds {
  /** Calls of a way before the first round, and the longest time for them in milliseconds: the first thousand are cold. */
  readonly warmUp: number;
  readonly warmUpMs: number;
  /** Shortest time of a round of one way, in milliseconds. */
  readonly roundMs: number;
  /** Least and most rounds. They end once the quartiles of each ratio of CPU are within 10 % of its median. */
  readonly least: number;
  readonly most: number;
  /** Time of all rounds of a way, in milliseconds, after which they end all the same, once there are three. */
  readonly mostMs: number;
}

const SPREAD = 0.1;

/** Whether benchmarks are to be short, and so rough: `--quick`. */
export const QUICK = process.argv.includes('--quick');

/** The sizes that benchmarks have unless they say otherwise. */
export const ROUNDS: Rounds = QUICK
  ? { warmUp: 200, warmUpMs: 500, roundMs: 50, least: 3, most: 5, mostMs: 1000 }
  : { warmUp: 5000, warmUpMs: 2000, roundMs: 300, least: 9, most: 30, mostMs: 7000 };

/** Fewest rounds that have a median and quartiles. */
const FEWEST = 3;

/** Measures ways in turns. The first is what the others are compared with. */
export async function measure(
  ways: readonly Way[],
  given: Partial<Rounds> = {},
): Promise<readonly Figures[]> {
  const rounds = { ...ROUNDS, ...given };
  const results = ways.map((way) => ({ way, calls: 1, rounds: new Array<Round>() }));
  for (const result of results) {
    const { multiple = 1 } = result.way;
    const wallMs = await warmUp(result.way, rounds);
    result.calls = multiple * Math.ceil(rounds.roundMs / wallMs / multiple);
  }
  const begin = performance.now();
  const isOver = () => performance.now() - begin > rounds.mostMs * ways.length;
  for (let n = 0; n < rounds.most; n++) {
    if (n >= FEWEST && isOver()) break;
    if (n >= rounds.least && results.every(isSteady)) break;
    for (const result of n % 2 === 0 ? results : results.toReversed()) {
      result.rounds.push(await runRound(result.way, result.calls));
    }
  }
  return results.map((result) => {
    const of = (figure: (round: Round) => number) => quartilesOf(result.rounds.map(figure))[1];
    return {
      name: result.way.name,
      cpuMs: of(({ cpuMs }) => cpuMs),
      cpuRatio: ratiosOf(result, ({ cpuMs }) => cpuMs),
      callerCpuMs: of(({ callerCpuMs }) => callerCpuMs),
      callsPerSecond: of(({ wallMs }) => 1000 / wallMs),
      speedRatio: ratiosOf(result, ({ wallMs }) => 1 / wallMs),
      wideAfter: isSteady(result) ? undefined : result.rounds.length,
    };
  });

  function isSteady(result: (typeof results)[number]): boolean {
    const [lower, median, upper] = ratiosOf(result, ({ cpuMs }) => cpuMs);
    return lower >= median * (1 - SPREAD) && upper <= median * (1 + SPREAD);
  }

  function ratiosOf(result: (typeof results)[number], figure: (round: Round) => number): Quartiles {
    const base = results[0]?.rounds ?? [];
    return quartilesOf(
      result.rounds.map((round, n) => {
        const compared = base[n];
        return compared === undefined ? Number.NaN : figure(round) / figure(compared);
      }),
    );
  }
}

/** Returns the figures as a row of a table, after what tells the row from others. */
export function rowOf(figures: Figures, about: Row = {}): Row {
  const { name, cpuMs, cpuRatio, callerCpuMs, callsPerSecond, speedRatio, wideAfter } = figures;
  return {
    ...about,
    way: name,
    'server CPU ms': cpuMs,
    'x first': wordsOf(cpuRatio),
    quartiles: wideAfter === undefined ? '' : `wide after ${wideAfter} rounds`,
    'calls/s': callsPerSecond,
    'speed x first': wordsOf(speedRatio),
    'caller CPU ms': callerCpuMs,
    // Both have a core of their own at best.
    bound: callerCpuMs > cpuMs ? 'caller' : 'server',
  };
}

/** Returns the calls of several callers that each make one after the other. */
export function inFlight(callers: number, call: () => Promise<unknown>): (calls: number) => Promise<void> {
  return async (calls) => {
    let left = calls;
    await Promise.all(
      Array.from({ length: callers }, async () => {
        while (left-- > 0) await call();
      }),
    );
  };
}

/** Makes calls until there are enough or the time is over. Returns the time of one at the end, in milliseconds. */
async function warmUp(way: Way, rounds: Rounds): Promise<number> {
  const { multiple = 1 } = way;
  const begin = performance.now();
  for (let made = 0, calls = multiple; ; made += calls, calls *= 2) {
    const { wallMs } = await runRound(way, calls);
    if (made + calls >= rounds.warmUp || performance.now() - begin > rounds.warmUpMs) return wallMs;
  }
}

interface Round {
  readonly cpuMs: number;
  readonly callerCpuMs: number;
  readonly wallMs: number;
}

async function runRound({ servers, run }: Way, calls: number): Promise<Round> {
  const cpuNow = () => servers.reduce((sum, { cpuMs }) => sum + cpuMs(), 0);
  const [cpu, callerCpu, begin] = [cpuNow(), cpuMsOf(process.pid), performance.now()];
  await run(calls);
  const wallMs = performance.now() - begin;
  return {
    wallMs: wallMs / calls,
    cpuMs: (cpuNow() - cpu) / calls,
    callerCpuMs: (cpuMsOf(process.pid) - callerCpu) / calls,
  };
}

function quartilesOf(values: readonly number[]): Quartiles {
  const sorted = values.toSorted((left, right) => left - right);
  return [quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)];
}

function wordsOf([lower, median, upper]: Quartiles): string {
  const word = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(2));
  return `${word(median)} (${word(lower)} to ${word(upper)})`;
}
