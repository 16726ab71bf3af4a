import { z } from 'zod';
import { SchedulingError } from '../domain/errors.js';
import { isLoopback } from '../lib/address.js';
import { jsonAnswer, jsonTextAnswer, mediaTypeOf, type Answer, type Ask } from './answer.js';
import { faultsSchema, type FaultSwitch } from './faults.js';
import { parseInput, type JsonObject } from './json.js';
import type { World, WorldVm } from './world.js';

/** Path of the control endpoint, outside of the engine's. */
export const CONTROL_PATH = '/simulator';

const uuid = z.uuid().toLowerCase();
const onHost = z.strictObject({ host_id: uuid });
const nothing = z.strictObject({});

/**
 * Creates the endpoint that steers the world and its faults:
 * POST /simulator/vms/ID/start {host_id}, .../stop {}, .../migrate {host_id}; GET and PUT /simulator/faults;
 * GET /simulator/world.
 *
 * A web page can't reach it: it takes JSON only, which a form can't send, and answers only to a loopback name.
 */
export function createControl(world: World, faults: FaultSwitch): (ask: Ask) => Answer {
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
    if (id !== undefined) return unknownPath(ask);
    if (kind === 'world') return ask.method === 'GET' ? jsonAnswer(worldJson(world)) : notAllowed('GET');
    if (kind !== 'faults') return unknownPath(ask);
    if (ask.method === 'PUT') faults.set(read(faultsSchema, ask.body));
    else if (ask.method !== 'GET') return notAllowed('GET, PUT');
    return jsonTextAnswer(JSON.stringify(faults.current(), undefined, 2));
  }

  function changeVm(ask: Ask, id: string, action: string): Answer {
    if (!['start', 'stop', 'migrate'].includes(action)) return unknownPath(ask);
    if (ask.method !== 'POST') return notAllowed('POST');
    const vmId = uuid.safeParse(id);
    if (!vmId.success) return error(400, `vm id: expected a UUID, got ${JSON.stringify(id)}`);
    if (action === 'stop') {
      read(nothing, ask.body);
      world.stopVm(vmId.data);
    } else {
      const { host_id: hostId } = read(onHost, ask.body);
      if (action === 'start') world.startVm(vmId.data, hostId);
      else world.migrateVm(vmId.data, hostId);
    }
    const vm = world.vms.get(vmId.data);
    return jsonAnswer(vm === undefined ? {} : shortVmJson(vm));
  }
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
    last_event_id: world.events.after(0)[0]?.id ?? 0,
  };
}

function shortVmJson({ id, name, status, hostId }: WorldVm): JsonObject {
  return { id, name, status, host_id: hostId };
}

function unknownPath({ path }: Ask): Answer {
  return error(
    404,
    `${path}: no such path; see /simulator/world, /simulator/faults, /simulator/vms/ID/start`,
  );
}

function notAllowed(allow: string): Answer {
  return { status: 405, headers: { allow } };
}

function error(status: number, message: string): Answer {
  return jsonAnswer({ error: message }, status);
}
