import type { Config } from '../config/schema.js';
import { policiesOf } from '../config/policies.js';
import { createShadows, type Shadow, type Shadows, type ShadowsOptions } from '../decisions/shadow.js';
import { nodeAfter } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { Metrics } from '../process/metrics.js';
import { openShadowClient } from './members.js';

/** Options of the shadows of a process. */
export interface OpenShadowsOptions extends Pick<ShadowsOptions, 'service' | 'append'> {
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'shadowCompared' | 'shadowDropped'>;
}

/** Opens the configured shadows; undefined for none. Throws a ConfigError that names the key at fault. */
export function openShadows(
  { shadow, policies }: Pick<Config, 'shadow' | 'policies'>,
  { metrics, ...options }: OpenShadowsOptions,
): Shadows | undefined {
  const named = policiesOf(policies);
  const closers: (() => void)[] = [];
  const shadows = shadow.flatMap((one, index): readonly Shadow[] => {
    const { name, sample, target } = one;
    if (target === undefined) {
      const policy = named.get(one.policy ?? '');
      return policy === undefined ? [] : [{ name, sample, policy }];
    }
    const client = openShadowClient({ ...one, target }, index, options.log);
    closers.push(client.close);
    return [{ name, sample, target: client }];
  });
  if (shadows.length === 0) return undefined;
  const running = createShadows({
    ...{ ...options, shadows, clock: Date, steady: performance, after: nodeAfter },
    onResult: metrics.shadowCompared,
    onDropped: metrics.shadowDropped,
  });
  return {
    ...running,
    close() {
      running.close();
      for (const close of closers) close();
    },
  };
}
