/** Reads the values of settings from text, and writes them: of flags, variables and forms alike. */
import { didYouMean } from './did-you-mean.ts';
import { isModuleFile, isModuleLabel } from './module.ts';
import { type ReporterName, SCOPES } from './names.ts';
import { RULES_FORM, readRules, writeRules } from './rule-text.ts';
import type { DeclaredRules } from './rule-values.ts';
import type { FixedToken, Kind, Report, Setting, ValueOf } from './setting.ts';
import { oneOf, partsOf, SettingError } from './setting-error.ts';

export { oneOf, SettingError } from './setting-error.ts';

/** The value that the text stands for. @throws SettingError */
export function readSetting<Row extends Kind>(setting: Row, text: string): ValueOf<Row> {
  return read(setting, text) as ValueOf<Row>;
}

function read(setting: Kind, text: string): unknown {
  switch (setting.kind) {
    case 'whole':
    case 'number':
      return numberIn(setting, text);
    case 'seconds':
      return secondsIn(setting, text);
    case 'flag':
      if (!/^(0|1|true|false|yes|no|on|off)$/i.test(text)) throw wrong(setting);
      return /^(1|true|yes|on)$/i.test(text);
    case 'choice':
    case 'name':
      return oneOf(setting.choices, text);
    case 'bug':
      return matching(setting, /^[a-z0-9][a-z0-9-]{0,63}$/, text);
    case 'scenario':
      return isModuleFile(text) || isModuleLabel(text)
        ? text
        : oneOf(setting.choices, text, ', or a file such as ./my-scenario.ts');
    case 'target':
      return targetIn(setting, text);
    case 'rates':
      return Object.fromEntries(partsOf(text).map((part) => rateIn(setting, part)));
    case 'rules':
      return readRules(text);
    case 'comparisons':
      return comparisonsIn(setting, text);
    case 'reduction':
      return matching(setting, /^\s*[a-z]+=/, text);
    case 'url':
      return matching(setting, setting.of === 'http' ? /^https?:\/\/[^/?#\s]/i : /^postgres(ql)?:\/\//, text);
    case 'text':
      if (text === '' || text.length > (setting.most ?? Number.POSITIVE_INFINITY)) throw wrong(setting);
      return setting.pattern === undefined ? text : matching(setting, setting.pattern, text);
    case 'list':
      return partsOf(text);
    case 'urls':
      if (!partsOf(text).every(isServiceUrl)) throw wrong(setting);
      return partsOf(text);
    case 'credentials':
      if (!partsOf(text).every(hasUser)) throw wrong(setting);
      return partsOf(text);
    case 'tokens':
      return tokensIn(setting, text);
    case 'reports':
      return partsOf(text).map((part) => reportIn(setting, part));
  }
}

/** A value as text, from which it is read back; empty for null. */
export function writeSetting(setting: Kind, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (setting.kind === 'seconds') return `${value}s`;
  if (setting.kind === 'rules') return writeRules(value as DeclaredRules).join(', ');
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([name, rate]) => `${name}=${rate}`)
    .join(', ');
}

/** What holds when nothing is said, in words. */
export function standardOf(setting: Setting & { readonly serviceDefault?: number }): string {
  const standard = setting.unset ?? writeSetting(setting, setting.default);
  const { serviceDefault } = setting;
  return serviceDefault === undefined
    ? standard
    : `${standard}; of a service ${writeSetting(setting, serviceDefault)}`;
}

/** What is right, as a noun. */
export function formOf(setting: Kind): string {
  switch (setting.kind) {
    case 'whole':
      return `a whole number from ${setting.least} to ${setting.most}`;
    case 'number':
      return setting.least === undefined
        ? `a number above 0, at most ${setting.most}`
        : `a number from ${setting.least} to ${setting.most}`;
    case 'seconds':
      return `a duration such as 500ms, 30s, 5m or 1h, at most ${setting.most / 3_600}h`;
    case 'flag':
      return '1 or 0';
    case 'choice':
    case 'name':
    case 'scenario':
      return `one of ${setting.choices.map(({ name }) => name).join(', ')}`;
    case 'bug':
      return 'a name in lower case with dashes, such as check-then-insert';
    case 'target':
      return 'postgres, memory, the http(s) URL of a service, or a file such as ./my-service.ts';
    case 'rates':
      return 'NAME=RATE with a rate from 0 to 1, such as drop-response=0.02';
    case 'comparisons':
      return "a comparison of a metric with a number, such as 'p95_latency_ms<50'";
    case 'rules':
      return RULES_FORM;
    case 'reduction':
      return 'what `simcity shrink` prints, such as ops=3,17-19;order=17.0*2,18.0,17.0';
    case 'url':
      return setting.form;
    case 'text':
      return (
        setting.form ?? (setting.most === undefined ? 'a text' : `a text of 1 to ${setting.most} characters`)
      );
    case 'list':
      return 'texts with commas between';
    case 'urls':
      return 'URLs of a service such as http://127.0.0.1:3000, with commas between';
    case 'credentials':
      return 'a list of URLs such as https://user:password@host, with commas between';
    case 'tokens':
      return 'a list of NAME:SCOPE:SECRET such as ci:read+control:…, with commas between and secrets of 16 characters or more';
    case 'reports':
      return `${setting.choices.map(({ name }) => name).join(', ')}, also with a file: junit=report.xml`;
  }
}

function wrong(setting: Kind, meant?: string): SettingError {
  return new SettingError(formOf(setting), meant);
}

function matching(setting: Kind, pattern: RegExp, text: string): string {
  if (!pattern.test(text)) throw wrong(setting);
  return text;
}

function numberIn(setting: Extract<Kind, { kind: 'whole' | 'number' }>, text: string): number {
  const form = setting.kind === 'whole' ? /^\d{1,16}$/ : /^\d+(\.\d+)?$/;
  const value = form.test(text) ? Number(text) : Number.NaN;
  const isEnough = setting.least === undefined ? value > 0 : value >= setting.least;
  if (!(isEnough && value <= setting.most)) throw wrong(setting);
  return value;
}

const SECONDS_IN = { ms: 0.001, s: 1, m: 60, h: 3_600 } as const;

function secondsIn(setting: Extract<Kind, { kind: 'seconds' }>, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const seconds = match
    ? Number(match[1]) * SECONDS_IN[(match[2] ?? 's') as keyof typeof SECONDS_IN]
    : Number.NaN;
  if (!(seconds > 0 && seconds <= setting.most)) throw wrong(setting);
  return seconds;
}

function targetIn(setting: Extract<Kind, { kind: 'scenario' | 'target' }>, text: string): string {
  if (isModuleFile(text) || isModuleLabel(text) || setting.choices.some(({ name }) => name === text))
    return text;
  if (isServiceUrl(text)) return text;
  throw wrong(
    setting,
    didYouMean(
      text,
      setting.choices.map(({ name }) => name),
    ),
  );
}

function isServiceUrl(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '');
}

