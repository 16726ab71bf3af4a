import type { Os } from './os-identity.js';

/** Number of VMs on each host whose operating system matches a given one. Arrays are indexed by {@link Host.index}. */
export interface OsMatches {
  /** Type and version equal; two absent ones are equal, one absent is different. */
  readonly equal: Readonly<Int32Array>;
  /** Type equal, version different. */
  readonly sameType: Readonly<Int32Array>;
}

/**
 * Number of VMs of each operating system on each host, under one identity. Counted once per snapshot and kept by OS rather
 * than by host, so that scoring a host is a look into two arrays. Immutable; a changed one shares the counts that stay.
 */
export interface OsHistogram {
  /** Counts the VMs of each host that have this operating system, and those that share only its type. */
  readonly match: (os: Os) => OsMatches;
  /** Counts by type, for {@link createOsHistogramBuilder}. */
  readonly types: ReadonlyMap<string | undefined, TypeCounts>;
}

/** Builder of a histogram, one VM at a time. */
export interface OsHistogramBuilder {
  /** Counts a VM with this operating system at a host; with a step of -1, counts it there no longer. */
  readonly add: (os: Os, hostIndex: number, step?: 1 | -1) => void;
  /** Returns the histogram so far, for hosts of an index below `hosts`. */
  readonly build: (hosts: number) => OsHistogram;
}

/** VMs by host index, in ascending order; sparse, so that the size grows with the VMs. */
interface HostCounts {
  readonly hosts: Readonly<Int32Array>;
  readonly vms: Readonly<Int32Array>;
}

/** Number of VMs of one type, in all and by version. */
interface TypeCounts {
  readonly vms: HostCounts;
  readonly versions: ReadonlyMap<string | undefined, HostCounts>;
}

/** Changes of the numbers of VMs, by host index. */
type Steps = Map<number, number>;

const NO_VMS: HostCounts = { hosts: new Int32Array(0), vms: new Int32Array(0) };

/** Creates a builder that starts with the VMs of a histogram, or with none. */
export function createOsHistogramBuilder(original?: OsHistogram): OsHistogramBuilder {
  const changes = new Map<string | undefined, Map<string | undefined, Steps>>();

  return {
    add({ type, version }, hostIndex, step = 1) {
      let versions = changes.get(type);
      if (versions === undefined) changes.set(type, (versions = new Map<string | undefined, Steps>()));
      let steps = versions.get(version);
      if (steps === undefined) versions.set(version, (steps = new Map<number, number>()));
      increment(steps, hostIndex, step);
    },
    build(hosts) {
      const types = new Map(original?.types);
      for (const [type, versions] of changes) {
        const counts = changeType(types.get(type), versions);
        if (counts.versions.size > 0) types.set(type, counts);
        else types.delete(type);
      }
      return histogramOf(types, hosts);
    },
  };
}

/** Creates a histogram, in a scope of its own: its function must not keep the one before it alive. */
function histogramOf(types: OsHistogram['types'], hosts: number): OsHistogram {
  return { types, match: (os) => match(types.get(os.type), os, hosts) };
}

function match(counts: TypeCounts | undefined, { version }: Os, hosts: number): OsMatches {
  const matches = { equal: new Int32Array(hosts), sameType: new Int32Array(hosts) };
  if (counts === undefined) return matches;
  const { equal, sameType } = matches;
  const same = counts.versions.get(version) ?? NO_VMS;
  for (let at = 0; at < counts.vms.hosts.length; at++) {
    sameType[counts.vms.hosts[at] ?? 0] = counts.vms.vms[at] ?? 0;
  }
  for (let at = 0; at < same.hosts.length; at++) {
    const [index, vms] = [same.hosts[at] ?? 0, same.vms[at] ?? 0];
    equal[index] = vms;
    sameType[index] = (sameType[index] ?? 0) - vms;
  }
  return matches;
}

function changeType(
  original: TypeCounts | undefined,
  changes: ReadonlyMap<string | undefined, Steps>,
): TypeCounts {
  const versions = new Map(original?.versions);
  const all: Steps = new Map();
  for (const [version, steps] of changes) {
    const counts = changeCounts(versions.get(version), steps);
    if (counts.hosts.length > 0) versions.set(version, counts);
    else versions.delete(version);
    for (const [index, step] of steps) increment(all, index, step);
  }
  return { vms: changeCounts(original?.vms, all), versions };
}

/** Merges the changes into the counts, and leaves out hosts without VMs. */
function changeCounts(original: HostCounts = NO_VMS, steps: Steps): HostCounts {
  const changes = [...steps].filter(([, step]) => step !== 0).sort(([left], [right]) => left - right);
  if (changes.length === 0) return original;
  const most = original.hosts.length + changes.length;
  const hosts = new Int32Array(most);
  const vms = new Int32Array(most);
  let size = 0;
  let at = 0;
  const put = (index: number, count: number): void => {
    if (count === 0) return;
    hosts[size] = index;
    vms[size] = count;
    size += 1;
  };
  const copyBelow = (index: number): void => {
    for (; (original.hosts[at] ?? Infinity) < index; at++)
      put(original.hosts[at] ?? 0, original.vms[at] ?? 0);
  };
  for (const [index, step] of changes) {
    copyBelow(index);
    const isCounted = original.hosts[at] === index;
    put(index, step + (isCounted ? (original.vms[at] ?? 0) : 0));
    if (isCounted) at += 1;
  }
  copyBelow(Infinity);
  return { hosts: hosts.slice(0, size), vms: vms.slice(0, size) };
}

function increment(counts: Steps, index: number, step: number): void {
  counts.set(index, (counts.get(index) ?? 0) + step);
}
