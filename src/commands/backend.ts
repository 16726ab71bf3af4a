import type { Member } from '../composite/member.js';
import type { RegistryStore } from '../composite/membership.js';
import { createComposite, type Composite } from '../composite/service.js';
import { ConfigError } from '../config/load.js';
import { policiesOf } from '../config/policies.js';
import type { ServiceConfig } from '../config/services.js';
import type { Config } from '../config/schema.js';
import type { Call, PolicyUnitService } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { InventoryFeed } from '../domain/inventory-feed.js';
import type { FollowCall, InventoryService } from '../domain/inventory.js';
import type { Policies } from '../domain/policies.js';
import type { Snapshot } from '../domain/snapshot.js';
import { waitFor } from '../lib/deadline.js';
import type { PluginHost } from '../plugins/host.js';
import { createLifecycle, type Lifecycle } from '../process/lifecycle.js';
import type { Log } from '../process/log.js';
import type { InventoryFigures, ReservationFigures } from '../process/inventory-metrics.js';
import type { Metrics, ServiceFigures } from '../process/metrics.js';
import type { Readiness } from '../process/ops-server.js';
import { units } from '../scoring/units/index.js';
import type { Io } from './io.js';
import type { KeptParts, SharedParts } from './kept-parts.js';
import {
  createLocal,
  engineIdentity,
  localMember,
  openEngine,
  openPlugins,
  openServiceClient,
  pluginMember,
  serviceMember,
} from './members.js';

/** Parts of a configuration that answer. */
export interface BackendParts {
  /** True to run the scoring engine over the configured oVirt engine. */
  readonly local: boolean;
  /** Folder of old Python plugins; undefined: none are hosted. */
  readonly plugins: string | undefined;
  readonly services: readonly ServiceConfig[];
  /** True when an oVirt engine asks: it has to be told of every unit at its start, also of plugins that take long to import. */
  readonly bridge: boolean;
}

/** Options of a backend. */
export interface BackendOptions {
  readonly kept: KeptParts;
  readonly log: Log;
  readonly metrics: Pick<
    Metrics,
    | 'refreshed'
    | 'eventsCounted'
    | 'healed'
    | 'predictionEnded'
    | 'stepTaken'
    | 'serviceCalled'
    | 'unitRan'
    | 'breakerChanged'
  >;
  /** The variables that plugins get. */
  readonly variables: Io['variables'];
  /** Time that each part may take to stop, in milliseconds. */
  readonly stepTimeoutMs: number;
  /** Called whenever its readiness may have changed. */
  readonly onChange: () => void;
}

/** Everything behind the faces of a process, made of one configuration. */
export interface Backend {
  readonly service: PolicyUnitService;
  /** Policies that gateways may name. */
  readonly policies: Policies;
  /** Absent: nobody here knows hosts and VMs. */
  readonly inventory: InventoryService | undefined;
  /** Predicts where the oVirt engine puts VMs; absent when this process reads no engine. */
  readonly followCall?: FollowCall | undefined;
  readonly reservationFigures: () => ReservationFigures | undefined;
  /** The inventory of the oVirt engine as replicas follow it; absent without an engine. */
  readonly feed: InventoryFeed | undefined;
  readonly unitNames: () => readonly string[];
  readonly readiness: () => Readiness;
  /** Figures of the inventory of the oVirt engine; absent without an engine. */
  readonly inventoryFigures: () => InventoryFigures | undefined;
  readonly serviceFigures: () => readonly ServiceFigures[];
  /** Number of plugins, and units of theirs, that can't be used; undefined without plugins, or as long as they start. */
  readonly pluginProblems: () => number | undefined;
  /** The first snapshot of the oVirt engine, which may be away for long before; absent without an engine. */
  readonly firstSnapshot: Promise<Snapshot> | undefined;
  /** The host of plugins, once it has started; rejects when it is closed before. Absent without plugins. */
  readonly pluginHost: Promise<PluginHost> | undefined;
  /** Resolves when each part has answered or, if it is a service, failed once. */
  readonly firstAnswer: Promise<unknown>;
  /** Begins to read the engine and to list services. */
  readonly start: () => void;
  /** Called once it is in its place: what it learns is remembered from then on, and kept parts follow its configuration. */
  readonly inPlace?: (() => void) | undefined;
  /** Stops every part that no other backend holds, each within its time. */
  readonly close: () => Promise<void>;
}

/**
 * Opens what answers by this configuration: one part by itself, or several composed. What is wrong with the configuration
 * is thrown at once, before anything that takes time, as a ConfigError that names the key.
 */
