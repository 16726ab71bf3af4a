/** The calls of a method that a server counted, by the upper bound of their time in seconds, each with all faster ones. */
export type CallHistogram = ReadonlyMap<number, number>;

/** Reads the histogram of a method, all codes together, out of the metrics of a server. */
export function readHistogram(metrics: string, method: string): CallHistogram {
  const counts = new Map<number, number>();
  for (const [, labels = '', count] of metrics.matchAll(/^hostscore_call_seconds_bucket\{(.*)\} (\d+)$/gm)) {
    if (!labels.includes(`method="${method}"`)) continue;
    const bound = Number(/le="(.*?)"/.exec(labels)?.[1]?.replace('+Inf', 'Infinity'));
    counts.set(bound, (counts.get(bound) ?? 0) + Number(count));
  }
  return counts;
}

/** Returns the calls between two readings. */
export function callsBetween(before: CallHistogram, after: CallHistogram): CallHistogram {
  return new Map([...after].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)]));
}

/**
 * Returns the time in milliseconds below which this share of the calls lies, as Prometheus does: evenly spread within a
 * bucket, and the bound of the last but one beyond that. NaN without calls.
 */
export function percentileMs(histogram: CallHistogram, share: number): number {
  const buckets = [...histogram].sort(([left], [right]) => left - right);
  const wanted = share * (buckets.at(-1)?.[1] ?? 0);
  let [lower, below] = [0, 0];
  for (const [bound, count] of buckets) {
    if (count >= wanted && count > below) {
      if (bound === Infinity) return lower * 1000;
      return 1000 * (lower + ((bound - lower) * (wanted - below)) / (count - below));
    }
    [lower, below] = [bound, count];
  }
  return Number.NaN;
}
