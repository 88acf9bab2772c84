/** Every setting as the configuration sees it: its name in the file, its variable, its option; from the tables. */
import { PROCESS_ROWS } from '../../server/contract/process-settings.ts';
import { MASK, maskCredentials } from '../../server/contract/redact.ts';
import { RUN_ROWS, runVariableOf } from '../../server/contract/run-settings.ts';
import {
  camelCase,
  fieldOf,
  flagOf,
  isHeeded,
  type ProcessSetting,
  type Setting as Row,
} from '../../server/contract/setting.ts';
import { standardOf } from '../../server/contract/setting-text.ts';

export interface Setting {
  /** In `simcity.config.ts` or `.json`; a dot stands for nesting. */
  name: string;
  variable: string;
  flag: string | null;
  /** The option that takes the value, by commander's attribute name; null: it is read from the environment. */
  option: string | null;
  /** The only commands whose option it is; all by default. */
  commands?: readonly string[] | undefined;
  /** What holds when nothing is said, for people. */
  standard: string;
  row: Row;
}

function settingOf(name: string, variable: string, row: Row, isOption: boolean): Setting {
  const flag = flagOf(name.replace('run.', ''), row);
  return {
    name,
    variable,
    flag: flag === null ? null : `--${flag}`,
    option: flag !== null && isOption ? camelCase(flag) : null,
    commands: row.commands,
    standard: standardOf(row),
    row,
  };
}

export const SETTINGS: readonly Setting[] = [
  ...PROCESS_ROWS.filter(([, row]) => !row.isInternal).map(([name, row]) =>
    settingOf(name, row.variable, row, row.by === 'option'),
  ),
  ...RUN_ROWS.filter(([, row]) => isHeeded(row, 'variable')).map(([name, row]) =>
    settingOf(`run.${fieldOf(name, row)}`, runVariableOf(name, row), row, true),
  ),
];

/** `value` as it may be shown. */
export function maskSetting({ row }: Setting, value: string): string {
  const { secret } = row as ProcessSetting;
  if (secret === 'value') return MASK;
  return secret === 'password' ? maskCredentials(value) : value;
}
