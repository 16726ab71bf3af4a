import type { PolicyUnitService } from '../domain/contract.js';

/** One of the services that a composite is made of. */
export interface Member {
  /** In errors, logs and metrics; unique within a composite. */
  readonly name: string;
  /** A client to a remote service, or the policy engine of this process. */
  readonly service: PolicyUnitService;
  /** False for a service of this process: no breaker, nothing remembered on disk, listed at once. */
  readonly remote: boolean;
  /** Longest that one call waits for it: milliseconds. Absent: as long as the caller waits. */
  readonly deadlineMs?: number;
  /** Offered names, of whatever type, that are taken; absent: all. */
  readonly units?: readonly string[];
  /** Names here by offered name, of whatever type. */
  readonly renames?: ReadonlyMap<string, string>;
  /** Has a listener told each time the channel to the service comes, or comes back. Returns how to stop listening. */
  readonly onConnected?: (listener: () => void) => () => void;
}
