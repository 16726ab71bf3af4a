import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { svgOf, type Plot } from './plot.js';

/** One line of a benchmark's table: names of columns, and figures or words. */
export type Row = Readonly<Record<string, number | string>>;

/** Folder of the results, which git ignores. */
export const RESULTS = join(import.meta.dirname, 'results');

/** Prints a benchmark's table, and writes it with its plots to the folder of the results. */
export function report(name: string, rows: readonly Row[], plots: readonly Plot[] = []): void {
  const table = tableOf(rows);
  const model = cpus()[0]?.model ?? '';
  const about = {
    benchmark: name,
    date: new Date().toISOString(),
    machine: `${cpus().length} x ${model}, load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}`,
    node: process.version,
    arguments: process.argv.slice(2),
  };
  console.log(`\n${name}: ${about.date}, ${about.machine}, Node ${about.node}\n\n${table}`);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, `${name}.md`), table);
  writeFileSync(join(RESULTS, `${name}.json`), `${JSON.stringify({ ...about, rows }, undefined, 2)}\n`);
  for (const [index, plot] of plots.entries()) {
    writeFileSync(join(RESULTS, index === 0 ? `${name}.svg` : `${name}-${index + 1}.svg`), svgOf(plot));
  }
}

/** Returns the rows as a table of Markdown. */
function tableOf(rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => columns.map((column) => wordOf(row[column])));
  const widths = columns.map((column, n) =>
    Math.max(column.length, 3, ...cells.map((line) => (line[n] ?? '').length)),
  );
  const lineOf = (line: readonly string[]) =>
    `| ${line.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join(' | ')} |\n`;
  return [columns, widths.map((width) => '-'.repeat(width)), ...cells].map(lineOf).join('');
}

function wordOf(value: number | string | undefined): string {
  if (typeof value !== 'number') return value ?? '';
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}
