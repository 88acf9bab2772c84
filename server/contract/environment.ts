/** Reads the settings of a process from its environment; an empty variable counts as not set. */
import {
  PROCESS_ROWS,
  PROCESS_SETTINGS,
  type ProcessSettingName,
  type ProcessValues,
} from './process-settings.ts';
import { RUN_ROWS, runVariableOf } from './run-settings.ts';
import { isHeeded, type Setting } from './setting.ts';
import { readSetting, SettingError } from './setting-text.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A variable that cannot be used: what it is, and what would be right. */
export interface WrongVariable {
  variable: string;
  /** Its beginning; null for a secret, which is never shown. */
  given: string | null;
  must: string;
}

/** Variables that cannot be used; the message names each and what would be right, and quotes no secret. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
  readonly wrong: readonly WrongVariable[];

  constructor(wrong: readonly WrongVariable[]) {
    super(
      wrong
        .map(
          ({ variable, given, must }) =>
            `${variable}${given === null ? '' : ` (${JSON.stringify(given)})`} must be ${must}`,
        )
        .join('; '),
    );
    this.wrong = wrong;
  }
}

/** The settings of these names, with defaults. @throws EnvironmentError */
export function settingsOf<Name extends ProcessSettingName>(
  env: Env,
  names: readonly Name[],
): Pick<ProcessValues, Name> {
  const wrong = names.flatMap((name) => wrongVariable(env, PROCESS_SETTINGS[name].variable) ?? []);
  if (wrong.length > 0) throw new EnvironmentError(wrong);
  const values = names.map((name) => {
    const setting = PROCESS_SETTINGS[name];
    const text = env[setting.variable] ?? '';
    return [name, text === '' ? setting.default : readSetting(setting, text)];
  });
  return Object.fromEntries(values) as Pick<ProcessValues, Name>;
}

/** Each variable that is read, with its setting. */
export const VARIABLES: ReadonlyMap<string, Setting> = new Map<string, Setting>([
  ...PROCESS_ROWS.map(([, setting]) => [setting.variable, setting] as const),
  ...RUN_ROWS.filter(([, setting]) => isHeeded(setting, 'variable')).map(
    ([name, setting]) => [runVariableOf(name, setting), setting] as const,
  ),
]);

/** What is wrong with a variable; null when nothing is, or when it is not set. */
export function wrongVariable(env: Env, variable: string): WrongVariable | null {
  const setting = VARIABLES.get(variable);
  const text = env[variable] ?? '';
  if (setting === undefined || text === '') return null;
  try {
    readSetting(setting, text);
    return null;
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    const given = 'secret' in setting ? null : text.slice(0, 80);
    return { variable, given, must: error.must };
  }
}
