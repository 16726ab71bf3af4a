import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { Config } from '../config/schema.js';
import { configHash, redacted } from '../config/load.js';
import { policiesOf } from '../config/policies.js';
import { reloadConfig } from '../config/reload.js';
import { SchedulingError } from '../domain/errors.js';
import { withCounterfactuals, withPolicies } from '../domain/policies.js';
import { createAnswerLog } from '../process/answer-log.js';
import { createLifecycle } from '../process/lifecycle.js';
import type { LevelLog, Log, LogFields } from '../process/log.js';
import { createMetrics, type Metrics } from '../process/metrics.js';
import { observe } from '../process/observe.js';
import type { Authorize } from '../process/tokens.js';
import { startOpsServer, type OpsServer, type Readiness } from '../process/ops-server.js';
import { VERSION } from '../process/version.js';
import type { RpcServer } from '../rpc/server.js';
import { createBackendReference, openBackend, type Backend, type BackendParts } from './backend.js';
import { CommandError, print, type Io } from './io.js';
import { createKeptParts } from './kept-parts.js';
import { createReloader, type ReloaderOptions } from './reload.js';
import { createCertificateReader } from './certificates.js';
import { openDecisions } from './open-decisions.js';
import { startBridge, type RunningBridge } from './start-bridge.js';
import { openTracing } from './open-tracing.js';
import { openTokens, opsTlsOf, startGrpc } from './start-grpc.js';
import { tryLines } from './try-lines.js';

/** Parts of hostscore that a process runs. */
export interface ServiceParts extends BackendParts {
  readonly grpc: boolean;
}

/** A service that runs. */
export interface RunningService {
  readonly backend: Backend;
  /** Address of the gRPC server, as host:port. */
  readonly address?: string;
  /** Address that the oVirt engine calls, as host:port. */
  readonly bridgeAddress?: string;
  /** Stops everything, callers first, within a bounded time. */
  readonly stop: () => Promise<void>;
}

/** Words and facts of a service that can answer. */
export interface Announcement {
  /** Lines for a person, printed when the log is text. */
  readonly lines: readonly string[];
  /** The same as fields of a line of a log in JSON. */
  readonly facts: LogFields;
}

/** Time that each part may take to stop beyond that of calls in flight, in milliseconds. */
const STOP_STEP_SLACK_MS = 3000;

/** Parts that a process runs, also after its configuration has changed. */
export interface ServicePlan {
  /** Returns the parts by a configuration. Throws a ConfigError when it leaves nothing to run. */
  readonly partsOf: (config: Config) => ServiceParts;
  /** Reads the configuration anew. Throws a ConfigError. */
  readonly readAgain: () => Config;
}

/**
 * Starts what is planned, prints how to try it once it can answer, follows its configuration when the process is asked to
 * reload it, and stops when the process is asked to end.
 */
export async function runService(
  config: Config,
  plan: ServicePlan,
  log: LevelLog,
  io: Io,
  announcementOf: (service: RunningService) => Promise<Announcement | undefined> = (service) =>
    howToTry(config, service),
): Promise<void> {
  const service = await startService(config, plan, log, io);
  try {
    const ended = io.signal.aborted
      ? Promise.resolve(undefined)
      : once(io.signal, 'abort').then(() => undefined);
    const announcement = await Promise.race([announcementOf(service), ended]);
    if (!io.signal.aborted && announcement !== undefined) {
      if (config.log.format === 'json') log.info('ready', announcement.facts);
      else print(io, ...announcement.lines);
    }
    await ended;
    log.info('stopping');
  } finally {
    await service.stop();
  }
  log.info('stopped');
}

async function howToTry(config: Config, service: RunningService): Promise<Announcement> {
  const snapshot = await service.backend.firstSnapshot;
  const tls = config.server.tlsCertFile !== undefined;
  const { address, bridgeAddress } = service;
  const facts = { grpc: address, tls, bridge: bridgeAddress, hosts: snapshot?.hosts.length };
  const isRemembered = config.decisions.enabled;
  return { lines: tryLines({ ...service, tls, snapshot, isRemembered }), facts };
}

/**
 * Starts hostscore. What is configured is looked at, then the bridge listens, before anything that takes time: an engine
 * waits 100 ms for a connection. Then probes and metrics, the gRPC server, NOT_SERVING, then what answers. Rejects with
 * one clear line when something can't be started; what was started is stopped.
 */
