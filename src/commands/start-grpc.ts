import { ConfigError } from '../config/load.js';
import type { Config } from '../config/schema.js';
import type { PolicyUnitService } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { InventoryService } from '../domain/inventory.js';
import type { Log } from '../process/log.js';
import type { Metrics } from '../process/metrics.js';
import { followFiles } from '../process/files.js';
import { startRpcServer, type RpcServer, type RpcServerOptions } from '../rpc/server.js';
import { serverTlsOptions } from '../rpc/tls.js';
import { CommandError, readConfiguredFile, warnOfOpenSecret } from './io.js';

/** Services offered over gRPC, and the log and metrics that are told of calls. */
export interface GrpcParts {
  readonly service: PolicyUnitService;
  /** Absent: the process has none, and says so to who asks for hosts and VMs. */
  readonly inventory?: InventoryService;
  /** Returns the inventory that replicas follow; undefined without one. */
  readonly feed?: RpcServerOptions['feed'];
  /** Returns the decisions that are kept; undefined where none are. */
  readonly decisions?: RpcServerOptions['decisions'];
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'callEnded' | 'callIncomplete' | 'connectionEnded'>;
}

/** Starts the gRPC server as configured. Rejects with a CommandError or a ConfigError that names the key. */
export async function startGrpc(
  config: Config,
  { service, inventory, feed, decisions, log, metrics }: GrpcParts,
): Promise<RpcServer> {
  try {
    const server = await startRpcServer({
      service,
      inventory,
      feed,
      decisions,
      settings: config.server,
      tls: tlsOf(config, log),
      log,
      onCallEnd: metrics.callEnded,
      onCallIncomplete: metrics.callIncomplete,
      onConnectionEnd: metrics.connectionEnded,
    });
    log.info('grpc server listening', {
      address: server.address,
      tls: config.server.tlsCertFile !== undefined,
    });
    return server;
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    if (error.code === 'UNAVAILABLE') throw new CommandError(`server.listen: ${error.message}`);
    throw new ConfigError(`server.tlsCertFile, server.tlsKeyFile, server.tlsClientCaFile: ${error.message}`);
  }
}

function tlsOf({ server }: Config, log: Log): RpcServerOptions['tls'] {
  const { tlsCertFile, tlsKeyFile, tlsClientCaFile } = server;
  if (tlsCertFile === undefined || tlsKeyFile === undefined) return undefined;
  const read = () => ({
    cert: readConfiguredFile('server.tlsCertFile', tlsCertFile),
    key: readConfiguredFile('server.tlsKeyFile', tlsKeyFile),
    clientCa: readConfiguredFile('server.tlsClientCaFile', tlsClientCaFile),
  });
  const files = [tlsCertFile, tlsKeyFile, tlsClientCaFile];
  const options = followFiles(read, serverTlsOptions, { files, log });
  warnOfOpenSecret('server.tlsKeyFile', tlsKeyFile, log);
  return options;
}