export function openBackend(config: Config, parts: BackendParts, options: BackendOptions): Promise<Backend> {
  if (!parts.local && parts.plugins === undefined && parts.services.length === 0) {
    throw new ConfigError(NOTHING_ANSWERS);
  }
  const lifecycle = createLifecycle(options);
  try {
    return composeBackend(config, parts, { ...options, lifecycle });
  } catch (error) {
    void lifecycle.stop();
    throw error;
  }
}

function composeBackend(
  config: Config,
  parts: BackendParts,
  options: BackendOptions & { readonly lifecycle: Lifecycle },
): Promise<Backend> {
  const { kept, lifecycle, log } = options;
  const { breakerFailures, breakerPause } = config.composite;

  /** Holds the part that these settings make until the backend is closed. */
  function held<Part>(name: string, shared: SharedParts<Part>, settings: unknown, open: () => Part): Part {
    const { part, release } = shared.hold(settings, open);
    lifecycle.onStop(name, release);
    return part;
  }

  const engine = parts.local
    ? held('engine', kept.engines, engineIdentity(config), () => openEngine(config, options))
    : undefined;
  const local = engine && createLocal(engine, config, { ...options, proposals: kept.proposals });
  const services = parts.services.map((service, index) =>
    held(`client of ${service.name}`, kept.services, [service, breakerFailures, breakerPause], () => {
      const client = openServiceClient(service, index, log);
      return { member: serviceMember(service, client, config), close: client.close };
    }),
  );
  const { plugins: dir, bridge: hasEngine } = parts;
  const hosted =
    dir === undefined
      ? undefined
      : held('plugins', kept.plugins, [dir, config.plugins, hasEngine, breakerFailures, breakerPause], () => {
          const host = openPlugins(config, dir, { ...options, hasEngine });
          return { host, member: pluginMember(host, config), close: host.close };
        });
  const plugins = hosted?.host;

  plugins?.started.then(options.onChange, () => undefined);

  const common = {
    policies: policiesOf(config.policies),
    feed: local?.feed,
    inventoryFigures: () => local?.figures(),
    followCall: local?.followCall,
    reservationFigures: () => local?.reservations(),
    firstSnapshot: local?.firstSnapshot,
    pluginHost: plugins?.started,
    pluginProblems: () => plugins?.host()?.problems().length,
    inPlace: () => engine?.configure(config),
    close: lifecycle.stop,
  };
  if (local !== undefined && plugins === undefined && services.length === 0) {
    const names = units.map(({ name }) => name);
    return Promise.resolve({
      ...common,
      ...local,
      unitNames: () => names,
      serviceFigures: () => [],
      firstAnswer: local.firstSnapshot,
    });
  }
  if (plugins !== undefined && local === undefined && services.length === 0 && !parts.bridge) {
    return Promise.resolve({
      ...common,
      service: plugins.service,
      inventory: undefined,
      unitNames: () => plugins.host()?.unitNames() ?? [],
      readiness: () => ofPlugins() ?? IMPORTING,
      serviceFigures: () => [],
      firstAnswer: plugins.started,
      start: () => undefined,
    });
  }

  function pluginsProblem(): string | undefined {
    return plugins?.host()?.failure()?.message;
  }

  function ofPlugins(): Readiness | undefined {
    if (plugins?.host() === undefined) return undefined;
    const reason = pluginsProblem();
    return reason === undefined ? { ready: true } : { ready: false, reason };
  }

  return openSeveral().catch(async (error: unknown) => {
    await lifecycle.stop();
    throw error;
  });

  async function openSeveral(): Promise<Backend> {
    const registry = await kept.registry();
    const remote = [...(hosted === undefined ? [] : [hosted]), ...services];
    const members = [
      ...(local === undefined ? [] : [localMember(local)]),
      ...remote.map(({ member }) => member),
    ];
    const store = registry.store();
    const composite = compose(config, members, store, options);
    lifecycle.onStop('services', composite.close);
    for (const { name } of parts.services) {
      options.metrics.breakerChanged({ service: name, state: 'closed' });
    }
    return {
      ...common,
      service: composite,
      inventory: composite.inventory,
      unitNames: composite.unitNames,
      readiness() {
        const ofLocal = local?.readiness();
        const problem = pluginsProblem();
        if (ofLocal?.ready === true) return { problem, ...ofLocal };
        if (composite.available()) return { ready: true, problem };
        // A folder without plugins has no unit that could be asked, and is served all the same.
        const isAlone = local === undefined && services.length === 0;
        return (isAlone ? ofPlugins() : ofLocal) ?? { ready: false, reason: 'no service answers' };
      },
      serviceFigures: composite.state,
      firstAnswer: Promise.all([local?.firstSnapshot, composite.firstListing]),
      inPlace() {
        common.inPlace();
        registry.serve(store, composite.edit);
      },
      start() {
        local?.start();
        composite.start();
      },
    };
  }
}