async function startService(
  startConfig: Config,
  { partsOf, readAgain }: ServicePlan,
  log: LevelLog,
  { variables, onReload }: Io,
): Promise<RunningService> {
  let config = startConfig;
  const parts = partsOf(config);
  log.info('starting', startFacts(config));
  const tracing = await openTracing(variables, log);
  const authorize = openTokens(config, log);
  const stepTimeoutMs = config.shutdownGrace + STOP_STEP_SLACK_MS;
  const faces = createLifecycle({ log, stepTimeoutMs: config.shutdownDelay + stepTimeoutMs });
  const logAnswer = createAnswerLog(log);
  const backends = createBackendReference(({ service, policies, feed }) => {
    if (feed !== undefined) decisions?.follow(feed);
    const observed = observe(withPolicies(withCounterfactuals(service), policies), {
      logAnswer,
      metrics,
      policies,
    });
    return decisions?.record('GRPC', observed, policies) ?? observed;
  });
  const metrics = createMetrics((name) => backends.current()?.unitNames().includes(name) === true);
  metrics.watchInventory(() => backends.current()?.inventoryFigures());
  metrics.watchReservations(() => backends.current()?.reservationFigures());
  metrics.watchServices(() => backends.current()?.serviceFigures() ?? []);
  metrics.watchPlugins(() => backends.current()?.pluginProblems());
  const certificates = createCertificateReader();
  metrics.watchCertificates(() => certificates(config));
  let bridge: RunningBridge | undefined;
  let grpc: RpcServer | undefined;
  let stopping = false;
  const onChange = () => grpc?.setServing(readiness().ready);

  function readiness(): Readiness {
    if (stopping) return { ready: false, reason: 'stopping' };
    return backends.current()?.readiness() ?? { ready: false, reason: 'starting' };
  }

  /** Tells callers to go elsewhere, answers them until they noticed, then ends both servers within one time of grace. */
  async function stopServing(): Promise<void> {
    stopping = true;
    onChange();
    // Nobody was sent to a service that did not start.
    if (backends.current() !== undefined) await setTimeout(config.shutdownDelay);
    await Promise.all([bridge?.close(config.shutdownGrace), grpc?.close(config.shutdownGrace)]);
  }

  /** Lines about addresses that can't be bound, so that all of them are named at once. */
  const unbound: string[] = [];
  async function bound<Server>(start: Promise<Server>): Promise<Server | undefined> {
    try {
      return await start;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      unbound.push(error.message);
      return undefined;
    }
  }

  const kept = createKeptParts(config, log);
  const decisions = openDecisions(config, {
    stateDir: kept.stateDir,
    backend: backends.service,
    log,
    metrics,
  });
  const options = { kept, log, metrics, variables, stepTimeoutMs, onChange };
  const opening = openBackend(config, parts, options);
  // Who waits for it hears of it.
  opening.catch(() => undefined);

  async function openAgain(): ReturnType<ReloaderOptions['open']> {
    const { config: next, restart } = reloadConfig(config, readAgain());
    const backend = await openBackend(next, { ...partsOf(next), bridge: parts.bridge }, options);
    let useShadows: (() => void) | undefined;
    try {
      useShadows = decisions?.reopenShadows(next);
    } catch (error) {
      await backend.close();
      throw error;
    }
    if (restart.length > 0) log.warn('restart needed', { settings: restart.join(' ') });
    return {
      backend,
      swapped() {
        config = next;
        bridge?.configure(config);
        useShadows?.();
        log.setLevel(config.log.level);
        onChange();
      },
    };
  }

  let begin: () => void = () => undefined;
  const started = new Promise<void>((resolve) => (begin = resolve));
  const reloader = createReloader({
    ...{ started, backends, log },
    graceMs: config.shutdownGrace,
    open: openAgain,
  });
  onReload?.(reloader.request);
  try {
    if (parts.bridge) {
      const { followCall } = backends;
      const service = decisions?.record('ENGINE', backends.service, new Map()) ?? backends.service;
      bridge = await bound(startBridge(config, { service, followCall, tracing, log, metrics }));
    }
    if (config.ops.enabled) {
      const ops = await bound(
        startOps(config, { readiness, metrics, configuration: () => shownConfig(config), authorize, log }),
      );
      if (ops !== undefined) faces.onStop('ops server', ops.close);
    }
    if (parts.grpc) {
      const { gatewayService: service, inventory } = backends;
      const feed = () => backends.current()?.feed;
      const asked = () => decisions?.service;
      grpc = await bound(
        startGrpc(config, { service, inventory, feed, decisions: asked, authorize, tracing, log, metrics }),
      );
    }
    if (unbound.length > 0) throw new CommandError(unbound.join('\n'));
    faces.onStop('servers', stopServing);
    const backend = await opening;
    backends.swap(backend);
    backend.inPlace?.();
    backend.start();
    onChange();
    begin();
    return {
      backend,
      ...(grpc === undefined ? {} : { address: grpc.address }),
      ...(bridge === undefined ? {} : { bridgeAddress: bridge.address }),
      async stop() {
        const reloaded = reloader.stop();
        await faces.stop();
        await reloaded;
        await backends.current()?.close();
        await decisions?.close();
        await kept.close();
        await tracing?.close();
      },
    };
  } catch (error) {
    await Promise.all([bridge?.close(0), grpc?.close(0)]);
    await faces.stop();
    await opening.then(
      (backend) => backend.close(),
      () => undefined,
    );
    await decisions?.close();
    await kept.close();
    await tracing?.close();
    throw error;
  }
}

/** Returns the fields of the line with which a service starts. */
function startFacts(config: Config): LogFields {
  const policies = [...policiesOf(config.policies).values()].map(({ name, hash }) => `${name}=${hash}`);
  return {
    ...{ version: VERSION, node: process.version, configuration: configHash(config) },
    ...(policies.length === 0 ? {} : { policies: policies.join(' ') }),
  };
}

function shownConfig(config: Config): object {
  return { version: VERSION, hash: configHash(config), configuration: redacted(config) };
}

/** Starts the server for probes and metrics as configured. Rejects with a CommandError when the address can't be bound. */
async function startOps(
  config: Config,
  {
    readiness,
    metrics,
    configuration,
    ...rest
  }: {
    readonly readiness: () => Readiness;
    readonly metrics: Metrics;
    readonly configuration: () => object;
    readonly authorize: Authorize | undefined;
    readonly log: Log;
  },
): Promise<OpsServer> {
  try {
    const server = await startOpsServer({
      listen: config.ops.listen,
      tls: opsTlsOf(config, rest.log),
      ...{ readiness, metrics, configuration, ...rest },
    });
    rest.log.info('ops server listening', { address: server.address });
    return server;
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    throw new CommandError(`ops.listen: ${error.message}`);
  }
}
