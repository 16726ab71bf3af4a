import { join } from 'node:path';
import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { ROOT } from './processes.js';

const definitions = loadSync(join(ROOT, 'proto/hostscore/v1/policy_unit_service.proto'), {
  keepCase: true,
  longs: String,
  enums: String,
});

/** How long a call may take on a machine that is busy. */
const DEADLINE_MS = 20_000;

const SERVICE = 'hostscore.v1.PolicyUnitService';

/** Calls a method of the contract, and returns the answer, or the error, as JSON. */
export async function callRpc(address: string, method: string, request: object): Promise<string> {
  const { path, requestSerialize, responseDeserialize } = methodOf(method);
  return withClient(address, async (client) => {
    const answer = await new Promise<object>((resolve) => {
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        deadline(),
        (error, response) => resolve(error === null ? (response ?? {}) : shown(error)),
      );
    });
    return pretty(answer);
  });
}

/** Calls a method of that name, whether there is one or not, with a message of these bytes, and returns the error as JSON. */
export async function callRaw(address: string, method: string, message: Uint8Array): Promise<string> {
  return withClient(address, async (client) => {
    const answer = await new Promise<object>((resolve) => {
      client.makeUnaryRequest(
        `/${SERVICE}/${method}`,
        () => Buffer.from(message),
        (bytes) => bytes,
        {},
        deadline(),
        (error, response) => resolve(error === null ? { bytes: response?.toString('hex') } : shown(error)),
      );
    });
    return pretty(answer);
  });
}

/** Sends these requests over one stream, and returns the answers and how the stream ended as JSON. */
export async function callStream(
  address: string,
  method: string,
  requests: readonly object[],
): Promise<string> {
  const { path, requestSerialize, responseDeserialize } = methodOf(method);
  return withClient(address, async (client) => {
    const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, deadline());
    const answers: object[] = [];
    const ended = new Promise<object>((resolve) => {
      stream
        .on('data', (answer: object) => answers.push(answer))
        .on('error', (error: ServiceError) => resolve(shown(error)))
        .on('end', () => resolve({ code: 'OK' }));
    });
    for (const request of requests) stream.write(request);
    stream.end();
    return pretty({ answers, ended: await ended });
  });
}

async function withClient(address: string, ask: (client: Client) => Promise<string>): Promise<string> {
  const client = new Client(address, credentials.createInsecure());
  try {
    return await ask(client);
  } finally {
    client.close();
  }
}

function methodOf(name: string): MethodDefinition<object, object> {
  const service = definitions[SERVICE];
  if (service === undefined || 'format' in service) throw new Error(`${SERVICE} is no service`);
  const method = service[name];
  if (method === undefined) throw new Error(`${SERVICE} has no ${name}`);
  return method;
}

const deadline = () => ({ deadline: Date.now() + DEADLINE_MS });

const shown = ({ code, details }: ServiceError) => ({ error: { code: status[code], details } });

/** Returns JSON with lists of numbers in one line. */
function pretty(answer: object): string {
  return JSON.stringify(answer, null, 2).replace(/\[[\s\d,-]+\]/g, (list) => list.replace(/\s+/g, ' '));
}
