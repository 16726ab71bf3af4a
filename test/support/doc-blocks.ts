import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** A fenced block of a page. */
export interface DocBlock {
  readonly page: string;
  /** Line of the page at which it begins. */
  readonly line: number;
  /** Word after the fence: `sh` for commands that run as written, `console` for those of other machines. */
  readonly language: string;
  readonly text: string;
}

/** Pages that tell a user what to type. */
export const USER_PAGES: readonly string[] = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];

/** Returns the fenced blocks of a page, also those within lists. */
export function blocksOf(page: string): DocBlock[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^( *)```(\w*)\n([^]*?)^\1```$/gm)].map((match) => {
    const [, indent = '', language = '', body = ''] = match;
    return {
      page,
      line: text.slice(0, match.index).split('\n').length,
      language,
      text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    };
  });
}

/** Returns the commands of a block that are hostscore's, each with its continued lines. */
export function hostscoreCommands({ text }: DocBlock): string[] {
  return [...text.matchAll(/^hostscore (?:.*\\\n)*.*$/gm)].map(([command]) => command);
}
