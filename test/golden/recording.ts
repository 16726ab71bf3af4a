import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'recorded');

/** Whether the answers are to be recorded anew: `GOLDEN=write`. */
export const WRITES = process.env['GOLDEN'] === 'write';

/**
 * Replaces what differs from run to run: times, ids that hostscore made, ports that the system chose, and the system's words
 * for a connection that is gone, with the length of the body that they stand in.
 */
export function masked(text: string): string {
  const shown = text
    .replace(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/gm, 'Date: <time>')
    .replace(/"snapshot_time": \{\s*"seconds": "\d+",\s*"nanos": \d+\s*\}/g, '"snapshot_time": "<time>"')
    .replace(/"origin": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"/g, '"origin": "<composite>"')
    .replace(/"path": \[\s*"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"\s*\]/g, '"path": ["<composite>"]')
    .replace(/"request_id": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"/g, '"request_id": "<id>"')
    .replace(/(127\.0\.0\.1:\d{4,}: )[^<"\n]+/g, `$1${GONE}`)
    .replace(/127\.0\.0\.1:\d{4,}/g, '127.0.0.1:<port>');
  return shown.includes(GONE) ? shown.replace(/^Content-Length: \d+$/m, 'Content-Length: <length>') : shown;
}

const GONE = '<gone>';

/**
 * Shows an answer of HTTP with a line for each header and, in a body of XML, for each row: a line that ends in ⏎ ends so in
 * the body, and no other one does.
 */
export function shownAnswer(answer: string): string {
  const [head = '', ...rest] = answer.split('\r\n\r\n');
  const body = rest
    .join('\r\n\r\n')
    .replaceAll('\n', '⏎\n')
    .replace(/<(?:member|param|fault)>|<value><array>/g, '\n$&');
  return `${head.replaceAll('\r\n', '\n')}\n\n${body}`;
}

const HEADING = /^=== (.*) ===$/m;

/** Reads what was recorded of a set-up: the answer to each case, by its title. */
export function readRecording(setUp: string): ReadonlyMap<string, string> {
  const file = fileOf(setUp);
  if (!existsSync(file)) return new Map();
  const [, ...parts] = readFileSync(file, 'utf8').split(HEADING);
  const sections = new Map<string, string>();
  for (let n = 0; n + 1 < parts.length; n += 2) sections.set(parts[n] ?? '', parts[n + 1]?.trim() ?? '');
  return sections;
}

/** Records the answer to each case of a set-up. */
export function writeRecording(setUp: string, answers: ReadonlyMap<string, string>): void {
  const sections = [...answers].map(([title, answer]) => `=== ${title} ===\n${answer.trim()}\n`);
  writeFileSync(fileOf(setUp), sections.join('\n'));
}

function fileOf(setUp: string): string {
  return join(FOLDER, `${setUp.replaceAll(' ', '-')}.txt`);
}
