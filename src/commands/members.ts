import { isDeepStrictEqual } from 'node:util';
import { createCircuitBreaker, type CircuitBreaker } from '../composite/circuit-breaker.js';
import type { Member } from '../composite/member.js';
import type { RoutedMember } from '../composite/registry.js';
import { ConfigError } from '../config/load.js';
import { LOCAL_SERVICE, PLUGIN_SERVICE, type ServiceConfig } from '../config/services.js';
import type { Config } from '../config/schema.js';
import type { ShadowConfig } from '../config/shadows.js';
import type { Call, PolicyUnitService } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { InventoryFeed } from '../domain/inventory-feed.js';
import type { FollowCall, InventoryService, KeptReservation } from '../domain/inventory.js';
import type { Inventory, Snapshot } from '../domain/snapshot.js';
import { waitFor } from '../lib/deadline.js';
import { nodeAfter } from '../lib/timers.js';
import type { LoginPauses } from '../inventory/engine-session.js';
import { REFRESH_JITTER } from '../inventory/refresher.js';
import { createInventoryService } from '../inventory/service.js';
import { startPluginHost, type PluginHost } from '../plugins/host.js';
import { followFiles } from '../process/files.js';
import type { Log } from '../process/log.js';
import type { InventoryFigures, ReservationFigures } from '../process/inventory-metrics.js';
import type { Metrics } from '../process/metrics.js';
import type { Readiness } from '../process/ops-server.js';
import { followToken } from '../process/tokens.js';
import { createRpcClient, type RpcClient } from '../rpc/client.js';
import { clientContext } from '../rpc/tls.js';
import { createMigrationCooldown, type Proposals } from '../scoring/migration-cooldown.js';
import { createScoringService } from '../scoring/service.js';
import { units } from '../scoring/units/index.js';
import { CommandError, openConfigured, readConfiguredFile, warnOfOpenSecret, type Io } from './io.js';
import { openEngineClient, openInventory, openReplica } from './open-engine.js';

/** The inventory of an oVirt engine, read here or followed from elsewhere. */
export interface Engine {
  readonly inventory: Inventory;
  readonly service: InventoryService;
  /** The inventory as replicas follow it. */
  readonly feed: InventoryFeed;
  /** Predicts where the oVirt engine puts VMs; a replica does not. */
  readonly followCall: FollowCall | undefined;
  /** Lists what is reserved and predicted. */
  readonly listKept: () => readonly KeptReservation[];
  readonly readiness: () => Readiness;
  readonly figures: () => InventoryFigures;
  /** The first snapshot, once there is one; the oVirt engine may be away for long before. */
  readonly firstSnapshot: Promise<Snapshot>;
  /** Begins to read the oVirt engine, unless that has begun. */
  readonly start: () => void;
  /** Takes over a configuration of the same engine. */
  readonly configure: (config: Pick<Config, 'engine' | 'inventory' | 'bridge'>) => void;
  readonly close: () => Promise<void>;
}

/** Returns the settings that tell one engine, account or reader from another; the others change how it is read. */
export function engineIdentity({ engine, inventory }: Config): unknown {
  const { url, username, passwordFile, password, auth, caFile, allowPlaintext } = engine;
  const { from, fromTls, fromTlsCaFile, fromTlsCertFile, fromTlsKeyFile } = inventory;
  return [
    { url, username, passwordFile, password, auth, caFile, allowPlaintext },
    { from, fromTls, fromTlsCaFile, fromTlsCertFile, fromTlsKeyFile },
  ];
}

/** Opens the inventory of the configured oVirt engine, or of the reader. Nothing is sent before it is started. */
export function openEngine(
  config: Config,
  {
    kept,
    log,
    metrics,
    onChange,
  }: {
    readonly kept: { readonly loginPauses: LoginPauses };
    readonly log: Log;
    readonly metrics: Pick<
      Metrics,
      'refreshed' | 'eventsCounted' | 'healed' | 'predictionEnded' | 'stepTaken'
    >;
    /** Called whenever its readiness has changed. */
    readonly onChange: () => void;
  },
): Engine {
  let isStarted = false;
  let configured: unknown = [config.engine, config.inventory];
  let resolveFirst: (snapshot: Snapshot) => void = () => undefined;
  const firstSnapshot = new Promise<Snapshot>((resolve) => (resolveFirst = resolve));
  const { client, inventory } = openAny();

  function openAny() {
    const watchers = { metrics, onAvailability };
    if (config.inventory.from !== undefined) {
      const client = openReaderClient(config, log);
      return { client, inventory: openReplica(config, client, log, watchers) };
    }
    const client = openEngineClient(config, log, kept.loginPauses);
    return { client, inventory: openInventory(config, client, log, watchers) };
  }

  function onAvailability(available: boolean): void {
    if (available) resolveFirst(inventory.current());
    onChange();
  }

  return {
    inventory,
    service:
      'service' in inventory
        ? inventory.service
        : createInventoryService({ inventory, reservations: inventory.reservations }),
    feed: inventory.feed,
    followCall: 'followCall' in inventory ? inventory.followCall : undefined,
    listKept: inventory.reservations.list,
    readiness() {
      const reason = inventory.problem();
      return reason === undefined ? { ready: true } : { ready: false, reason };
    },
    figures() {
      const { snapshotTime, hosts, vms, followsEvents } = inventory.state();
      return { snapshotTime, hosts, runningVms: vms, followsEvents };
    },
    firstSnapshot,
    start() {
      if (!isStarted) inventory.start();
      isStarted = true;
    },
    configure({ engine, inventory: next, bridge }) {
      if (!bridge.predictions && 'dropPredictions' in inventory) inventory.dropPredictions();
      if (isDeepStrictEqual([engine, next], configured)) return;
      configured = [engine, next];
      if ('configure' in client) client.configure(engine);
      inventory.configure(next);
    },
    async close() {
      await inventory.close();
      await client.close();
    },
  };
}

