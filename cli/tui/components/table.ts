/** A table with the properties of `ink-table`, and a width and cells' colours; cli/README.md says why not that one. */
import { alignLeft, alignRight, textWidth } from '../../terminal/columns.ts';
import { type Line, PLAIN, type Style, span } from '../paint/line.ts';

export type Scalar = string | number | boolean | null | undefined;
export type ScalarRow = Readonly<Record<string, Scalar>>;

export interface TableProps<Row extends ScalarRow> {
  /** One object a row; strings must be safe to print. */
  data: readonly Row[];
  /** Which keys to show, in which order; those of the first row by default. */
  columns?: readonly (keyof Row & string)[];
  /** Blank columns between cells; 1 by default. */
  padding?: number;
  /** Outer width; the first column takes what is left. As wide as the cells by default. */
  width?: number;
  /** How a cell looks. */
  styleOf?: (row: Row, column: keyof Row & string) => Style | undefined;
}

/** A line a row. */
export function table<Row extends ScalarRow>(props: TableProps<Row>): Line[] {
  const { data, padding = 1, styleOf } = props;
  const columns = props.columns ?? Object.keys(data[0] ?? {});
  const widths = columnWidths(data, columns, padding, props.width);
  return data.map((row) =>
    columns.map((column, i) => {
      const text = cellText(row[column], widths[i] ?? 0, i === 0);
      return span(i === 0 ? text : ' '.repeat(padding) + text, styleOf?.(row, column) ?? PLAIN);
    }),
  );
}

function cellText(value: Scalar, width: number, isFirst: boolean): string {
  const text = value === null || value === undefined ? '' : String(value);
  return isFirst ? alignLeft(text, width) : alignRight(text, width);
}

function columnWidths<Row extends ScalarRow>(
  data: readonly Row[],
  columns: readonly (keyof Row & string)[],
  padding: number,
  width: number | undefined,
): number[] {
  const natural = columns.map((column) =>
    Math.max(0, ...data.map((row) => textWidth(String(row[column] ?? '')))),
  );
  if (width === undefined) return natural;
  const others = natural.slice(1).reduce((sum, each) => sum + each + padding, 0);
  return [Math.max(0, width - others), ...natural.slice(1)];
}
