import { z } from 'zod';
import { SchedulingError } from '../domain/errors.js';
import { isLoopback } from '../lib/address.js';
import { jsonAnswer, jsonTextAnswer, mediaTypeOf, type Answer, type Ask } from './answer.js';
import type { Churn } from './churn.js';
import { faultsSchema, type FaultSwitch } from './faults.js';
import { parseInput, type JsonObject } from './json.js';
import type { RequestLog } from './request-log.js';
import type { Sessions } from './sso.js';
import type { World, WorldVm } from './world.js';

/** Path of the control endpoint, outside of the engine's. */
export const CONTROL_PATH = '/simulator';

const uuid = z.uuid().toLowerCase();
const onHost = z.strictObject({ host_id: uuid });
const nothing = z.strictObject({});
const newStatus = z.strictObject({ status: z.string().min(1) });
const newPassword = z.strictObject({ password: z.string().min(1) });
const newRate = z.strictObject({ vms_per_second: z.number() });
const lastEvent = z.strictObject({ last_id: z.int().min(0) });

/** Parts that the control endpoint shows and changes. */
export interface Controlled {
  readonly world: World;
  readonly sessions: Pick<Sessions, 'changePassword'>;
  readonly faults: FaultSwitch;
  readonly churn: Churn;
  readonly requests: RequestLog;
}

/**
 * Creates the endpoint that steers the world and its faults:
 * POST /simulator/vms/ID/start {host_id}, .../migrate {host_id}, .../stop, .../pause, .../resume, .../remove;
 * POST /simulator/hosts/ID/status {status}; POST /simulator/events/restore {last_id}; PUT /simulator/account {password};
 * GET and PUT /simulator/faults and /simulator/churn; GET and DELETE /simulator/requests; GET /simulator/world.
 *
 * A web page can't reach it: it takes JSON only, which a form can't send, and answers only to a loopback name.
 */
export function createControl({
  world,
  sessions,
  faults,
  churn,
  requests,
}: Controlled): (ask: Ask) => Answer {
  return (ask) => {
    const { host = '' } = ask.headers;
    if (!isLoopback(host.replace(/:\d+$/, ''))) {
      return error(403, `Host: expected a loopback name, got ${JSON.stringify(host)}`);
    }
    const type = mediaTypeOf(ask);
    if (ask.method !== 'GET' && type !== 'application/json') {
      return error(415, `Content-Type: expected application/json, got ${JSON.stringify(type ?? '')}`);
    }
    try {
      return route(ask);
    } catch (thrown) {
      const { code, message } = SchedulingError.from(thrown);
      return error(code === 'NOT_FOUND' ? 404 : code === 'INVALID_ARGUMENT' ? 400 : 500, message);
    }
  };

  function route(ask: Ask): Answer {
    const [kind, id, action, ...more] = ask.path.slice(CONTROL_PATH.length).split('/').slice(1);
    if (more.length > 0) return unknownPath(ask);
    if (kind === 'vms' && id !== undefined && action !== undefined) return changeVm(ask, id, action);
    if (kind === 'hosts' && id !== undefined && action === 'status') return changeHost(ask, id);
    if (kind === 'events' && id === 'restore' && action === undefined) return restoreEvents(ask);
    if (id !== undefined) return unknownPath(ask);
    if (kind === 'world') return ask.method === 'GET' ? jsonAnswer(worldJson(world)) : notAllowed('GET');
    if (kind === 'account') return changeAccount(ask);
    if (kind === 'faults') return steerFaults(ask);
    if (kind === 'churn') return steerChurn(ask);
    return kind === 'requests' ? showRequests(ask) : unknownPath(ask);
  }

  function changeAccount(ask: Ask): Answer {
    if (ask.method !== 'PUT') return notAllowed('PUT');
    sessions.changePassword(read(newPassword, ask.body).password);
    return jsonAnswer({});
  }

  function steerFaults(ask: Ask): Answer {
    if (ask.method === 'PUT') faults.set(read(faultsSchema, ask.body));
    else if (ask.method !== 'GET') return notAllowed('GET, PUT');
    return jsonTextAnswer(JSON.stringify(faults.current(), undefined, 2));
  }

  function steerChurn(ask: Ask): Answer {
    if (ask.method === 'PUT') churn.set(read(newRate, ask.body).vms_per_second);
    else if (ask.method !== 'GET') return notAllowed('GET, PUT');
    return jsonAnswer({ vms_per_second: churn.rate() });
  }

  function showRequests({ method }: Ask): Answer {
    if (method === 'DELETE') requests.reset();
    else if (method !== 'GET') return notAllowed('GET, DELETE');
    return jsonAnswer(
      Object.fromEntries([...requests.traffic()].map(([path, traffic]) => [path, { ...traffic }])),
    );
  }

  function changeVm(ask: Ask, id: string, action: string): Answer {
    const change = Object.hasOwn(VM_CHANGES, action) ? VM_CHANGES[action] : undefined;
    if (change === undefined) return unknownPath(ask);
    if (ask.method !== 'POST') return notAllowed('POST');
    const vmId = idOf('vm', id);
    change(world, vmId, ask.body);
    const vm = world.vms.get(vmId);
    return jsonAnswer(vm === undefined ? {} : shortVmJson(vm));
  }

  function changeHost(ask: Ask, id: string): Answer {
    if (ask.method !== 'POST') return notAllowed('POST');
    const hostId = idOf('host', id);
    const { status } = read(newStatus, ask.body);
    world.setHostStatus(hostId, status);
    return jsonAnswer({ id: hostId, status });
  }

  function restoreEvents(ask: Ask): Answer {
    if (ask.method !== 'POST') return notAllowed('POST');
    world.events.restore(read(lastEvent, ask.body).last_id);
    return jsonAnswer({ last_event_id: lastEventId(world) });
  }
}