/** The scoring engine of this process, over the inventory of an oVirt engine. */
export interface Local extends Pick<Engine, 'feed' | 'readiness' | 'figures' | 'firstSnapshot' | 'start'> {
  readonly service: PolicyUnitService;
  readonly inventory: InventoryService;
  /** Predicts where the oVirt engine puts VMs; a replica does not. */
  readonly followCall: FollowCall | undefined;
  /** Counts what is reserved, and what is predicted. */
  readonly reservations: () => ReservationFigures;
}

/** Creates the scoring engine over an inventory. Its proposals of migrations are remembered in `proposals`. */
export function createLocal(
  { inventory, service, feed, followCall, listKept, readiness, figures, firstSnapshot, start }: Engine,
  { balancing, inventory: { refreshInterval } }: Config,
  {
    log,
    metrics,
    proposals,
  }: { readonly log: Log; readonly metrics: Pick<Metrics, 'unitRan'>; readonly proposals: Proposals },
): Local {
  return {
    ...{ feed, readiness, figures, firstSnapshot, start },
    service: createScoringService({
      units,
      inventory,
      log,
      onUnitRun: metrics.unitRan,
      // An engine that is read seldom is balanced from what there is.
      balancing: {
        ...balancing,
        maxSnapshotAge: Math.max(balancing.maxSnapshotAge, 2 * refreshInterval * (1 + REFRESH_JITTER)),
      },
      migrations: createMigrationCooldown(balancing, Date, proposals),
    }),
    inventory: service,
    followCall,
    reservations() {
      const kept = listKept();
      const predicted = kept.filter((one) => one.predicted).length;
      return { predicted, reserved: kept.length - predicted };
    },
  };
}

/** Returns the scoring engine as a member of a composite. */
export function localMember({ service, inventory }: Local): Member {
  return { name: LOCAL_SERVICE, service, inventory, remote: false };
}

/** A plugin host that starts. */
export interface OpenPlugins {
  /** The host as a service whose calls wait until it has started. */
  readonly service: PolicyUnitService;
  /** The host, once each plugin was imported, could not be, or takes long. Rejects with a CommandError when it is closed before. */
  readonly started: Promise<PluginHost>;
  /** The host, when it has started. */
  readonly host: () => PluginHost | undefined;
  /** Ends it, also while it starts. */
  readonly close: () => Promise<void>;
}

/** Starts the host of the plugins in a folder; plugins get these variables, but for our own. */
export function openPlugins(
  { plugins }: Config,
  dir: string,
  {
    log,
    metrics,
    variables,
    hasEngine,
  }: {
    readonly log: Log;
    readonly metrics?: Pick<Metrics, 'unitRan'>;
    readonly variables: Io['variables'];
    readonly hasEngine?: boolean;
  },
): OpenPlugins {
  const closing = new AbortController();
  const { signal } = closing;
  const starting = startPluginHost({
    ...{ dir, settings: plugins, log, variables, signal, hasEngine },
    onUnitRun: metrics?.unitRan,
  });
  let host: PluginHost | undefined;
  const started = starting.then(
    (there) => (host = there),
    (error: unknown) => {
      throw error instanceof SchedulingError ? new CommandError(error.message) : error;
    },
  );
  // Who waits for it hears of it.
  started.catch(() => undefined);
  return {
    service: serviceBehind(({ signal }) => waitFor(starting, signal)),
    started,
    host: () => host,
    async close() {
      closing.abort(new SchedulingError('UNAVAILABLE', 'the host of the plugins is stopping'));
      await starting.then(
        (there) => there.close(),
        () => undefined,
      );
    },
  };
}

