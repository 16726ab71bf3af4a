import type { PolicyUnit, UnitProblem } from '../domain/contract.js';
import type { Log } from '../process/log.js';
import type { Member } from './member.js';
import { MAX_DEPTH, problemOf, unitIdentity, type Conflict, type RoutingTable } from './registry.js';

/** Words for a service that lists units which came from here. */
export const LOOP_REASON = `it lists units of this very process, or units that came through ${MAX_DEPTH} others: the services of the configurations form a loop; leave one of them out`;

/**
 * Log of what becomes of units. An event of a listing is one line for each service, or pair of services, with its first unit
 * and the number of further ones, since services may change all their units all the time.
 */
export interface UnitLog {
  /** Logs units and properties of a listing that are not taken, unless they are those of the listing before. */
  readonly leftOut: (service: string, faults: readonly UnitProblem[]) => void;
  /** Logs units that a service lists no longer. */
  readonly gone: (service: string, units: readonly PolicyUnit[]) => void;
  /** Notes whether the last listing of a service held units that came from here; logs it when that begins. */
  readonly looping: (service: string, isLooping: boolean) => void;
  /** Returns the services that form a loop. */
  readonly loops: () => ReadonlySet<string>;
  /** Logs units that changed their service, but to a newcomer, and conflicts that were not there before. */
  readonly routed: (before: RoutingTable, table: RoutingTable, newcomer?: string) => void;
  /** Tells whether a conflict is a problem. */
  readonly isProblem: (conflict: Conflict) => boolean;
}

/** Something to log, and the service or services that it is about. */
interface Entry {
  readonly topic: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Creates the log of the units of these members. */
export function createUnitLog(members: readonly Member[], log: Log): UnitLog {
  const loops = new Set<string>();
  const leftOut = new Map<string, string>();
  let reportedConflicts: ReadonlySet<string> = new Set();

  function report(level: 'warn' | 'error', event: string, entries: readonly Entry[]): void {
    const topics = new Map<string, { readonly fields: Entry['fields']; more: number }>();
    for (const { topic, fields } of entries) {
      const first = topics.get(topic);
      if (first === undefined) topics.set(topic, { fields, more: 0 });
      else first.more += 1;
    }
    for (const [topic, { fields, more }] of topics)
      log[level](event, { ...fields, ...(more > 0 ? { more } : {}) }, topic);
  }

  function nameOf(member: number): string {
    return members[member]?.name ?? '';
  }

  function isProblem({ owner, loser }: Conflict): boolean {
    return members[loser.member]?.yields !== true || members[owner.member]?.remote !== false;
  }

  function logChanges(before: RoutingTable, table: RoutingTable, newcomer: string | undefined): void {
    const changes = table.units.flatMap((unit): readonly Entry[] => {
      const [from, to] = [before, table].map(({ routes }) => routes[unit.type].get(unit.name)?.member ?? -1);
      if (from === undefined || to === undefined || from < 0 || from === to || nameOf(to) === newcomer)
        return [];
      const fields = { unit: unitIdentity(unit), from: nameOf(from), to: nameOf(to) };
      return [{ topic: `${from} ${to}`, fields }];
    });
    report('error', 'unit changed its service', changes);
  }

  function logConflicts(table: RoutingTable): void {
    const reported = new Set<string>();
    const problems: Entry[] = [];
    for (const conflict of table.conflicts) {
      const { owner, loser } = conflict;
      const unit = unitIdentity(loser.unit);
      const key = `${unit} ${owner.member} ${owner.offeredName} ${loser.member} ${loser.offeredName}`;
      reported.add(key);
      if (reportedConflicts.has(key)) continue;
      const fields = { unit, kept: nameOf(owner.member), ignored: nameOf(loser.member) };
      if (isProblem(conflict)) {
        const { reason } = problemOf(conflict, members);
        problems.push({ topic: `${owner.member} ${loser.member}`, fields: { ...fields, reason } });
      } else log.info('unit not needed', fields, key);
    }
    report('error', 'unit offered twice', problems);
    reportedConflicts = reported;
  }

  return {
    leftOut(service, faults) {
      const text = JSON.stringify(faults);
      if (text === (leftOut.get(service) ?? '[]')) return;
      leftOut.set(service, text);
      const entryOf = ({ source, reason }: UnitProblem) => ({
        topic: service,
        fields: { service, unit: source, reason },
      });
      report('warn', 'unit left out', faults.map(entryOf));
    },
    gone(service, units) {
      const entryOf = (unit: PolicyUnit) => ({
        topic: service,
        fields: { service, unit: unitIdentity(unit) },
      });
      report('warn', 'unit no longer offered', units.map(entryOf));
    },
    looping(service, isLooping) {
      const fields = { service, reason: LOOP_REASON };
      if (isLooping && !loops.has(service))
        report('error', 'services form a loop', [{ topic: service, fields }]);
      if (isLooping) loops.add(service);
      else loops.delete(service);
    },
    loops: () => loops,
    routed(before, table, newcomer) {
      logChanges(before, table, newcomer);
      logConflicts(table);
    },
    isProblem,
  };
}