type VmChange = (world: World, vmId: string, body: string) => void;

const alone =
  (change: (world: World, vmId: string) => void): VmChange =>
  (world, vmId, body) => {
    read(nothing, body);
    change(world, vmId);
  };

const withHost =
  (change: (world: World, vmId: string, hostId: string) => void): VmChange =>
  (world, vmId, body) =>
    change(world, vmId, read(onHost, body).host_id);

/** Actions on a VM, by the last part of the path. */
const VM_CHANGES: Readonly<Record<string, VmChange>> = {
  start: withHost((world, vmId, hostId) => world.startVm(vmId, hostId)),
  migrate: withHost((world, vmId, hostId) => world.migrateVm(vmId, hostId)),
  stop: alone((world, vmId) => world.stopVm(vmId)),
  pause: alone((world, vmId) => world.pauseVm(vmId)),
  resume: alone((world, vmId) => world.resumeVm(vmId)),
  remove: alone((world, vmId) => world.removeVm(vmId)),
};

function idOf(kind: 'vm' | 'host', text: string): string {
  const parsed = uuid.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new SchedulingError('INVALID_ARGUMENT', `${kind} id: expected a UUID, got ${JSON.stringify(text)}`);
}

/** Parses a body; an empty one counts as `{}`. Throws INVALID_ARGUMENT naming the field. */
function read<Schema extends z.ZodType>(schema: Schema, body: string): z.output<Schema> {
  let value: unknown;
  try {
    value = body.trim() === '' ? {} : JSON.parse(body);
  } catch (cause) {
    throw new SchedulingError('INVALID_ARGUMENT', 'body: expected JSON', { cause });
  }
  return parseInput(schema, value);
}

function worldJson(world: World): JsonObject {
  const vms = [...world.vms.values()];
  const running = vms.filter(({ hostId }) => hostId !== undefined).length;
  return {
    vms: { total: vms.length, running, stopped: vms.length - running },
    hosts: world.hostsByName().map(({ id, name, status }) => ({
      id,
      name,
      status,
      running_vms: world.loadOf(id).vms,
    })),
    last_event_id: lastEventId(world),
  };
}

function lastEventId({ events }: World): number {
  return events.after(0)[0]?.id ?? 0;
}

function shortVmJson({ id, name, status, hostId }: WorldVm): JsonObject {
  return { id, name, status, host_id: hostId };
}

function unknownPath({ path }: Ask): Answer {
  return error(
    404,
    `${path}: no such path; see /simulator/world, /simulator/faults, /simulator/churn, /simulator/requests, /simulator/vms/ID/start`,
  );
}

function notAllowed(allow: string): Answer {
  return { status: 405, headers: { allow } };
}

function error(status: number, message: string): Answer {
  return jsonAnswer({ error: message }, status);
}
