/** What a command lists: lines of JSON for programs, a table for people. */
import { type Context, wantsColor } from '../process/context.ts';
import { safeJson } from '../run/sanitize.ts';
import { type Style, styleFor } from './style.ts';
import { type Column, tableLines } from './table.ts';

/** `none` is told where there is no row; with `json` that is an empty output. */
export async function printRows<Row>(
  context: Context,
  rows: readonly Row[],
  { json, none, columns }: { json: boolean; none: string; columns: (style: Style) => readonly Column<Row>[] },
): Promise<void> {
  if (json) {
    for (const row of rows) await context.out(`${safeJson(row)}\n`);
  } else if (rows.length === 0) {
    context.err(`simcity: ${none}\n`);
  } else {
    const style = styleFor(wantsColor(context, 'stdout'));
    await context.out(`${tableLines(columns(style), rows).join('\n')}\n`);
  }
}