const NOTHING_ANSWERS =
  'services: is required without an engine: the scoring services to ask, such as --services name=host:50051; or plugins.dir';

const IMPORTING: Readiness = { ready: false, reason: 'the plugins are being imported' };

function compose(
  config: Config,
  members: readonly Member[],
  store: RegistryStore,
  { kept, log, metrics, onChange }: BackendOptions,
): Composite {
  return createComposite({
    id: kept.compositeId,
    settings: config.composite,
    ...{ members, store, log },
    onMemberCall: metrics.serviceCalled,
    onBreakerChange: metrics.breakerChanged,
    onAvailability: onChange,
  });
}

/** The backend of the moment, as faces see it. */
export interface BackendReference {
  /** Passes each call on to the backend of the moment; calls that come before the first one wait for it, in their time. */
  readonly service: PolicyUnitService;
  /** Does the same for gateways. */
  readonly gatewayService: PolicyUnitService;
  readonly inventory: InventoryService;
  readonly followCall: FollowCall;
  readonly current: () => Backend | undefined;
  /** Puts a backend in place. Returns the one before, which is the caller's to close once its calls have ended. */
  readonly swap: (
    next: Backend,
  ) => { readonly before: Backend; readonly callsEnded: Promise<void> } | undefined;
}

/** A backend in its place, with its calls in flight. */
interface Place {
  readonly backend: Backend;
  readonly gatewayService: PolicyUnitService;
  calls: number;
  /** Called when a call has ended and no other is in flight. */
  onIdle: () => void;
}

/** Creates a reference to no backend yet. `forGateways` returns the service of a backend as gateways see it. */
export function createBackendReference(
  forGateways: (backend: Backend) => PolicyUnitService = ({ service }) => service,
): BackendReference {
  let current: Place | undefined;
  let resolveFirst: (first: Place) => void = () => undefined;
  const first = new Promise<Place>((resolve) => (resolveFirst = resolve));

  /** Runs a call at the backend of the moment, to whose calls in flight it belongs. */
  async function run<Answer>(call: Call, ask: (place: Place) => Promise<Answer>): Promise<Answer> {
    const place = current ?? (await waitFor(first, call.signal));
    place.calls++;
    try {
      return await ask(place);
    } finally {
      place.calls--;
      if (place.calls === 0) place.onIdle();
    }
  }

  function passing(pick: (place: Place) => PolicyUnitService): PolicyUnitService {
    return {
      listPolicyUnits: (call) => run(call, (place) => pick(place).listPolicyUnits(call)),
      scoreHosts: (request, call) => run(call, (place) => pick(place).scoreHosts(request, call)),
      filterHosts: (request, call) => run(call, (place) => pick(place).filterHosts(request, call)),
      balanceHosts: (request, call) => run(call, (place) => pick(place).balanceHosts(request, call)),
    };
  }

  function inventoryOf({ backend: { inventory } }: Place): InventoryService {
    if (inventory !== undefined) return inventory;
    throw new SchedulingError('UNIMPLEMENTED', 'no inventory here: configure an engine (engine.url)');
  }

  return {
    service: passing(({ backend }) => backend.service),
    gatewayService: passing(({ gatewayService }) => gatewayService),
    inventory: {
      listHosts: (request, call) => run(call, async (place) => inventoryOf(place).listHosts(request, call)),
      listVms: (request, call) => run(call, async (place) => inventoryOf(place).listVms(request, call)),
      getInventory: (call) => run(call, async (place) => inventoryOf(place).getInventory(call)),
      reserve: (request, call) => run(call, async (place) => inventoryOf(place).reserve(request, call)),
      release: (vmId, call) => run(call, async (place) => inventoryOf(place).release(vmId, call)),
      listReservations: (call) => run(call, async (place) => inventoryOf(place).listReservations(call)),
    },
    followCall: (vmId, requestId) => current?.backend.followCall?.(vmId, requestId),
    current: () => current?.backend,
    swap(next) {
      const before = current;
      current = { backend: next, gatewayService: forGateways(next), calls: 0, onIdle: () => undefined };
      resolveFirst(current);
      if (before === undefined) return undefined;
      const callsEnded = new Promise<void>((resolve) => {
        before.onIdle = resolve;
        if (before.calls === 0) resolve();
      });
      return { before: before.backend, callsEnded };
    },
  };
}
