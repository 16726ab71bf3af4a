import { setImmediate } from 'node:timers/promises';
import { parseUuid } from '../lib/uuid.js';
import { faultAnswer, htmlAnswer, jsonAnswer, jsonTextAnswer, type Answer, type Ask } from './answer.js';
import { eventJson, findEvents } from './events.js';
import { isOdd, oddObject, type Faults } from './faults.js';
import { hostJson, statisticsJson } from './host-json.js';
import { ENGINE_PATH, prettyJson, subLinks, type JsonObject } from './json.js';
import type { Sessions } from './sso.js';
import { createVmRenderer, vmJson } from './vm-json.js';
import type { World, WorldHost, WorldVm } from './world.js';

/** The one search text that means something here: VMs that the engine holds on some host. */
const RUNNING_VMS = 'on_host=*';
/** The one link that is followed. */
const STATISTICS = 'statistics';
const OF_HOSTS = /^\/api(?:\/v4)?\/hosts(?:\/|$)/;
const NOT_FOUND: Answer = { status: 404 };

/** Answers a request for `/api` and what is below, with the oddities of the faults that strike it. */
export type RestApi = (ask: Ask, faults: Faults) => Answer;

/** Creates the engine's REST API over a world: what an inventory client reads of it, in JSON only. */
export function createRestApi(world: World, sessions: Sessions): RestApi {
  const renderVm = createVmRenderer(1);

  return (ask, faults) => {
    const verdict = sessions.admit(ask.headers);
    if (!verdict.allowed)
      return htmlAnswer(401, 'Unauthorized', { 'www-authenticate': 'Basic realm="RESTAPI"' });
    const answer =
      faults.apiVersion3 !== undefined && !namesVersion(ask)
        ? version3Answer()
        : (refusal(ask) ?? route(ask, faults));
    if (verdict.setCookie === undefined) return answer;
    return { ...answer, headers: { ...answer.headers, 'set-cookie': verdict.setCookie } };
  };

  function route(ask: Ask, faults: Faults): Answer {
    const [collection, id, part, ...more] = ask.path
      .replace(/^\/api(?:\/v4)?/, '')
      .split('/')
      .slice(1);
    if (more.length > 0 || (part !== undefined && collection !== 'hosts')) return NOT_FOUND;
    switch (collection) {
      case undefined:
      case '':
        return jsonAnswer(rootJson(world));
      case 'hosts':
        return id === undefined ? hostList(ask, faults) : oneHost(id, part, ask, faults);
      case 'vms':
        return id === undefined ? vmList(ask, faults) : oneVm(id, ask, faults);
      case 'events':
        return id === undefined ? eventList(ask) : oneEvent(id);
      default:
        return NOT_FOUND;
    }
  }

  /** Returns a host, and where the request follows to its statistics those within it. */
  function followedHostJson(host: WorldHost, query: URLSearchParams): JsonObject {
    const load = world.loadOf(host.id);
    const json = hostJson(host, load);
    return query.get('follow') === STATISTICS ? { ...json, statistics: statisticsJson(host, load) } : json;
  }

  function hostList({ query }: Ask, { oddHosts }: Faults): Answer {
    const hosts = query.get('search')?.trim() ? [] : world.hostsByName().slice(0, maxOf(query));
    const render = (host: WorldHost, index: number) =>
      prettyJson(oddObject(oddHosts, host.id, index, followedHostJson(host, query)), 1);
    return jsonTextAnswer(listing('host', hosts, render));
  }

  function oneHost(id: string, part: string | undefined, { query }: Ask, { oddHosts }: Faults): Answer {
    if (parseUuid(id) === undefined) return malformed(id);
    const host = world.hosts.get(id.toLowerCase());
    if (host === undefined) return NOT_FOUND;
    if (part === STATISTICS) return jsonAnswer(statisticsJson(host, world.loadOf(host.id)));
    if (part !== undefined) return NOT_FOUND;
    return jsonTextAnswer(prettyJson(oddObject(oddHosts, host.id, 0, followedHostJson(host, query))));
  }

  function vmList(ask: Ask, { oddVms, oldSearch }: Faults): Answer {
    const { query } = ask;
    const search = query.get('search')?.trim() ?? '';
    const found = oldSearch !== undefined && search !== '' ? [] : searched(world.vmsByName(), search);
    const vms = found.slice(0, maxOf(query));
    const filtered = isFiltered(ask);
    const render = (vm: WorldVm, index: number) =>
      filtered || isOdd(oddVms, vm.id, index)
        ? prettyJson(oddObject(oddVms, vm.id, index, visibleVmJson(vm, filtered)), 1)
        : renderVm(vm);
    return jsonTextAnswer(listing('vm', vms, render));
  }

  function oneVm(id: string, ask: Ask, { oddVms }: Faults): Answer {
    if (parseUuid(id) === undefined) return malformed(id);
    const vm = world.vms.get(id.toLowerCase());
    if (vm === undefined) return NOT_FOUND;
    return jsonTextAnswer(prettyJson(oddObject(oddVms, vm.id, 0, visibleVmJson(vm, isFiltered(ask)))));
  }

  function eventList({ query }: Ask): Answer {
    const after = world.events.after(javaInt(query.get('from') ?? '') ?? 0);
    const events = findEvents(after, query.get('search') ?? '', maxOf(query));
    return jsonTextAnswer(listing('event', events, (event) => prettyJson(eventJson(event), 1)));
  }

  function oneEvent(id: string): Answer {
    const event = world.events.after(Number(id) - 1).at(-1);
    return event === undefined || String(event.id) !== id ? NOT_FOUND : jsonAnswer(eventJson(event));
  }
}

