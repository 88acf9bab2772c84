/** Takes passwords and tokens out of a command, and tells what was taken out, for whoever types it again. */
import { MASK } from './redact.ts';

/** A command as it may be shown and stored. */
export interface MaskedCommand {
  text: string;
  /** What is masked: `TOKEN`, `--password`, `the password in postgres://***@db`. */
  masked: string[];
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
  const { text, masked } = taken(command);
  return { text, masked };
}

/**
 * The values in a command that are masked, without their quotes. One that stands in the rest of it too, as the user
 * `postgres` whose password is the same, is known by its place alone.
 */
export function secretsOfCommand(command: string): string[] {
  const { text, values } = taken(command);
  return values.filter((value) => !text.includes(value));
}

function taken(command: string): MaskedCommand & { values: string[] } {
  const masked = new Set<string>();
  const values = new Set<string>();
  const take = (name: string, value: string): string => {
    masked.add(name);
    const bare = /^(['"]).*\1$/s.test(value) ? value.slice(1, -1) : value;
    if (bare !== MASK) values.add(bare);
    return MASK;
  };
  const isSecret = (name: string, value: string) => !ABOUT.test(name) && !NO_SECRET.test(value);
  const text = command
    .replace(USER_INFO, (all, scheme: string, user: string, host: string) => {
      const password = user.slice(user.indexOf(':') + 1);
      if (password === '') return all;
      return `${scheme}${take(`the password in ${scheme}${MASK}@${host}`, password)}@${host}`;
    })
    .replace(QUOTED, (all, quote: string, name: string, value: string) =>
      isSecret(name, value) ? `${quote}${name}=${take(name, value)}${quote}` : all,
    )
    .replace(ASSIGNED, (all, name: string) => {
      const value = all.slice(name.length + 1);
      // A URL whose password is masked already is no secret any more.
      if (!isSecret(name, value) || value === MASK) return all;
      return `${name}=${take(name, value)}`;
    })
    .replace(FOLLOWED, (all, name: string, space: string) => {
      const value = all.slice(name.length + space.length);
      if (!isSecret(name, value) || value === MASK) return all;
      return `${name}${space}${take(name, value)}`;
    })
    .replace(HEADER, (all, name: string) => {
      const value = all.slice(name.length);
      const secret = value.replace(/^(bearer|basic)\s+/i, '');
      return NO_SECRET.test(secret) ? all : `${name}${take(name.replace(/\s*:\s*$/, ''), secret)}`;
    });
  return { text, masked: [...masked], values: [...values] };
}
