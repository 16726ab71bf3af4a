import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { createDecisionIds, faceOfDecisionId } from '../decisions/decision-id.js';
import { openDecisionLog } from '../decisions/log.js';
import { createOutcomes } from '../decisions/outcomes.js';
import { recordDecisions } from '../decisions/recorder.js';
import { createDecisionService } from '../decisions/service.js';
import type { PolicyUnitService } from '../domain/contract.js';
import type { Decision, DecisionFace } from '../domain/decision.js';
import type { DecisionService } from '../domain/decision-service.js';
import type { InventoryFeed } from '../domain/inventory-feed.js';
import type { Policies } from '../domain/policies.js';
import { formatAddress } from '../lib/address.js';
import { nodeAfter } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { Metrics } from '../process/metrics.js';
import type { StateDir } from '../process/state-dir.js';
import { openShadows } from './open-shadows.js';

/** The decisions of a process: what its two faces answered, each in a log of its own. */
export interface OpenDecisions {
  readonly service: DecisionService;
  /** Returns a service that does what the given one does and records what a face answers by it. */
  readonly record: (face: DecisionFace, service: PolicyUnitService, policies: Policies) => PolicyUnitService;
  /** Learns from this inventory where VMs land, from now on. */
  readonly follow: (feed: InventoryFeed) => void;
  /** Opens the shadows of a changed configuration. Returns how to put them in place. Throws a ConfigError. */
  readonly reopenShadows: (config: Pick<Config, 'shadow' | 'policies'>) => () => void;
  /** Writes what waits. */
  readonly close: () => Promise<void>;
}

/** Options of the decisions of a process. */
export interface OpenDecisionsOptions {
  /** Opens the state folder; nothing is written as long as it is another process's. */
  readonly stateDir: () => Promise<StateDir>;
  readonly log: Log;
  readonly metrics: Pick<
    Metrics,
    'decisionDropped' | 'watchDecisions' | 'outcomeKnown' | 'shadowCompared' | 'shadowDropped'
  >;
  /** Service of this process that shadows ask. */
  readonly backend: PolicyUnitService;
}

const DAY_MS = 24 * 3_600_000;

/** Opens the decisions of a process; undefined when it is to remember none. Returns at once, before there is a folder. */
export function openDecisions(
  config: Pick<Config, 'state' | 'server' | 'decisions' | 'shadow' | 'policies'>,
  { stateDir, log, metrics, backend }: OpenDecisionsOptions,
): OpenDecisions | undefined {
  const { state, server, decisions } = config;
  if (!decisions.enabled) return undefined;
  const newShadows = (from: Pick<Config, 'shadow' | 'policies'>) =>
    openShadows(from, {
      ...{ log, metrics, service: backend },
      append: (decision, result) => logOf(decision).appendShadow(decision, result),
    });
  let shadows = newShadows(config);
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
  const logOf = ({ id }: Pick<Decision, 'id'>) => logs[faceOfDecisionId(id)];
  const outcomes = createOutcomes({
    append: (decision, outcome) => logOf(decision).appendOutcome(decision, outcome),
    onOutcome: metrics.outcomeKnown,
    ...{ clock: Date, after: nodeAfter },
  });
  const followed = new WeakSet<InventoryFeed>();
  let isFollowing = false;
  const makeId = createDecisionIds();
  metrics.watchDecisions((face) => logs[face].figures());
  return {
    service: createDecisionService({
      ...{ logs, process: `${hostname()} at ${formatAddress(server.listen)}` },
      shadowNames: () => shadows?.names ?? [],
    }),
    record: (face, service, policies) =>
      recordDecisions(service, {
        ...{ face, makeId, policies, log },
        append(decision, request) {
          // Where no inventory tells of landings, nothing waits for one.
          logs[face].append(decision, isFollowing ? outcomes.decided(decision) : undefined);
          shadows?.decided(decision, request);
        },
        onDropped: () => metrics.decisionDropped(face),
        ...(face === 'GRPC' ? { rate: grpcRate } : {}),
      }),
    follow(feed) {
      // A reload may keep an inventory.
      if (followed.has(feed)) return;
      followed.add(feed);
      isFollowing = true;
      feed.onPlacement(outcomes.placed);
      feed.onVmGone(outcomes.vmGone);
    },
    reopenShadows(changed) {
      const next = newShadows(changed);
      return () => {
        shadows?.close();
        shadows = next;
      };
    },
    async close() {
      outcomes.close();
      shadows?.close();
      await opening;
      await Promise.all([logs.ENGINE.close(), logs.GRPC.close()]);
    },
  };
}
