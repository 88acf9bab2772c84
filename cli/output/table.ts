/** Rows as a plain table: columns as wide as what is in them, nothing drawn around it. */
import { alignLeft, alignRight, textWidth } from '../terminal/columns.ts';

export interface Column<Row> {
  title: string;
  value: (row: Row) => string;
  /** Numbers stand at the right. */
  right?: boolean;
  /** Applied after the width is known, for colours. */
  paint?: (text: string, row: Row) => string;
}

/** The lines of the table, heading first. Values must be safe already. */
export function tableLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = rows.map((row) => columns.map((column) => column.value(row)));
  const widths = columns.map((column, i) =>
    Math.max(textWidth(column.title), ...cells.map((line) => textWidth(line[i] ?? ''))),
  );
  const cell = (column: Column<Row>, text: string, i: number) =>
    column.right ? alignRight(text, widths[i] ?? 0) : alignLeft(text, widths[i] ?? 0);
  const heading = columns.map((column, i) => cell(column, column.title, i)).join('  ');
  const body = rows.map((row, r) =>
    columns
      .map((column, i) => {
        const text = cell(column, cells[r]?.[i] ?? '', i);
        return column.paint ? column.paint(text, row) : text;
      })
      .join('  ')
      .trimEnd(),
  );
  return [heading.trimEnd(), ...body];
}
