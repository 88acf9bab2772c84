/** Takes passwords and tokens out of a command, and tells what was taken out, for whoever types it again. */
import { MASK } from './redact.ts';

/** A command as it may be shown and stored. */
export interface MaskedCommand {
  text: string;
  /** What is masked: `TOKEN`, `--password`, `the password in postgres://***@db`. */
  masked: string[];
}

/** A masked command, to be typed again. */
export interface TypedCommand {
  /** In pieces: those of the odd places are variables of a shell, which stand for what is masked. */
  pieces: string[];
  /** What to set: `TOKEN`, `PASSWORD (--password)`. */
  toSet: string[];
}

/** What a variable or an option is called that holds a secret. */
const NAME =
  '(?:(?!-{0,2}no-)[\\w.-]*)(?:token|secret|passw|passphrase|pwd|credential|(?:api|access|private|role)[_-]?key|(?<![a-z])pass(?![a-z]))[\\w.-]*?';
/** What is said about a secret, and is none. */
const ABOUT = /[_-]?(file|path|dir|name|ttl|length|expiry|seconds|header|url)$/i;
const VALUE = `'[^']*'|"(?:[^"\\\\]|\\\\.)*"|[^\\s'"]+`;

/** `'--password=two words'`, whole in its quotes. */
const QUOTED = new RegExp(`(['"])(-{1,2}${NAME})=((?:(?!\\1).)+)\\1`, 'gi');
/** `TOKEN=value`, `--password=value`, `?token=value`. */
const ASSIGNED = new RegExp(`(?<![\\w.-])(-{0,2}${NAME})=(?:${VALUE})`, 'gi');
/** `--password value`. */
const FOLLOWED = new RegExp(`(?<=^|[\\s'"])(-{1,2}${NAME})(\\s+)(?!-)(?:${VALUE})`, 'gi');
/** `Authorization: Bearer value`. */
const HEADER = /\b((?:authorization|cookie|x-api-key)\s*:\s*)(?:(?:bearer|basic)\s+)?[^\s'"]+/gi;
/** User and password of a URL, up to the last `@` before its path. */
const USER_INFO = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s/?#"'<>]*)@([^\s/?#"'<>]*)/gi;
/** Says by itself that it is none: a reference to a variable, or a switch. */
const NO_SECRET = /^['"]?(\$.*|true|false|yes|no|on|off|)['"]?$/i;

export function maskCommand(command: string): MaskedCommand {
  const { marked, secrets } = taken(command);
  return {
    text: marked.replace(ALL_MARKS, MASK),
    masked: [...new Set(secrets.map(({ name }) => name))],
  };
}

/** The command with a variable in the place of each secret. */
export function typedCommand(command: string): TypedCommand {
  const { marked, secrets } = taken(command);
  const variables = new Map<string, string>();
  const names: string[] = [];
  for (const { name, value } of secrets) {
    const own = variableOf(name);
    const alike = [...variables.values()].filter((each) => each.replace(/_\d+$/, '') === own).length;
    // Of a URL the user is masked too, and is another's elsewhere.
    const id = JSON.stringify([name.startsWith(URL_SECRET) ? name : own, value]);
    if (!variables.has(id)) variables.set(id, alike === 0 ? own : `${own}_${alike + 1}`);
    names.push(variables.get(id) as string);
  }
  const pieces = marked.split(MARKS).map((piece, i) => (i % 2 === 0 ? piece : (names[Number(piece)] ?? '')));
  const toSet = secrets.map(({ name }, i) => (name === names[i] ? name : `${names[i]} (${name})`));
  return { pieces: inQuotes(pieces, secrets), toSet: [...new Set(toSet)] };
}

/** A value that was in quotes of its own may have spaces, also when it is set again. */
function inQuotes(pieces: readonly string[], secrets: readonly Secret[]): string[] {
  const isQuoted = (mark: number) => secrets[(mark - 1) / 2]?.isQuoted === true;
  return pieces.map((piece, i) => {
    if (i % 2 === 1) return piece;
    const [before, after] = [i > 0 && isQuoted(i - 1), i + 1 < pieces.length && isQuoted(i + 1)];
    return `${before ? '"' : ''}${piece}${after ? '"' : ''}`;
  });
}

/** What of a name a shell takes for one of a variable. */
function variableOf(name: string): string {
  if (/^[a-z_]\w*$/i.test(name)) return name;
  if (name.startsWith(URL_SECRET)) return 'USER_AND_PASSWORD';
  return name
    .replace(/^\W+/, '')
    .replace(/\W/g, '_')
    .replace(/^(?=\d)/, '_')
    .toUpperCase();
}

/**
 * The values in a command that are masked, without their quotes. One that stands in the rest of it too, as the user
 * `postgres` whose password is the same, is known by its place alone.
 */
export function secretsOfCommand(command: string): string[] {
  const { marked, secrets } = taken(command);
  const values = new Set(secrets.map(({ value }) => value));
  return [...values].filter((value) => value !== MASK && !marked.includes(value));
}

interface Secret {
  readonly name: string;
  /** Without its quotes. */
  readonly value: string;
  readonly isQuoted: boolean;
}

const URL_SECRET = 'the password in ';
/** Stands for the secret of this number; no command has such a character. */
const mark = (n: number) => `\u{F0000}${n}\u{F0001}`;
const MARKS = /\u{F0000}(\d+)\u{F0001}/u;
const ALL_MARKS = new RegExp(MARKS, 'gu');

/** The command with marks in the place of its secrets, which are in their order there. */
function taken(command: string): { marked: string; secrets: Secret[] } {
  const found: Secret[] = [];
  const take = (name: string, value: string): string => {
    const isQuoted = /^(['"]).*\1$/s.test(value);
    found.push({ name, value: isQuoted ? value.slice(1, -1) : value, isQuoted });
    return mark(found.length - 1);
  };
  const isTaken = (value: string) => value === MASK || MARKS.test(value);
  const isSecret = (name: string, value: string) => !ABOUT.test(name) && !NO_SECRET.test(value);
  const marked = command
    .replace(USER_INFO, (all, scheme: string, user: string, host: string) => {
      const password = user.slice(user.indexOf(':') + 1);
      if (password === '') return all;
      return `${scheme}${take(`${URL_SECRET}${scheme}${MASK}@${host}`, password)}@${host}`;
    })
    .replace(QUOTED, (all, quote: string, name: string, value: string) =>
      isSecret(name, value) ? `${quote}${name}=${take(name, value)}${quote}` : all,
    )
    .replace(ASSIGNED, (all, name: string) => {
      const value = all.slice(name.length + 1);
      // A URL whose password is masked already is no secret any more.
      if (!isSecret(name, value) || isTaken(value)) return all;
      return `${name}=${take(name, value)}`;
    })
    .replace(FOLLOWED, (all, name: string, space: string) => {
      const value = all.slice(name.length + space.length);
      if (!isSecret(name, value) || isTaken(value)) return all;
      return `${name}${space}${take(name, value)}`;
    })
    .replace(HEADER, (all, name: string) => {
      const value = all.slice(name.length);
      const secret = value.replace(/^(bearer|basic)\s+/i, '');
      return NO_SECRET.test(secret) || isTaken(secret)
        ? all
        : `${name}${take(name.replace(/\s*:\s*$/, ''), secret)}`;
    });
  // They were found kind by kind.
  const secrets: Secret[] = [];
  const inOrder = marked.replace(ALL_MARKS, (_, n: string) => {
    secrets.push(found[Number(n)] as Secret);
    return mark(secrets.length - 1);
  });
  return { marked: inOrder, secrets };
}
