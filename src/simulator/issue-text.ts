import type { z } from 'zod';

/** Says what is wrong with some input: each field by its path, as in `latency.ms: expected number, got string`. */
export function issueText(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => {
      const field = path.reduce<string>(
        (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}${text && '.'}${String(key)}`),
        '',
      );
      return field === '' ? message : `${field}: ${message}`;
    })
    .join('; ');
}
