import type { JsonObject } from './pretty-json.js';

/** Path under which the engine serves everything. */
export const ENGINE_PATH = '/ovirt-engine';

/** A collection of the REST API. */
export type Collection = 'hosts' | 'vms' | 'events' | 'clusters' | 'templates';

/** The one cluster of a pretend engine that isn't a recorded one. */
export const CLUSTER_ID = 'c0000000-0000-4000-8000-000000000001';

/** Path of an object in the REST API. */
export function apiHref(collection: Collection, id: string): string {
  return `${ENGINE_PATH}/api/${collection}/${id}`;
}

/** The reference that stands wherever one object names another. */
export function apiLink(collection: Collection, id: string): JsonObject {
  return { href: apiHref(collection, id), id };
}

/** The links below an object, as every object carries them in `link` and `actions.link`. */
export function subLinks(href: string, names: readonly string[]): readonly JsonObject[] {
  return names.map((rel) => ({ href: `${href}/${rel}`, rel }));
}
