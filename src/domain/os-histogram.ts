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
 * than by host, so that scoring a host is a look into two arrays.
 */
export interface OsHistogram {
  /** Counts the VMs of each host that have this operating system, and those that share only its type. */
  readonly match: (os: Os) => OsMatches;
}

/** Builder of a histogram, one VM at a time. */
export interface OsHistogramBuilder {
  /** Counts a VM with this operating system at a host. */
  readonly add: (os: Os, hostIndex: number) => void;
  /** Returns the histogram so far, for hosts of an index below `hosts`. */
  readonly build: (hosts: number) => OsHistogram;
}

/** VMs by host index; sparse, so that the size grows with the VMs. */
type HostCounts = Map<number, number>;

interface TypeCounts {
  readonly vms: HostCounts;
  readonly versions: Map<string | undefined, HostCounts>;
}

/** Creates a builder without VMs. */
export function createOsHistogramBuilder(): OsHistogramBuilder {
  const types = new Map<string | undefined, TypeCounts>();

  return {
    add({ type, version }, hostIndex) {
      let counts = types.get(type);
      if (counts === undefined) types.set(type, (counts = { vms: new Map(), versions: new Map() }));
      let equal = counts.versions.get(version);
      if (equal === undefined) counts.versions.set(version, (equal = new Map<number, number>()));
      increment(counts.vms, hostIndex);
      increment(equal, hostIndex);
    },
    build: (hosts) => ({
      match({ type, version }) {
        const equal = new Int32Array(hosts);
        const sameType = new Int32Array(hosts);
        const counts = types.get(type);
        for (const [index, vms] of counts?.vms ?? []) sameType[index] = vms;
        for (const [index, vms] of counts?.versions.get(version) ?? []) {
          equal[index] = vms;
          sameType[index] = (sameType[index] ?? 0) - vms;
        }
        return { equal, sameType };
      },
    }),
  };
}

/** A VM that is added to a host or removed from it. */
export interface OsChange {
  readonly hostIndex: number;
  readonly os: Os;
  readonly step: 1 | -1;
}

/** Returns the histogram with these changes, leaving the original as it is. */
export function changeOsHistogram(original: OsHistogram, changes: readonly OsChange[]): OsHistogram {
  return {
    match(wanted) {
      const { equal, sameType } = original.match(wanted);
      const changed = { equal: Int32Array.from(equal), sameType: Int32Array.from(sameType) };
      for (const { hostIndex, os, step } of changes) {
        if (os.type !== wanted.type) continue;
        const counts = os.version === wanted.version ? changed.equal : changed.sameType;
        counts[hostIndex] = (counts[hostIndex] ?? 0) + step;
      }
      return changed;
    },
  };
}

function increment(counts: HostCounts, hostIndex: number): void {
  counts.set(hostIndex, (counts.get(hostIndex) ?? 0) + 1);
}