function rateIn(setting: Extract<Kind, { kind: 'rates' }>, text: string): [name: string, rate: number] {
  const match = /^([a-z][a-z-]*)=(\d*\.?\d+)$/.exec(text);
  const rate = match ? Number(match[2]) : Number.NaN;
  if (!match?.[1] || !(rate >= 0 && rate <= 1)) throw wrong(setting);
  return [oneOf(setting.choices, match[1]), rate];
}

function comparisonsIn(setting: Extract<Kind, { kind: 'comparisons' }>, text: string): string[] {
  const parts = partsOf(text);
  const isRight = (part: string) => /^[a-z][a-z0-9_]*\s*(<=|>=|<|>|==|!=)\s*-?\d+(\.\d+)?$/.test(part);
  if (parts.length === 0 || parts.length > setting.most || !parts.every(isRight)) throw wrong(setting);
  return parts;
}

function hasUser(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username !== '';
}

/** The name of a token: it is shown and logged. */
export const TOKEN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

function tokensIn(setting: Extract<Kind, { kind: 'tokens' }>, text: string): FixedToken[] {
  const tokens = partsOf(text).map((entry): FixedToken => {
    const [name = '', scopes = '', ...secret] = entry.split(':');
    return { name, scopes: scopes.split('+') as FixedToken['scopes'], secret: secret.join(':') };
  });
  const isRight = ({ name, scopes, secret }: FixedToken) =>
    TOKEN_NAME.test(name) &&
    scopes.every((scope) => SCOPES.includes(scope)) &&
    /^[\x21-\x7e]{16,200}$/.test(secret);
  const areUnique = new Set(tokens.map(({ name }) => name)).size === tokens.length;
  if (!tokens.every(isRight) || !areUnique) throw wrong(setting);
  return tokens;
}

export function reportIn(setting: Extract<Kind, { kind: 'reports' }>, text: string): Report {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  const file = at < 0 ? null : text.slice(at + 1);
  const names = setting.choices.map((each) => each.name);
  if (!names.includes(name) || file === '') throw wrong(setting, didYouMean(name, names));
  return { name: name as ReporterName, file };
}
