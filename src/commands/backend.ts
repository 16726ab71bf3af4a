import type { Member } from '../composite/member.js';
import type { RegistryStore } from '../composite/membership.js';
import { createComposite, type Composite } from '../composite/service.js';
import { ConfigError } from '../config/load.js';
import type { ServiceConfig } from '../config/services.js';
import type { Config } from '../config/schema.js';
import type { Call, PolicyUnitService } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { InventoryService } from '../domain/inventory.js';
import type { Snapshot } from '../domain/snapshot.js';
import { waitFor } from '../lib/deadline.js';
import type { PluginHost } from '../plugins/host.js';
import { createLifecycle } from '../process/lifecycle.js';
import type { Log } from '../process/log.js';
import type { InventoryFigures, Metrics, ServiceFigures } from '../process/metrics.js';
import type { Readiness } from '../process/ops-server.js';
import { units } from '../scoring/units/index.js';
import type { Io } from './io.js';
import {
  localMember,
  openLocal,
  openPlugins,
  openServiceClient,
  pluginMember,
  serviceBehind,
  serviceMember,
} from './members.js';
import { openRegistry } from './open-registry.js';

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
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'refreshed' | 'serviceCalled' | 'breakerChanged'>;
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
  /** Absent: nobody here knows hosts and VMs. */
  readonly inventory: InventoryService | undefined;
  readonly hasUnit: (name: string) => boolean;
  readonly readiness: () => Readiness;
  /** Figures of the inventory of the oVirt engine; absent without an engine. */
  readonly inventoryFigures: () => InventoryFigures | undefined;
  readonly serviceFigures: () => readonly ServiceFigures[];
  /** The first snapshot of the oVirt engine, which may be away for long before; absent without an engine. */
  readonly firstSnapshot: Promise<Snapshot> | undefined;
  /** The host of plugins, once it has started; rejects when it is closed before. Absent without plugins. */
  readonly pluginHost: Promise<PluginHost> | undefined;
  /** Begins to read the engine and to list services. */
  readonly start: () => void;
  /** Stops everything, each part within its time. */
  readonly close: () => Promise<void>;
}

/**
 * Opens what answers by this configuration: one part by itself, or several composed. What is wrong with the configuration
 * is thrown at once, before anything that takes time, as a ConfigError that names the key.
 */
export function openBackend(config: Config, parts: BackendParts, options: BackendOptions): Promise<Backend> {
  const lifecycle = createLifecycle(options);
  if (!parts.local && parts.plugins === undefined && parts.services.length === 0) {
    throw new ConfigError(NOTHING_ANSWERS);
  }
  const local = parts.local ? openLocal(config, { ...options, lifecycle }) : undefined;
  const clients = parts.services.map((service, index) => {
    const client = openServiceClient(service, index, options.log);
    lifecycle.onStop(`client of ${service.name}`, client.close);
    return serviceMember(service, client);
  });
  const plugins =
    parts.plugins === undefined
      ? undefined
      : openPlugins(config, parts.plugins, { ...options, hasEngine: parts.bridge });
  if (plugins !== undefined) lifecycle.onStop('plugins', plugins.close);

  plugins?.started.then(options.onChange, () => undefined);

  const common = {
    inventoryFigures: () => local?.figures(),
    firstSnapshot: local?.firstSnapshot,
    pluginHost: plugins?.started,
    close: lifecycle.stop,
  };
  if (local !== undefined && plugins === undefined && clients.length === 0) {
    const hasUnit = (name: string) => units.some((unit) => unit.name === name);
    return Promise.resolve({ ...common, ...local, hasUnit, serviceFigures: () => [] });
  }
  if (plugins !== undefined && local === undefined && clients.length === 0 && !parts.bridge) {
    return Promise.resolve({
      ...common,
      service: plugins.service,
      inventory: undefined,
      hasUnit: (name) => plugins.host()?.hasUnit(name) === true,
      readiness: () => ofPlugins() ?? IMPORTING,
      serviceFigures: () => [],
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
    const registry = await openRegistry(config, options.log);
    lifecycle.onStop('registry', registry.close);
    const members = [
      ...(local === undefined ? [] : [localMember(local)]),
      ...(plugins === undefined ? [] : [pluginMember(plugins, config)]),
      ...clients,
    ];
    const composite = compose(config, members, registry.store, options);
    lifecycle.onStop('services', composite.close);
    registry.serve(composite.edit);
    for (const { name } of parts.services) {
      options.metrics.breakerChanged({ service: name, state: 'closed' });
    }
    return {
      ...common,
      service: composite,
      inventory: composite.inventory,
      hasUnit: composite.hasUnit,
      readiness() {
        const ofLocal = local?.readiness();
        const problem = pluginsProblem();
        if (ofLocal?.ready === true) return { problem, ...ofLocal };
        if (composite.available()) return { ready: true, problem };
        // A folder without plugins has no unit that could be asked, and is served all the same.
        const isAlone = local === undefined && clients.length === 0;
        return (isAlone ? ofPlugins() : ofLocal) ?? { ready: false, reason: 'no service answers' };
      },
      serviceFigures: composite.state,
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
  { log, metrics, onChange }: BackendOptions,
): Composite {
  return createComposite({
    members,
    settings: config.composite,
    store,
    log,
    onMemberCall: metrics.serviceCalled,
    onBreakerChange: metrics.breakerChanged,
    onAvailability: onChange,
  });
}

/** The backend of the moment, as faces see it. */
export interface BackendReference {
  /** Passes each call on to the backend of the moment; calls that come before the first one wait for it, in their time. */
  readonly service: PolicyUnitService;
  readonly inventory: InventoryService;
  readonly current: () => Backend | undefined;
  /** Puts a backend in place. Returns the one before, which is the caller's to close once its calls have ended. */
  readonly swap: (next: Backend) => Backend | undefined;
}

/** Creates a reference to no backend yet. */
export function createBackendReference(): BackendReference {
  let current: Backend | undefined;
  let resolveFirst: (first: Backend) => void = () => undefined;
  const first = new Promise<Backend>((resolve) => (resolveFirst = resolve));

  async function inventoryOf(call: Call): Promise<InventoryService> {
    const { inventory } = current ?? (await waitFor(first, call.signal));
    if (inventory !== undefined) return inventory;
    throw new SchedulingError('UNIMPLEMENTED', 'no inventory here: configure an engine (engine.url)');
  }

  return {
    service: serviceBehind(
      (call) => current?.service ?? waitFor(first, call.signal).then(({ service }) => service),
    ),
    inventory: {
      listHosts: async (request, call) => (await inventoryOf(call)).listHosts(request, call),
      listVms: async (request, call) => (await inventoryOf(call)).listVms(request, call),
      getInventory: async (call) => (await inventoryOf(call)).getInventory(call),
      reserve: async (request, call) => (await inventoryOf(call)).reserve(request, call),
      release: async (vmId, call) => (await inventoryOf(call)).release(vmId, call),
      listReservations: async (call) => (await inventoryOf(call)).listReservations(call),
    },
    current: () => current,
    swap(next) {
      const before = current;
      current = next;
      resolveFirst(next);
      return before;
    },
  };
}
