import { decisionLog } from './decision-log.js';
import { engineJson } from './engine-json.js';
import { grpc } from './grpc.js';
import type { FuzzTarget } from './target.js';

/** Decoders that are fuzzed by `npm run fuzz -- NAME` and, a share of it, by the tests. */
export const FUZZ_TARGETS: Readonly<Record<string, FuzzTarget>> = {
  grpc,
  'engine-json': engineJson,
  'decision-log': decisionLog,
};
