import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { SchedulingError } from '../domain/errors.js';
import { reasonOf } from '../lib/text.js';
import type { Clock } from '../lib/timers.js';
import { parseInput } from './json.js';
import { CLUSTER_ID, createWorld, type NewHost, type NewVm, type World } from './world.js';

const jsonObject = z.record(z.string(), z.json());
const bytes = z.string().regex(/^\d+$/, 'expected a string of digits').transform(Number).default(0);

const cluster = z.object({ id: z.string() }).default({ id: CLUSTER_ID });

const host = z
  .object({ id: z.uuid(), name: z.string(), status: z.string(), cluster, memory: bytes })
  .transform(({ cluster: { id: clusterId }, ...fields }) => ({ ...fields, clusterId }));

const vm = z
  .object({
    id: z.uuid(),
    name: z.string(),
    status: z.string(),
    cluster,
    host: z.object({ id: z.uuid() }).optional(),
    os: z.object({ type: z.string().default('') }).default({ type: '' }),
    memory: bytes,
    start_time: z.number().optional(),
    stop_time: z.number().optional(),
  })
  .transform((fields): NewVm => ({
    id: fields.id,
    name: fields.name,
    status: fields.status,
    clusterId: fields.cluster.id,
    hostId: fields.host?.id,
    osType: fields.os.type,
    memory: fields.memory,
    startTime: fields.start_time,
    stopTime: fields.stop_time,
  }));

/** A recorded object, whole, beside the part of it that is understood. */
const withOriginal = <Fields extends z.ZodType<object>>(fields: Fields) =>
  jsonObject.transform((recorded, context) => {
    const parsed = fields.safeParse(recorded);
    if (parsed.success) return { ...parsed.data, recorded };
    for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message });
    return z.NEVER;
  });

const hostsFile = z.object({ host: z.array(withOriginal(host)).default([]) });
const vmsFile = z.object({ vm: z.array(withOriginal(vm)).default([]) });

/**
 * Creates a world of the answers of a real engine: `hosts.json`, `vms.json`, and `hosts__ID__statistics.json` where there is
 * one, the name being the request's path. Each object is served as it was recorded until its state changes.
 *
 * Throws INVALID_ARGUMENT naming the file and the field.
 */
export function recordedWorld(folder: string, options: { readonly clock?: Clock } = {}): World {
  const hosts = readJson(join(folder, 'hosts.json'), hostsFile).host.map((recordedHost): NewHost => {
    const statistics = join(folder, `hosts__${recordedHost.id}__statistics.json`);
    if (!existsSync(statistics)) return recordedHost;
    return { ...recordedHost, recordedStatistics: readJson(statistics, jsonObject) };
  });
  const { vm: vms } = readJson(join(folder, 'vms.json'), vmsFile);
  return createWorld({ hosts, vms, ...options });
}

function readJson<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const message = `${file}: can't be read as JSON: ${reasonOf(error)}`;
    throw new SchedulingError('INVALID_ARGUMENT', message, { cause: error });
  }
  return parseInput(schema, content, file);
}
