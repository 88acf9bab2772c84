/** What a row of the tables of settings says: all that options, variables, files, forms, texts and schemas need. */
import type { FaultName, Named, ReporterName, Scope } from './names.ts';
import type { Reduction } from './reduction.ts';
import type { DeclaredRules } from './rule-values.ts';

/** What a value may be. Texts are read and written by setting-text.ts, schemas are made by setting-schema.ts. */
export type Kind =
  | { readonly kind: 'whole'; readonly least: number; readonly most: number }
  /** From `least`, or above 0 where there is none. */
  | { readonly kind: 'number'; readonly least?: number; readonly most: number }
  /** Seconds; as text also `500ms`, `5m`. */
  | { readonly kind: 'seconds'; readonly most: number }
  | { readonly kind: 'flag' }
  | { readonly kind: 'choice'; readonly choices: readonly Named[] }
  /** A name in kebab-case, of these. What is stored may have another: lists change. */
  | { readonly kind: 'name'; readonly choices: readonly Named[] }
  /** A scenario, target, or a file of the user's; a target also the URL of a service. */
  | { readonly kind: 'scenario' | 'target'; readonly choices: readonly Named[] }
  /** Known bugs depend on scenario and target: those of a user's scenario are its own. */
  | { readonly kind: 'bug'; readonly choices: readonly Named[] }
  /** Rates from 0 to 1, by name. */
  | { readonly kind: 'rates'; readonly choices: readonly Named[] }
  /** What a service promises, by the names of its rules. */
  | { readonly kind: 'rules'; readonly choices: readonly Named[] }
  /** Comparisons of metrics with numbers, at most so many. */
  | { readonly kind: 'comparisons'; readonly most: number }
  /** A part of a run, as `shrink` prints it. */
  | { readonly kind: 'reduction' }
  /** `form`: what is right, as a noun with an example. */
  | { readonly kind: 'url'; readonly of: 'http' | 'postgres'; readonly form: string }
  | { readonly kind: 'text'; readonly pattern?: RegExp; readonly most?: number; readonly form?: string }
  /** Texts with commas between. */
  | { readonly kind: 'list' }
  /** URLs of a service, with commas between. */
  | { readonly kind: 'urls' }
  /** URLs with user and password, with commas between. */
  | { readonly kind: 'credentials' }
  /** Tokens of a server, `NAME:SCOPE+SCOPE:SECRET`, with commas between. */
  | { readonly kind: 'tokens' }
  | { readonly kind: 'reports'; readonly choices: readonly Named[] };

/** Where a setting can be heeded; everywhere but where a row says `except`. */
export type Place = 'variable' | 'file' | 'form' | 'print' | 'reproduce';

export type Setting = Kind & {
  /** In lower case, without a full stop: for help, forms, the API's description and the README. */
  readonly help: string;
  /** What holds when nothing is said; null: nothing does. */
  readonly default: unknown;
  /** The same in words, where the value does not say it. */
  readonly unset?: string;
  /** The flag without its dashes, where it is not the setting's name in kebab-case; null: there is none. */
  readonly flag?: string | null;
  /** Its name in the configuration file and in its variable, where that is not the flag. */
  readonly field?: string;
  /** What stands for the value in help: `N`. */
  readonly value?: string;
  /** The only commands whose option it is. */
  readonly commands?: readonly string[];
  readonly except?: readonly Place[];
  /** Values that completion offers beside the choices. */
  readonly suggestions?: readonly string[];
};

/** A setting of a run. */
export type RunSetting = Setting & {
  /** In forms. */
  readonly label: string;
  readonly group: 'city' | 'faults';
  /** In the web form under "More settings". */
  readonly isRare?: true;
  /** Only runs against a service at a URL heed it. */
  readonly isOfServices?: true;
  /** Histories and what is printed of a run tell it where it is not as usual, and nowhere else. */
  readonly isToldWhenSet?: true;
  /** Of these, only runs with a gate. */
  readonly isOfGate?: true;
  /** The default against a service at a URL, for the limits of a run: they hold when none of them is given. */
  readonly serviceDefault?: number;
};

/** A setting of a process of SimCity. */
export type ProcessSetting = Setting & {
  readonly variable: string;
  /**
   * `option`: commands take it as an option, which gets the value of the variable or of the file too. Else it is
   * read from the environment, into which the values of the file and of the flag are put; of the file alone where
   * the command looks at the flag itself (`command`).
   */
  readonly by?: 'option' | 'command';
  /** `value`: never shown; `password`: shown without the credentials in it. */
  readonly secret?: 'value' | 'password';
  /** The processes tell it to each other; it is nothing for users. */
  readonly isInternal?: true;
};

/** A report to write, and the file for it; null: stdout, or what `--output` says. */
export interface Report {
  name: ReporterName;
  file: string | null;
}

/** A token that the environment gives to a server. */
export interface FixedToken {
  name: string;
  scopes: Scope[];
  secret: string;
}

/** A part of a row, as precisely as it is written. */
export const part = <const Part>(properties: Part): Part => properties;

/** The part of a row for whole numbers. */
export const whole = <const Default extends number | null>(least: number, most: number, standard: Default) =>
  ({ kind: 'whole', least, most, default: standard, value: 'N' }) as const;

/** The part of a row for one of some names. */
export const named = <
  const Of extends 'choice' | 'name' | 'scenario' | 'target' | 'bug',
  const Choices extends readonly Named[],
  const Default extends string | null,
>(
  kind: Of,
  choices: Choices,
  standard: Default,
) => ({ kind, choices, default: standard, value: 'NAME' }) as const;

/** The type of a row's value. */
export type ValueOf<Row> = Row extends { kind: 'whole' | 'number' | 'seconds' }
  ? number
  : Row extends { kind: 'flag' }
    ? boolean
    : Row extends { kind: 'choice'; choices: readonly { name: infer Name }[] }
      ? Name
      : Row extends { kind: 'rates' }
        ? Partial<Record<FaultName, number>>
        : Row extends { kind: 'comparisons' | 'list' | 'urls' | 'credentials' }
          ? string[]
          : Row extends { kind: 'tokens' }
            ? FixedToken[]
            : Row extends { kind: 'reduction' }
              ? Reduction
              : Row extends { kind: 'rules' }
                ? DeclaredRules
                : Row extends { kind: 'reports' }
                  ? Report[]
                  : string;

/** Likewise, with null where there is no default. */
export type ResolvedOf<Row extends { default: unknown }> =
  | ValueOf<Row>
  | (Row['default'] extends null ? null : never);

/** `snapshotEvery` as `snapshot-every`. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `snapshot-every` as `snapshotEvery`. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The flag of a setting, without its dashes; null: it has none. */
export function flagOf(name: string, { flag }: Setting): string | null {
  return flag === undefined ? kebabCase(name) : flag;
}

/** The field of a setting in the configuration file. */
export function fieldOf(name: string, setting: Setting): string {
  return setting.field ?? camelCase(flagOf(name, setting) ?? name);
}

/** True for a setting whose flag can be given several times. */
export function isRepeatable({ kind }: Setting): boolean {
  return kind === 'rates' || kind === 'rules' || kind === 'comparisons' || kind === 'reports';
}

/** True for a setting that is one of its choices, or where others are possible too, is mostly one of them. */
export function isChosen({ kind }: Setting): boolean {
  return kind === 'choice' || kind === 'name' || kind === 'scenario' || kind === 'target' || kind === 'bug';
}

export function isHeeded({ except = [] }: Setting, place: Place): boolean {
  return !except.includes(place);
}
