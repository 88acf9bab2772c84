/**
 * Takes secrets out of text before it is written anywhere: those that are known by their value, and what looks
 * like one by its form. It works on JSON text as well as on plain text, and leaves JSON valid.
 */

/** What stands in place of a secret. */
export const MASK = '***';

export interface Redactor {
  /** `text` without secrets; the same string when there are none. */
  text(text: string): string;
  /** True when one of the known secrets is still in `text`, plain or encoded. */
  finds(text: string): boolean;
}

/** Shorter ones are words that stand for much else: masking them would spoil what is no secret. */
const SHORTEST_SECRET = 8;

/**
 * One cheap look, so that text without any such word, as nearly every event is, costs little more than being
 * read. Whatever a form below matches contains one of these.
 */
const SUSPICIOUS =
  /:\/\/|-----BEGIN|authoriz|cookie|bearer|basic|sc[ti]_|passw|secret|token|api.?key|access.?key|private.?key/i;

const KEY_WORDS = '(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)';

/** A quote, as it stands in text, in JSON, and in JSON within JSON. */
const QUOTE = `\\\\*["']`;

/** What is a secret by its form, and what is left of it. */
const FORMS: readonly [RegExp, string][] = [
  // A block of PEM, with line breaks as they are or as JSON writes them, also without its end.
  [
    /-----BEGIN [A-Z0-9 ]+-----(?:(?:[A-Za-z0-9+/=\s:,-]|\\+[nrt])*?-----END [A-Z0-9 ]+-----|(?:[A-Za-z0-9+/=\s:,-]|\\+[nrt])*)/g,
    MASK,
  ],
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@"'\\<>]*@/gi, `$1${MASK}@`],
  [
    new RegExp(
      `((?:authorization|set-cookie|cookie|x-api-key)(?:${QUOTE})?\\s*[:=]\\s*(?:${QUOTE})?)[^"'\\\\\\r\\n]+`,
      'gi',
    ),
    `$1${MASK}`,
  ],
  [/\b(bearer\s+)[A-Za-z0-9._~+/=-]{12,}/gi, `$1${MASK}`],
  // With a capital, a digit or padding in it: "basic understanding" is none.
  [/\b((?:[Bb]asic|BASIC)\s+)(?=[A-Za-z0-9+/=]*[A-Z0-9=])[A-Za-z0-9+/=]{8,}/g, `$1${MASK}`],
  [/\b(sc[ti]_)[A-Za-z0-9_-]{16,}/g, `$1${MASK}`],
  [new RegExp(`(${QUOTE}[\\w-]*${KEY_WORDS}${QUOTE}\\s*:\\s*${QUOTE})[^"'\\\\]+`, 'gi'), `$1${MASK}`],
  [new RegExp(`([\\w-]*${KEY_WORDS}\\s*=\\s*)[^\\s"'\\\\&,;]+`, 'gi'), `$1${MASK}`],
];

/** For the secrets that are known by value, and all forms. Values of fewer than 8 characters are left to the forms. */
export function createRedactor(secrets: Iterable<string>): Redactor {
  const known = [
    ...new Set([...secrets].filter((each) => each.length >= SHORTEST_SECRET).flatMap(spellings)),
  ];
  // The longest first: a secret may be part of another one.
  known.sort((a, b) => b.length - a.length);
  return {
    text(text) {
      let clean = text;
      for (const secret of known) if (clean.includes(secret)) clean = clean.replaceAll(secret, MASK);
      if (!SUSPICIOUS.test(clean)) return clean;
      for (const [form, rest] of FORMS) clean = clean.replace(form, rest);
      return clean;
    },
    finds: (text) => known.some((secret) => text.includes(secret)),
  };
}

/** JSON within JSON within JSON: a log line of a process in the bundle of a run in a row of a table. */
const NESTED_JSON = 3;

/** A secret as it may stand in a text: as it is, in JSON, in a URL, in base64. */
function spellings(secret: string): string[] {
  const bytes = String.fromCharCode(...new TextEncoder().encode(secret.toWellFormed()));
  const base64 = btoa(bytes).replace(/=+$/, '');
  return [
    secret,
    ...escapings(secret),
    encodeURIComponent(secret.toWellFormed()),
    base64,
    base64.replaceAll('+', '-').replaceAll('/', '_'),
  ].filter((spelling) => spelling.length >= SHORTEST_SECRET);
}

function escapings(secret: string): string[] {
  const all: string[] = [];
  let escaped = secret;
  for (let level = 0; level < NESTED_JSON; level += 1) {
    escaped = JSON.stringify(escaped).slice(1, -1);
    all.push(escaped);
  }
  return all;
}

/** The user and the password in a URL, up to the last `@` before the path. */
const USER_INFO = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i;

/** A URL as it may be shown: without its user, its password, and a password in its query. */
export function maskCredentials(url: string): string {
  return url
    .replace(USER_INFO, `$1${MASK}@`)
    .replace(/([?&](?:password|sslpassword|token)=)[^&#]*/gi, `$1${MASK}`);
}

/** A URL without its user and password; `credentials`: the whole of it, undefined when there are none. */
export function splitCredentials(url: string): { target: string; credentials: string | undefined } {
  const parsed = /^https?:/i.test(url) ? URL.parse(url) : null;
  if (!parsed || (parsed.username === '' && parsed.password === ''))
    return { target: url, credentials: undefined };
  const bare = new URL(parsed);
  bare.username = '';
  bare.password = '';
  return { target: bare.href, credentials: parsed.href };
}

const SECRET_NAME = /token|secret|passw|passphrase|api_?key|access_?key|private_?key|role_?key|credential/i;

/** The values in an environment that are secrets by their names, and the passwords in its URLs. */
export function secretsOfEnvironment(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [...(SECRET_NAME.test(name) ? [value] : []), ...passwordsOf(value)];
  });
}

/** The password of a URL, as it stands in it and as it is meant; none for what is no URL with one. */
export function passwordsOf(url: string): string[] {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i.test(url)) return [];
  const password = URL.parse(url)?.password ?? '';
  if (password === '') return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}
