import type { TlsOptions } from 'node:tls';
import { ConfigError } from '../config/load.js';
import type { Config } from '../config/schema.js';
import type { PolicyUnitService } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { InventoryService } from '../domain/inventory.js';
import type { Tracing } from '../domain/trace.js';
import type { Log } from '../process/log.js';
import type { Metrics } from '../process/metrics.js';
import { followFiles } from '../process/files.js';
import { followTokens, type Authorize } from '../process/tokens.js';
import { startRpcServer, type RpcServer, type RpcServerOptions } from '../rpc/server.js';
import { serverTlsOptions, type ServerTls } from '../rpc/tls.js';
import { CommandError, openConfigured, readConfiguredFile, warnOfOpenSecret } from './io.js';

/** Services offered over gRPC, and the log and metrics that are told of calls. */
export interface GrpcParts {
  readonly service: PolicyUnitService;
  /** Absent: the process has none, and says so to who asks for hosts and VMs. */
  readonly inventory?: InventoryService;
  /** Returns the inventory that replicas follow; undefined without one. */
  readonly feed?: RpcServerOptions['feed'];
  /** Returns the decisions that are kept; undefined where none are. */
  readonly decisions?: RpcServerOptions['decisions'];
  /** Checks the tokens of calls; absent where calls need none. */
  readonly authorize?: Authorize | undefined;
  /** Traces calls; absent where nothing is traced. */
  readonly tracing?: Tracing | undefined;
  readonly log: Log;
  readonly metrics: Pick<
    Metrics,
    'callEnded' | 'callHandled' | 'callRefused' | 'callIncomplete' | 'connectionEnded'
  >;
}

/** Starts the gRPC server as configured. Rejects with a CommandError or a ConfigError that names the key. */
export async function startGrpc(
  config: Config,
  { service, inventory, feed, decisions, authorize, tracing, log, metrics }: GrpcParts,
): Promise<RpcServer> {
  warnOfOpenSecret('server.tlsKeyFile', config.server.tlsKeyFile, log);
  try {
    const server = await startRpcServer({
      service,
      inventory,
      feed,
      decisions,
      settings: config.server,
      tls: followTls(config.server, serverTlsOptions, log),
      authorize,
      tracing,
      log,
      onCallEnd: metrics.callEnded,
      onCallHandled: metrics.callHandled,
      onRefused: (reason) => metrics.callRefused('grpc', reason),
      onCallIncomplete: metrics.callIncomplete,
      onConnectionEnd: metrics.connectionEnded,
    });
    log.info('grpc server listening', {
      address: server.address,
      tls: config.server.tlsCertFile !== undefined,
      tokens: authorize !== undefined,
    });
    return server;
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    throw new CommandError(`server.listen: ${error.message}`);
  }
}

/** Opens the tokens that the gRPC server and the ops server take; undefined where calls need none. Throws a ConfigError. */
export function openTokens({ server: { tokensFile } }: Config, log: Log): Authorize | undefined {
  if (tokensFile === undefined) return undefined;
  return openConfigured(() => followTokens('server.tokensFile', tokensFile, { log }));
}

/** Returns the TLS options of the ops server, which asks no client for a certificate; undefined for plain text. Throws a ConfigError. */
export function opsTlsOf({ ops, server }: Config, log: Log): (() => TlsOptions) | undefined {
  const make = (tls: ServerTls) => ({ ...serverTlsOptions(tls), ALPNProtocols: ['http/1.1'] });
  return ops.tls ? followTls({ ...server, tlsClientCaFile: undefined }, make, log) : undefined;
}

function followTls(
  { tlsCertFile, tlsKeyFile, tlsClientCaFile }: Config['server'],
  make: (tls: ServerTls) => TlsOptions,
  log: Log,
): (() => TlsOptions) | undefined {
  if (tlsCertFile === undefined || tlsKeyFile === undefined) return undefined;
  const read = () => ({
    cert: readConfiguredFile('server.tlsCertFile', tlsCertFile),
    key: readConfiguredFile('server.tlsKeyFile', tlsKeyFile),
    clientCa: readConfiguredFile('server.tlsClientCaFile', tlsClientCaFile),
  });
  try {
    return followFiles(read, make, { files: [tlsCertFile, tlsKeyFile, tlsClientCaFile], log });
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    throw new ConfigError(`server.tlsCertFile, server.tlsKeyFile, server.tlsClientCaFile: ${error.message}`);
  }
}