/** Returns the plugins as a member of a composite: their units come and go, like those of a service elsewhere. */
export function pluginMember({ service, started }: OpenPlugins, config: Config): Member {
  const { plugins } = config;
  let isSettled = false;
  return {
    name: PLUGIN_SERVICE,
    service,
    remote: true,
    breaker: createBreaker(config),
    deadlineMs: plugins.maxCallTime,
    // The samples of the old proxy lie in many folders.
    yields: true,
    isIncomplete: () => !isSettled,
    onUnitsChanged(listener) {
      let stop: () => void = () => undefined;
      let isStopped = false;
      const wasSettled = isSettled;
      function settle(there?: PluginHost): void {
        isSettled = true;
        if (isStopped) return;
        stop = there?.onUnitsChanged(listener) ?? stop;
        if (!wasSettled) listener();
      }
      started.then(settle, () => settle());
      return () => {
        isStopped = true;
        stop();
      };
    },
  };
}

/** Opens the client of a configured service, the `index`-th. Throws a ConfigError that names the key. */
export function openServiceClient(service: ServiceConfig, index: number, log: Log): RpcClient {
  return openClientAt(service, (key) => `services[${index}].${key}`, log);
}

/** Opens the client of the service of a shadow, the `index`-th. Throws a ConfigError that names the key. */
export function openShadowClient(
  shadow: Omit<ShadowConfig, 'target'> & { readonly target: string },
  index: number,
  log: Log,
): RpcClient {
  return openClientAt(shadow, (key) => `shadow[${index}].${key}`, log);
}

/** Opens the client of the service whose inventory is followed. Throws a ConfigError that names the key. */
export function openReaderClient({ inventory }: Config, log: Log): RpcClient {
  const { from = '', fromTls, fromTlsCaFile, fromTlsCertFile, fromTlsKeyFile, fromTokenFile } = inventory;
  const service = {
    ...{ target: from, tls: fromTls },
    ...{ tlsCaFile: fromTlsCaFile, tlsCertFile: fromTlsCertFile, tlsKeyFile: fromTlsKeyFile },
    tokenFile: fromTokenFile,
  };
  const nameOf = (key: string) => `inventory.from${key === 'target' ? '' : key.replace(/^t/, 'T')}`;
  return openClientAt(service, nameOf, log);
}

/** Opens the client of a service; `at` returns the name of a key in the configuration. */
function openClientAt(
  service: Omit<ServiceConfig, 'name' | 'deadline' | 'units' | 'rename'>,
  at: (key: string) => string,
  log: Log,
): RpcClient {
  const { target, tls, tlsCaFile, tlsCertFile, tlsKeyFile, tokenFile } = service;
  const read = () => ({
    ca: readConfiguredFile(at('tlsCaFile'), tlsCaFile),
    cert: readConfiguredFile(at('tlsCertFile'), tlsCertFile),
    key: readConfiguredFile(at('tlsKeyFile'), tlsKeyFile),
  });
  const files = [tlsCaFile, tlsCertFile, tlsKeyFile];
  const token =
    tokenFile === undefined
      ? undefined
      : openConfigured(() => followToken(at('tokenFile'), tokenFile, { log }));
  const isSecured = tls || tlsCaFile !== undefined || tlsCertFile !== undefined;
  try {
    const context = isSecured ? followFiles(read, clientContext, { files, log }) : undefined;
    warnOfOpenSecret(at('tlsKeyFile'), tlsKeyFile, log);
    warnOfOpenSecret(at('tokenFile'), tokenFile, log);
    return createRpcClient({ target, tls: context, token });
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    throw new ConfigError(`${at('target')}: ${error.message}`);
  }
}

/** Returns a configured service as a member of a composite. */
export function serviceMember(service: ServiceConfig, client: RpcClient, config: Config): Member {
  return {
    ...routedService(service),
    service: client,
    inventory: client,
    remote: true,
    breaker: createBreaker(config),
    deadlineMs: service.deadline,
    onConnected: client.onConnected,
  };
}

function createBreaker({ composite }: Config): CircuitBreaker {
  const { breakerFailures, breakerPause } = composite;
  return createCircuitBreaker({ failures: breakerFailures, pauseMs: breakerPause, after: nodeAfter });
}

/** Returns which units of a configured service are taken, and by which names. */
export function routedService({ name, units, rename }: ServiceConfig): RoutedMember {
  return {
    name,
    ...(units === undefined ? {} : { units }),
    ...(rename === undefined ? {} : { renames: new Map(Object.entries(rename)) }),
  };
}

/** Returns a service that passes each call on to the service that there is then. */
function serviceBehind(
  get: (call: Call) => PolicyUnitService | Promise<PolicyUnitService>,
): PolicyUnitService {
  return {
    listPolicyUnits: async (call) => (await get(call)).listPolicyUnits(call),
    scoreHosts: async (request, call) => (await get(call)).scoreHosts(request, call),
    filterHosts: async (request, call) => (await get(call)).filterHosts(request, call),
    balanceHosts: async (request, call) => (await get(call)).balanceHosts(request, call),
  };
}
