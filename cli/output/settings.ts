/** The settings of a run as they are printed before it starts. */
import type { Run } from '../../server/contract/index.ts';
import { runNameInFull } from '../run/run-name.ts';
import { settingEntries } from '../run/setting-entries.ts';
import { textWidth } from '../terminal/columns.ts';

/** The settings on a few lines of `name value` pairs, for terminals of 80 columns. */
export function settingsText(run: Run): string {
  const lines: string[] = [];
  let line = '';
  for (const [name, value] of settingEntries(run)) {
    const entry = `  ${name} ${value}`;
    if (line !== '' && textWidth(line) + textWidth(entry) > 78) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? entry : ` ${entry}`;
  }
  return `${[`run ${runNameInFull(run)}`, ...lines, line].join('\n')}\n`;
}
