import type { WriteStream } from 'node:tty';
import { escapedControls, TERMINAL_CONTROLS } from '../lib/text.js';

/** Returns a line of text from elsewhere as it may stand in a terminal, and as long as before, so that columns stay. */
export function terminalText(line: string): string {
  return line.replace(TERMINAL_CONTROLS, '\ufffd');
}

/** A value as JSON that may stand in a terminal: what JSON leaves as it is and a terminal obeys is written as `\u` escapes. */
export function terminalJson(value: unknown, indent = 2): string {
  return escapedControls(JSON.stringify(value, null, indent));
}

/** Ways in which a line stands out on a terminal, with the codes of ISO 6429 that begin and end them. */
const STYLES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

/** A line for a person, which may hold text from elsewhere. */
export interface Line {
  readonly text: string;
  readonly style?: keyof typeof STYLES | undefined;
}

/** Reports whether a person reads a stream as it is written. */
export function isTerminal(stream: NodeJS.WritableStream): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}

/** Writes a line as the stream may show it: styled on a terminal that has colors, unless NO_COLOR says otherwise. */
function styledText({ text, style }: Line, stream: NodeJS.WritableStream): string {
  const plain = terminalText(text);
  if (style === undefined || !hasColors(stream)) return plain;
  const [begin, end] = STYLES[style];
  return `\u001b[${begin}m${plain}\u001b[${end}m`;
}

/** Asks Node, which knows terminals and NO_COLOR. */
function hasColors(stream: NodeJS.WritableStream): boolean {
  const knowsColors = (one: NodeJS.WritableStream): one is WriteStream => 'hasColors' in one;
  return knowsColors(stream) && stream.hasColors();
}

/** Writes lines that may hold text from elsewhere. */
export function printLines(stream: NodeJS.WritableStream, lines: readonly Line[]): void {
  stream.write(lines.map((line) => `${styledText(line, stream)}\n`).join(''));
}

/** Writes warnings, which are no part of the answer. */
export function warn(stream: NodeJS.WritableStream, texts: readonly string[]): void {
  if (texts.length > 0)
    printLines(
      stream,
      texts.map((text) => ({ text, style: 'yellow' })),
    );
}
