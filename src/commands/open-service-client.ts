import { ConfigError } from '../config/load.js';
import type { ServiceConfig } from '../config/services.js';
import { SchedulingError } from '../domain/errors.js';
import { createRpcClient, type RpcClient } from '../rpc/client.js';
import { readConfiguredFile } from './read-file.js';

/** Opens the client of a configured service, the `index`-th. Throws a ConfigError that names the key. */
export function openServiceClient(service: ServiceConfig, index: number): RpcClient {
  const { target, tls, tlsCaFile, tlsCertFile, tlsKeyFile } = service;
  const at = (key: string) => `services[${index}].${key}`;
  const read = (key: string, path: string | undefined) =>
    path === undefined ? undefined : readConfiguredFile(at(key), path);
  const [ca, cert, key] = [
    read('tlsCaFile', tlsCaFile),
    read('tlsCertFile', tlsCertFile),
    read('tlsKeyFile', tlsKeyFile),
  ];
  const secured = tls || ca !== undefined || cert !== undefined;
  try {
    return createRpcClient({
      target,
      ...(secured
        ? {
            tls: {
              ...(ca === undefined ? {} : { ca }),
              ...(cert === undefined ? {} : { cert }),
              ...(key === undefined ? {} : { key }),
            },
          }
        : {}),
    });
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    throw new ConfigError(`${at('target')}: ${error.message}`);
  }
}
