import type { Os } from './os-identity.js';

/** How many VMs of one OS type there are, in all and by version. */
interface OsTypeCount {
  readonly vms: number;
  readonly versions: ReadonlyMap<string | undefined, number>;
}

/** How many VMs of which operating system run on one host. Built once a snapshot, so that a score costs O(1) a host. */
export interface OsHistogram {
  /** VMs in all. */
  readonly vms: number;
  readonly types: ReadonlyMap<string | undefined, OsTypeCount>;
}

/** How many VMs of a host have an operating system equal to another one, wholly or in its type only. */
export interface OsMatches {
  /** Type and version equal; two absent ones are equal, one absent is different. */
  readonly equal: number;
  /** Type equal, version different. */
  readonly sameType: number;
}

/** Counts the VMs of a histogram whose operating system equals this one, and those that share only its type. */
export function matchOs(histogram: OsHistogram, os: Os): OsMatches {
  const type = histogram.types.get(os.type);
  if (type === undefined) return { equal: 0, sameType: 0 };
  const equal = type.versions.get(os.version) ?? 0;
  return { equal, sameType: type.vms - equal };
}

/** Gathers operating systems, one VM at a time. */
export interface OsHistogramBuilder {
  readonly add: (os: Os) => void;
  /** Takes one VM away again; it must have been added. */
  readonly remove: (os: Os) => void;
  readonly build: () => OsHistogram;
}

/** Starts a histogram, from nothing or from a copy of another. */
export function createOsHistogramBuilder(from?: OsHistogram): OsHistogramBuilder {
  let vms = from?.vms ?? 0;
  const types = new Map<string | undefined, { vms: number; versions: Map<string | undefined, number> }>();
  for (const [type, count] of from?.types ?? []) {
    types.set(type, { vms: count.vms, versions: new Map(count.versions) });
  }

  function count(os: Os, step: 1 | -1): void {
    let type = types.get(os.type);
    if (type === undefined) types.set(os.type, (type = { vms: 0, versions: new Map() }));
    type.versions.set(os.version, (type.versions.get(os.version) ?? 0) + step);
    type.vms += step;
    vms += step;
  }

  return { add: (os) => count(os, 1), remove: (os) => count(os, -1), build: () => ({ vms, types }) };
}
