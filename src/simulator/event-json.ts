import { apiHref, apiLink, CLUSTER_ID } from './api-links.js';
import type { JsonObject } from './pretty-json.js';
import { EVENT_CODES, type WorldEvent } from './world-events.js';

/** The object that the engine answers for an event. */
export function eventJson(event: WorldEvent): JsonObject {
  const id = String(event.id);
  return {
    code: String(EVENT_CODES[event.name]),
    correlation_id: `simulated-${id}`,
    custom_id: '-1',
    description: event.description,
    flood_rate: '30',
    index: id,
    origin: 'oVirt',
    severity: event.severity ?? 'normal',
    time: event.time,
    cluster: apiLink('clusters', CLUSTER_ID),
    host: event.host && { ...apiLink('hosts', event.host.id), name: event.host.name },
    vm: event.vm && { ...apiLink('vms', event.vm.id), name: event.vm.name },
    href: apiHref('events', id),
    id,
  };
}
