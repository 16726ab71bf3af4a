import { LOCAL_SERVICE, PLUGIN_SERVICE, type ServiceConfig } from '../config/services.js';
import type { Config } from '../config/schema.js';
import type { PolicyUnitService } from '../domain/contract.js';
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
  readonly hasUnit: (name: string) => boolean;
  readonly readiness: () => Readiness;
  /** Begins to list the services. */
  readonly start: () => void;
  /** Rejects when services turn out not to go together. */
  readonly firstListing: Promise<void>;
  readonly close: () => Promise<void> | void;
}

/** What it is made of: at least one of these. */
export interface AnsweringParts {
  readonly local: Local | undefined;
  readonly plugins: OpenPlugins | undefined;
  readonly services: readonly ServiceConfig[];
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'serviceCalled' | 'breakerChanged' | 'watchServices'>;
  /** Told whenever its readiness may have changed. */
  readonly onChange: () => void;
}

/** One of them answers by itself, several are composed. Rejects with a ConfigError for services that can't be. */
export async function openAnswering(config: Config, parts: AnsweringParts): Promise<Answering> {
  const { local, plugins, services } = parts;
  if (services.length === 0 && plugins === undefined && local !== undefined) return onlyLocal(local);
  if (services.length === 0 && plugins !== undefined && local === undefined)
    return onlyPlugins(plugins, parts.onChange);
  return several(config, parts);
}

function onlyLocal({ service, readiness }: Local): Answering {
  return {
    service,
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
      ...(local === undefined ? [] : [{ name: LOCAL_SERVICE, service: local.service, remote: false }]),
      ...(plugins === undefined
        ? []
        : [
            {
              name: PLUGIN_SERVICE,
              service: local === undefined ? whenThere(plugins.host) : withoutNative(plugins, log),
              // Its units come and go, like those of a service elsewhere.
              remote: true,
              deadlineMs: config.plugins.maxCallTime,
            },
          ]),
    ],
    services,
    log,
    metrics,
  });
  composite.onAvailability(onChange);
  metrics.watchServices(composite.state);
  return {
    service: composite,
    hasUnit: composite.hasUnit,
    readiness() {
      const ofLocal = local?.readiness();
      if (ofLocal?.ready === true || composite.available()) return { ready: true };
      return ofLocal ?? { ready: false, reason: 'no service answers' };
    },
    start: composite.start,
    firstListing: composite.firstListing,
    close: composite.close,
  };
}

/** The plugins that no unit of ours takes the place of: the samples of the old proxy are in many folders. */
function withoutNative({ host }: OpenPlugins, log: Log): PolicyUnitService {
  const native = new Set(units.map(identityOf));
  const told = new Set<string>();
  const service = whenThere(host);
  return {
    ...service,
    async listPolicyUnits(call) {
      const listed = await service.listPolicyUnits(call);
      const units = listed.units.filter((unit) => {
        const identity = identityOf(unit);
        if (!native.has(identity)) return true;
        if (!told.has(identity))
          log.info('plugin not needed', { unit: identity, instead: 'the unit of hostscore' });
        told.add(identity);
        return false;
      });
      return { ...listed, units };
    },
  };
}

const identityOf = ({ type, name }: { readonly type: string; readonly name: string }) => `${type}/${name}`;
