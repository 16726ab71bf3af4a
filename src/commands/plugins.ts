import { once } from 'node:events';
import { formatAddress } from '../config-values.js';
import type { Config } from '../config.js';
import { SchedulingError } from '../errors.js';
import { createLifecycle } from '../lifecycle.js';
import { createLog, type Log } from '../log.js';
import { createMetrics } from '../metrics.js';
import { observe } from '../observe.js';
import type { Readiness } from '../ops-server.js';
import { startPluginHost, type PluginHost, type PluginHostOptions } from '../plugins/host.js';
import { CommandError, print, type Io } from './io.js';
import { limitsOf, startOps, startServer, STOP_STEP_SLACK_MS, tlsOf } from './start-service.js';

/** Which plugins `hostscore plugins` serves, and how. */
export type PluginsOptions = Pick<PluginHostOptions, 'dir' | 'python' | 'limits' | 'direction'>;

/** `hostscore plugins`: serves the old Python plugins of a folder over gRPC until the process is asked to end. */
export async function plugins(options: PluginsOptions, config: Config, io: Io): Promise<void> {
  const log = createLog({ ...config.log, stream: io.stderr });
  const lifecycle = createLifecycle({ log, stepTimeoutMs: config.shutdownGrace + STOP_STEP_SLACK_MS });
  try {
    const host = await startHost(options, io, log);
    lifecycle.onStop('plugins', host.close);
    const listed = await host.listPolicyUnits({ requestId: 'start', signal: io.signal, deadline: Infinity });
    const metrics = createMetrics(listed.map(({ name }) => name));
    let readiness: Readiness = { ready: true };
    if (config.ops.enabled) {
      const ops = await startOps(config, () => readiness, metrics);
      lifecycle.onStop('ops server', ops.close);
      log.info('ops server listening', { address: formatAddress({ ...config.ops.listen, port: ops.port }) });
    }
    const server = await startServer({
      service: observe(host, { log, metrics }),
      listen: config.server.listen,
      ...tlsOf(config),
      limits: limitsOf(config),
      log,
      onCallEnd: ({ method, code, durationMs }) => metrics.callEnded(method, code, durationMs / 1000),
    });
    lifecycle.onStop('grpc server', () => {
      readiness = { ready: false, reason: 'stopping' };
      return server.close(config.shutdownGrace);
    });
    server.setServing(true);
    log.info('grpc server listening', {
      address: server.address,
      tls: config.server.tlsCertFile !== undefined,
    });
    print(io, `Serves ${listed.length} units of the plugins in ${options.dir} at ${server.address}.`);
    for (const { file, reason } of host.problems()) print(io, `  ${file}: ${reason}`);
    if (!io.signal.aborted) await once(io.signal, 'abort');
    log.info('stopping');
  } finally {
    await lifecycle.stop();
  }
  log.info('stopped');
}

async function startHost(options: PluginsOptions, io: Io, log: Log): Promise<PluginHost> {
  try {
    return await startPluginHost({ ...options, log, variables: { ...io.variables } });
  } catch (error) {
    if (error instanceof SchedulingError) throw new CommandError(error.message);
    throw error;
  }
}