/** Refuses what no request may ask for here. */
function refusal({ method, headers, path, query }: Ask): Answer | undefined {
  if (method !== 'GET') return { status: 405, headers: { allow: 'GET' } };
  const version = headers['version'];
  if (version !== undefined && version !== '4')
    return faultAnswer(400, `Unsupported version ${String(version)}`);
  if (!(headers.accept ?? '').includes('application/json')) {
    return faultAnswer(
      406,
      'A real engine answers XML unless Accept names application/json; this one has no XML',
    );
  }
  const follow = query.get('follow');
  if (follow !== null && !(follow === STATISTICS && OF_HOSTS.test(path))) {
    return faultAnswer(501, 'This pretend engine follows no links but the statistics of hosts');
  }
  return undefined;
}

function namesVersion({ path, headers }: Ask): boolean {
  return /^\/api\/v\d+(?:\/|$)/.test(path) || headers['version'] !== undefined;
}

/** Returns a collection of version 3, where a status is an object: `{"state": "up"}`. Nothing else of that version is here. */
function version3Answer(): Answer {
  return jsonAnswer({ host: [{ status: { state: 'up' } }], vm: [{ status: { state: 'up' } }] });
}

/** Finds VMs. No search: all. One that the engine's parser refuses, or any other here: none, with status 200. */
function searched(vms: readonly WorldVm[], search: string): readonly WorldVm[] {
  if (search === '') return vms;
  return search === RUNNING_VMS ? vms.filter((vm) => vm.hostId !== undefined) : [];
}

/** Reads a number in a query as the engine does: what isn't an int it ignores. */
function javaInt(text: string): number | undefined {
  return /^[+-]?\d+$/.test(text) && Math.abs(Number(text)) <= 2_147_483_647 ? Number(text) : undefined;
}

/** Returns how many objects a request asks for at most; undefined when it sets no limit. */
function maxOf(query: URLSearchParams): number | undefined {
  const max = javaInt(query.get('max') ?? '');
  return max === undefined || max < 0 ? undefined : max;
}

/** Says whether the request asks for a plain user's view. */
function isFiltered({ headers, query }: Ask): boolean {
  return String(headers['filter'] ?? query.get('filter') ?? '').toLowerCase() === 'true';
}

/** Returns a VM; a plain user's view of it lacks its host. */
function visibleVmJson(vm: WorldVm, filtered: boolean): JsonObject {
  return filtered ? { ...vmJson(vm), host: undefined, placement_policy: undefined } : vmJson(vm);
}

function malformed(id: string): Answer {
  return faultAnswer(400, `Invalid UUID string: ${id}`);
}

function rootJson(world: World): JsonObject {
  const hosts = [...world.hosts.values()];
  const vms = [...world.vms.values()];
  return {
    link: subLinks(`${ENGINE_PATH}/api`, ['clusters', 'events', 'hosts', 'vms']),
    product_info: {
      name: 'oVirt Engine',
      vendor: 'ovirt.org',
      version: { build: '7', full_version: '4.5.7-1.el9', major: '4', minor: '5', revision: '0' },
    },
    summary: {
      hosts: {
        active: String(hosts.filter(({ status }) => status === 'up').length),
        total: String(hosts.length),
      },
      vms: {
        active: String(vms.filter(({ hostId }) => hostId !== undefined).length),
        total: String(vms.length),
      },
    },
  };
}

/** Characters in one piece of a listing. Making one takes well under a millisecond. */
export const LISTING_CHUNK = 65_536;

/**
 * Writes a collection piece by piece, object by object, so that neither memory nor the event loop feels its size: `{ }`
 * for an empty one, else `{ "key" : [ ... ] }`. `render` is given each item with its index, and writes it at depth 1.
 */
export async function* listing<Item>(
  key: string,
  items: readonly Item[],
  render: (item: Item, index: number) => string,
): AsyncGenerator<string> {
  if (items.length === 0) {
    yield '{ }';
    return;
  }
  let text = `{\n  "${key}" : [ `;
  for (const [index, item] of items.entries()) {
    text += index === 0 ? render(item, index) : `, ${render(item, index)}`;
    if (text.length < LISTING_CHUNK) continue;
    yield text;
    text = '';
    // A reader that is always ready would otherwise keep this loop, and nothing else, running.
    await setImmediate();
  }
  yield `${text} ]\n}`;
}
