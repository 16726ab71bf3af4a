import { AnswerError, readLiteral, shown } from './answer-error.js';
import type { AskedHosts } from './asked-hosts.js';
import { isSequence } from './python-literal.js';

/**
 * Reads what do_filter printed: a list of host ids. The hosts that it accepts, in the order asked; ids that were not asked
 * for are passed over, as they were when the engine intersected. Throws an AnswerError, so that a plugin which prints
 * nothing or something else rejects no host.
 */
export function readAcceptedHosts(printed: string, asked: AskedHosts): string[] {
  if (printed.trim() === '') throw new AnswerError('it printed nothing, expected a list of host ids');
  const answer = readLiteral(printed);
  if (!isSequence(answer)) throw new AnswerError(`expected a list of host ids, got ${shown(answer)}`);
  const accepted = new Set<number>();
  for (const id of answer) {
    if (typeof id !== 'string') throw new AnswerError(`expected a host id, got ${shown(id)}`);
    const index = asked.indexOf(id);
    if (index !== undefined) accepted.add(index);
  }
  return asked.ids.filter((_, index) => accepted.has(index));
}
