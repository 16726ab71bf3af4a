/** A column: its head, and whether its cells stand at the right, as numbers do. */
export interface Column {
  readonly head: string;
  readonly right?: boolean;
}

/** Returns the head and the rows as lines, each column as wide as its widest cell. */
export function alignedTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly [head: string, ...lines: string[]] {
  const heads = columns.map(({ head }) => head);
  const widths = heads.map(({ length }, column) =>
    // One by one: there may be more rows than one call takes arguments.
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), length),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return columns[column]?.right === true ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(heads), ...rows.map(line)];
}
