import type { Os } from './os-identity.js';

/** How many VMs of each host have an operating system equal to another one. Arrays are indexed by {@link Host.index}. */
export interface OsMatches {
  /** Type and version equal; two absent ones are equal, one absent is different. */
  readonly equal: Readonly<Int32Array>;
  /** Type equal, version different. */
  readonly sameType: Readonly<Int32Array>;
}

/**
 * How many VMs of which operating system run on each host, under one identity. Counted once a snapshot and kept by OS
 * rather than by host: what a request needs of all hosts then lies side by side, and scoring one host is a look into two
 * arrays.
 */
export interface OsHistogram {
  /** Counts, for each host, the VMs whose operating system equals this one, and those that share only its type. */
  readonly match: (os: Os) => OsMatches;
}

/** Counts operating systems, one VM at a time. */
export interface OsHistogramBuilder {
  /** Counts a VM with this operating system at a host. */
  readonly add: (os: Os, hostIndex: number) => void;
  /** The histogram of what was added so far, for hosts of an index below `hosts`. */
  readonly build: (hosts: number) => OsHistogram;
}

/** VMs by host index; hosts without any are left out, so that the size follows the VMs. */
type HostCounts = Map<number, number>;

interface TypeCounts {
  readonly vms: HostCounts;
  readonly versions: Map<string | undefined, HostCounts>;
}

/** Starts a histogram. */
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

/** A VM that comes to a host, or leaves it. */
export interface OsChange {
  readonly hostIndex: number;
  readonly os: Os;
  readonly step: 1 | -1;
}

/** The histogram with these changes; the original stays as it is. */
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
