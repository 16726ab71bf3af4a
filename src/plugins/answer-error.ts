import { parsePythonLiteral, PythonLiteralError, type PythonValue } from './python-literal.js';

/** What a plugin printed is no answer. The message says why, in words for its author. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

/** Longest piece of an answer that a message repeats: characters. */
export const MAX_QUOTED_ANSWER = 64;

/** Reads the one Python literal that a plugin has to print. Throws an AnswerError. */
export function readLiteral(printed: string): PythonValue {
  try {
    return parsePythonLiteral(printed);
  } catch (error) {
    if (!(error instanceof PythonLiteralError)) throw error;
    throw new AnswerError(`what it printed is no Python literal: ${error.message}`);
  }
}

/** A piece of an answer, as a message shows it. */
export function shown(value: PythonValue): string {
  const text = write(value, 0);
  return text.length > MAX_QUOTED_ANSWER ? `${text.slice(0, MAX_QUOTED_ANSWER)}...` : text;
}

function write(value: PythonValue, depth: number): string {
  if (value === null) return 'None';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAX_QUOTED_ANSWER));
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'bigint' || typeof value === 'number') return String(value);
  if (depth > 2) return '[...]';
  return `[${value
    .slice(0, 4)
    .map((item) => write(item, depth + 1))
    .join(', ')}${value.length > 4 ? ', ...' : ''}]`;
}
