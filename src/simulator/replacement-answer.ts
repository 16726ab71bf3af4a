import { STATUS_CODES } from 'node:http';
import { emptyAnswer, htmlAnswer, jsonTextAnswer, type Answer } from './answer.js';
import type { Faults } from './faults.js';

/** What is answered instead of the truth when one of these faults strikes; undefined when none does. */
export function replacementAnswer({ status, redirect, body }: Faults): Answer | undefined {
  if (status !== undefined) {
    const { code, retryAfter } = status;
    const headers = retryAfter === undefined ? undefined : { 'retry-after': String(retryAfter) };
    return htmlAnswer(code, `${code} ${STATUS_CODES[code] ?? 'Unknown'}`, headers);
  }
  if (redirect !== undefined) return emptyAnswer(302, { location: redirect.location });
  switch (body?.kind) {
    case 'html':
      return htmlAnswer(200, 'Welcome');
    case 'invalid_json':
      return jsonTextAnswer('{\n  "vm" : [ {\n    "id" : nonsense');
    case 'empty_object':
      return jsonTextAnswer('{ }');
    case undefined:
      return undefined;
  }
}
