import { LOCAL_SERVICE, PLUGIN_SERVICE, type ServiceConfig } from '../config/services.js';
import type { Config } from '../config/schema.js';
import type { Member } from '../composite/member.js';
import type { PolicyUnitService } from '../domain/contract.js';
import type { InventoryService } from '../domain/inventory.js';
import type { Log } from '../process/log.js';
import type { Metrics } from '../process/metrics.js';
import type { Readiness } from '../process/ops-server.js';
import type { PluginHost } from '../plugins/host.js';
import { units } from '../scoring/units/index.js';
import { openComposite } from './open-composite.js';
import type { Local } from './open-local.js';
import type { OpenPlugins } from './open-plugins.js';
import { whenThere } from './when-there.js';

/** What answers the callers of a process. */
export interface Answering {
  readonly service: PolicyUnitService;
  /** Absent: nothing here knows of hosts and VMs. */
  readonly inventory?: InventoryService;
  readonly hasUnit: (name: string) => boolean;
  readonly readiness: () => Readiness;
  /** Begins to list the services. */
  readonly start: () => void;
  /** Fulfilled when each service was listed or could not be, once. */
  readonly firstListing: Promise<void>;
  readonly close: () => Promise<void> | void;
}

/** What it is made of: at least one of these. */
export interface AnsweringParts {
  readonly local: Local | undefined;
  readonly plugins: OpenPlugins | undefined;
  readonly services: readonly ServiceConfig[];
  /** Whether an engine asks: it has to be told of every unit at its start, also of plugins that take long to import. */
  readonly bridge: boolean;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'serviceCalled' | 'breakerChanged' | 'watchServices'>;
  /** Told whenever its readiness may have changed. */
  readonly onChange: () => void;
}

/** One of them answers by itself, several are composed. Rejects with a ConfigError for services that can't be. */
export async function openAnswering(config: Config, parts: AnsweringParts): Promise<Answering> {
  const { local, plugins, services, bridge } = parts;
  if (services.length === 0 && plugins === undefined && local !== undefined) return onlyLocal(local);
  if (services.length === 0 && plugins !== undefined && local === undefined && !bridge)
    return onlyPlugins(plugins, parts.onChange);
  return several(config, parts);
}

function onlyLocal({ service, inventory, readiness }: Local): Answering {
  return {
    service,
    inventory,
    hasUnit: (name) => units.some((unit) => unit.name === name),
    readiness,
    start: () => undefined,
    firstListing: Promise.resolve(),
    close: () => undefined,
  };
}

function onlyPlugins({ host }: OpenPlugins, onChange: () => void): Answering {
  let started: PluginHost | undefined;
  void host.then(
    (there) => {
      started = there;
      onChange();
    },
    () => undefined,
  );
  return {
    service: whenThere(host),
    hasUnit: (name) => started?.hasUnit(name) === true,
    readiness: () =>
      started === undefined ? { ready: false, reason: 'the plugins are being imported' } : { ready: true },
    start: () => undefined,
    firstListing: Promise.resolve(),
    close: () => undefined,
  };
}

async function several(config: Config, parts: AnsweringParts): Promise<Answering> {
  const { local, plugins, services, log, metrics, onChange } = parts;
  const composite = await openComposite(config, {
    members: [
      ...(local === undefined ? [] : [localMember(local)]),
      ...(plugins === undefined ? [] : [pluginMember(config, plugins)]),
    ],
    services,
    log,
    metrics,
  });
  composite.onAvailability(onChange);
  let arePluginsThere = false;
  void plugins?.host.then(
    () => {
      arePluginsThere = true;
      onChange();
    },
    () => undefined,
  );
  metrics.watchServices(composite.state);
  return {
    service: composite,
    inventory: composite.inventory,
    hasUnit: composite.hasUnit,
    readiness() {
      const ofLocal = local?.readiness();
      if (ofLocal?.ready === true || composite.available()) return { ready: true };
      // A folder without plugins has no unit that could be asked, and is served all the same.
      if (arePluginsThere && local === undefined && services.length === 0) return { ready: true };
      return ofLocal ?? { ready: false, reason: 'no service answers' };
    },
    start: composite.start,
    firstListing: composite.firstListing,
    close: composite.close,
  };
}

function localMember({ service, inventory }: Local): Member {
  return { name: LOCAL_SERVICE, service, inventory, remote: false };
}

/** The plugins as a member: their units come and go, like those of a service elsewhere. */
function pluginMember({ plugins: { maxCallTime } }: Config, { host }: OpenPlugins): Member {
  let started: PluginHost | 'failed' | undefined;
  return {
    name: PLUGIN_SERVICE,
    service: whenThere(host),
    remote: true,
    deadlineMs: maxCallTime,
    // The samples of the old proxy lie in many folders.
    yields: true,
    isIncomplete: () => started === undefined || (started !== 'failed' && started.isImporting()),
    onUnitsChanged(listener) {
      let stop: () => void = () => undefined;
      let isStopped = false;
      host.then(
        (there) => {
          started = there;
          if (isStopped) return;
          stop = there.onUnitsChanged(listener);
          listener();
        },
        () => {
          started = 'failed';
          if (!isStopped) listener();
        },
      );
      return () => {
        isStopped = true;
        stop();
      };
    },
  };
}
