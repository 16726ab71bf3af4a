import { SchedulingError } from '../domain/errors.js';
import type { Conflict } from './catalogue.js';

/** What to do about a unit that two services offer. The words in brackets are keys of the configuration and a command. */
const REMEDY =
  'rename it for one of them (rename), leave it out (units), or, when its service has it no longer, forget it (hostscore catalogue forget)';

/** The error for two services that offer one unit, or one service that offers two that are one here. */
export function conflictError({ unit, owner, newcomer }: Conflict): SchedulingError {
  const what = `the ${unit.type.toLowerCase()} unit ${JSON.stringify(unit.name)}`;
  if (owner === newcomer) {
    return invalid(`service ${JSON.stringify(owner)} offers two units that are both here ${what}; ${REMEDY}`);
  }
  const who = `services ${JSON.stringify(owner)} and ${JSON.stringify(newcomer)}`;
  return invalid(
    `${who} both offer ${what}; ${REMEDY}; or the services form a loop: then leave one of them out`,
  );
}

function invalid(message: string): SchedulingError {
  return new SchedulingError('INVALID_ARGUMENT', message);
}
