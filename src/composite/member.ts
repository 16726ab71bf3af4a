import type { PolicyUnitService } from '../domain/contract.js';
import { MAX_UNIT_NAME_LENGTH } from '../domain/check-answer.js';
import { SchedulingError } from '../domain/errors.js';
import type { InventoryService } from '../domain/inventory.js';
import { quoted } from '../lib/text.js';

/** One of the services that a composite is made of. */
export interface Member {
  /** In errors, logs and metrics; unique within a composite. */
  readonly name: string;
  /** A client to a remote service, or a service of this process. */
  readonly service: PolicyUnitService;
  /** What it tells of hosts and VMs; absent: nothing. */
  readonly inventory?: InventoryService;
  /** Whether it may come and go: it is called through a breaker, its units are remembered, and it is listed again and again. */
  readonly remote: boolean;
  /** Longest that one call waits for it: milliseconds. Absent: as long as the caller waits. */
  readonly deadlineMs?: number;
  /** Offered names, of whatever type, that are taken; absent: all. */
  readonly units?: readonly string[];
  /** Names here by offered name, of whatever type. */
  readonly renames?: ReadonlyMap<string, string>;
  /** Whether it is no problem when one of its units is another member's already. */
  readonly yields?: boolean;
  /** Has a listener called each time the channel to the service comes, or comes back. Returns how to stop listening. */
  readonly onConnected?: (listener: () => void) => () => void;
  /** Has a listener called when it may have other units than it listed last. Returns how to stop listening. */
  readonly onUnitsChanged?: (listener: () => void) => () => void;
  /** Reports whether more units are on their way, such as plugins that are being imported. */
  readonly isIncomplete?: () => boolean;
}

/** Checks what a composite is to be made of. Throws INVALID_ARGUMENT, naming the member and the field. */
export function checkMembers(members: readonly Member[]): void {
  const seen = new Set<string>();
  for (const { name, deadlineMs, units = [], renames = new Map<string, string>() } of members) {
    const where = `service ${JSON.stringify(name)}`;
    if (name === '') throw invalid(where, 'expected a name, got ""');
    if (seen.has(name)) throw invalid(where, 'two services have this name; rename one');
    seen.add(name);
    if (deadlineMs !== undefined && !(deadlineMs >= 1)) {
      throw invalid(where, `deadline: expected 1 ms or more, got ${deadlineMs}`);
    }
    for (const unit of units) checkName(unit, `${where}: units`);
    for (const [offered, here] of renames) {
      checkName(offered, `${where}: rename`);
      checkName(here, `${where}: rename[${quoted(offered)}]`);
    }
  }
}

function checkName(name: string, where: string): void {
  if (name.length > 0 && name.length <= MAX_UNIT_NAME_LENGTH) return;
  throw invalid(where, `expected a name of 1 to ${MAX_UNIT_NAME_LENGTH} characters, got ${quoted(name)}`);
}

function invalid(where: string, problem: string): SchedulingError {
  return new SchedulingError('INVALID_ARGUMENT', `${where}: ${problem}`);
}
