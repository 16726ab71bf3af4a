import type { GuestOs, Os } from '../domain/os-identity.js';

/** What is needed of a VM as the engine lists it. */
export interface EngineVm {
  /** UUID in lower case. */
  readonly id: string;
  readonly name: string;
  /** The engine's word: `up`, `down`, `migrating`, ...; absent for a VM whose image is illegal. */
  readonly status: string | undefined;
  /** Cluster to which it belongs, a UUID in lower case. */
  readonly clusterId: string | undefined;
  /** Host on which it runs, a UUID in lower case. */
  readonly hostId: string | undefined;
  /** In MiB, rounded up. */
  readonly memoryMiB: number | undefined;
  /** Whether its placement policy lets the engine migrate it by itself. */
  readonly migratable: boolean;
  /** As the administrator configured it. */
  readonly os: Os;
  /** What the guest agent reports, while it runs. */
  readonly guest: GuestOs | undefined;
}
