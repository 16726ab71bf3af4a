import type { Migration } from '../domain/contract.js';
import { parseUuid } from '../lib/uuid.js';
import { AnswerError, readLiteral, shown } from './answer-error.js';
import type { AskedHosts } from './asked-hosts.js';
import { isSequence, type PythonValue } from './python-literal.js';

/** What `print(vm_id, host_ids)` makes of the two in Python 3, as the old samples have it. */
const TWO_ARGUMENTS = /^([0-9a-fA-F-]{36})\s+(?=\[)/;

/**
 * Reads what do_balance printed: a VM and the hosts to which it may go. Nothing printed, None, an empty VM or no host asked
 * for among them is nothing to do, as the old samples say it. Throws an AnswerError for anything else.
 */
export function readMigration(printed: string, asked: AskedHosts): Migration | undefined {
  const text = printed.trim();
  if (text === '') return undefined;
  const answer = readLiteral(text.replace(TWO_ARGUMENTS, '"$1", '));
  if (answer === null || answer === '') return undefined;
  if (!isSequence(answer)) throw wrong(answer);
  if (answer.length === 0) return undefined;
  const [vm, hosts] = answer;
  if (answer.length !== 2 || !isSequence(hosts)) throw wrong(answer);
  if (vm === null || vm === '') return undefined;
  const vmId = typeof vm === 'string' ? parseUuid(vm) : undefined;
  if (vmId === undefined) throw new AnswerError(`expected a VM id, got ${shown(vm ?? null)}`);
  const candidates = new Set<string>();
  for (const id of hosts) {
    if (typeof id !== 'string') throw new AnswerError(`expected a host id, got ${shown(id)}`);
    const host = asked.ids[asked.indexOf(id) ?? -1];
    if (host !== undefined) candidates.add(host);
  }
  return candidates.size === 0 ? undefined : { vmId, candidateHostIds: [...candidates] };
}

function wrong(answer: PythonValue): AnswerError {
  return new AnswerError(`expected a VM id and a list of host ids, got ${shown(answer)}`);
}
