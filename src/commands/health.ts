import { CommandError, print, type Io } from './io.js';
import { withClient, type ClientOptions } from './open-client.js';

/** `hostscore health`: asks grpc.health.v1; ends with an error unless the server is SERVING. For container probes. */
export async function health(options: ClientOptions, io: Io): Promise<void> {
  const status = await withClient(options, io, (client, call) => client.health('', call));
  if (status !== 'SERVING') throw new CommandError(`${options.server} is ${status}`);
  print(io, status);
}
