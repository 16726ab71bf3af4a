import { service } from 'grpc-health-check';
import { z } from 'zod';
import type { Call } from '../domain/contract.js';
import { callUnary, type Remote } from './unary-call.js';

const HEALTH_STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

/** What grpc.health.v1 says of a service. */
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

const healthAnswer = z.object({ status: z.enum(HEALTH_STATUSES).catch('UNKNOWN') });

/** Asks a remote server for the health of one of its services; '' is the server as a whole. */
export function checkHealth(remote: Remote, name: string, call: Call): Promise<HealthStatus> {
  const check = service['Check'];
  if (check === undefined) throw new TypeError('grpc-health-check has no Check method');
  return callUnary(remote, check, { service: name }, call, (answer) => healthAnswer.parse(answer).status);
}
