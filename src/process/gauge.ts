import { Gauge, type Registry } from 'prom-client';

/** Adds a figure to the registers that `show` sets at each scrape. */
export function addGauge(
  registers: Registry[],
  name: string,
  help: string,
  show: (shown: Gauge) => void,
  labelNames: readonly string[] = [],
): void {
  new Gauge({
    name,
    help,
    labelNames,
    registers,
    collect() {
      show(this);
    },
  });
}
