import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { createDecisionIds } from '../decisions/decision-id.js';
import { openDecisionLog, type OpenDecisionLog } from '../decisions/log.js';
import { recordDecisions } from '../decisions/recorder.js';
import type { PolicyUnitService } from '../domain/contract.js';
import type { DecisionFace } from '../domain/decision.js';
import type { Policies } from '../domain/policies.js';
import type { Log } from '../process/log.js';
import type { Metrics } from '../process/metrics.js';
import type { StateDir } from '../process/state-dir.js';

/** The decisions of a process: what its two faces answered, each in a log of its own. */
export interface OpenDecisions {
  readonly logs: Readonly<Record<DecisionFace, OpenDecisionLog>>;
  /** Returns a service that does what the given one does and records what a face answers by it. */
  readonly record: (face: DecisionFace, service: PolicyUnitService, policies: Policies) => PolicyUnitService;
  /** Writes what waits. */
  readonly close: () => Promise<void>;
}

/** Options of the decisions of a process. */
export interface OpenDecisionsOptions {
  /** Opens the state folder; nothing is written as long as it is another process's. */
  readonly stateDir: () => Promise<StateDir>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'decisionDropped' | 'watchDecisions'>;
}

const DAY_MS = 24 * 3_600_000;

/** Opens the decisions of a process; undefined when it is to remember none. Returns at once, before there is a folder. */
export function openDecisions(
  { state, decisions }: Pick<Config, 'state' | 'decisions'>,
  { stateDir, log, metrics }: OpenDecisionsOptions,
): OpenDecisions | undefined {
  if (!decisions.enabled) return undefined;
  let owner: StateDir | undefined;
  const opening = stateDir().then((dir) => (owner = dir));
  const open = (face: DecisionFace, name: string, maxBytes: number, maxDays: number) =>
    openDecisionLog({
      ...{ dir: join(state.dir, 'decisions', name), maxBytes, maxAgeMs: maxDays * DAY_MS, log },
      owns: () => owner?.owns() === true,
      onDropped: () => metrics.decisionDropped(face),
    });
  const { engineMaxSize, engineMaxDays, grpcMaxSize, grpcMaxDays, grpcRate } = decisions;
  const logs = {
    ENGINE: open('ENGINE', 'engine', engineMaxSize, engineMaxDays),
    GRPC: open('GRPC', 'grpc', grpcMaxSize, grpcMaxDays),
  };
  const makeId = createDecisionIds();
  metrics.watchDecisions((face) => logs[face].figures());
  return {
    logs,
    record: (face, service, policies) =>
      recordDecisions(service, {
        ...{ face, makeId, policies, log },
        append: logs[face].append,
        onDropped: () => metrics.decisionDropped(face),
        ...(face === 'GRPC' ? { rate: grpcRate } : {}),
      }),
    async close() {
      await opening;
      await Promise.all([logs.ENGINE.close(), logs.GRPC.close()]);
    },
  };
}
