/**
 * The one sanitiser for text of foreign origin: names, payloads and error messages of a run can hold
 * escape sequences, and a terminal must show them, never obey them. It loads nothing, because every command does.
 */

/** Everything that a terminal may act on or that hides or reorders what is read. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const UNSAFE_ONE = new RegExp(UNSAFE.source, 'u');
const PLAIN = /^[\u0020-\u007e]*$/;

/** A variation selector or joiner between visible characters is part of an emoji and harmless there. */
const EMOJI_JOINERS = /^[\u200d\ufe0e\ufe0f]$/u;

/**
 * `text` with every character that could act on a terminal replaced by something visible: `␛` for
 * ESC, `␊` for a line feed, `<U+202E>` for a bidi override. The result is a single line.
 */
export function safeText(text: string): string {
  const shown = text.includes('::') || text.includes('##') ? withoutCommands(text) : text;
  if (PLAIN.test(shown)) return shown;
  return shown.replace(UNSAFE, (character, offset: number) => {
    if (EMOJI_JOINERS.test(character) && isEmojiBefore(shown, offset)) return character;
    return visible(character);
  });
}

/** A command to GitHub's runner, which takes spaces before it, as this may be where a line begins. */
const LINE_COMMAND = /^\s*:(?=:[a-z-]+(\s.*)?::)/is;
/** Commands to GitHub's runner of old, which takes them anywhere, to Azure's and to TeamCity's. */
const COMMAND = /#(?=#(vso|teamcity)?\[)/gi;

/** A log of CI is read by its runner, too: what is stored must not give it orders. */
const withoutCommands = (text: string) => text.replace(LINE_COMMAND, '$& ').replace(COMMAND, '$& ');

/** Like `safeText`, but line feeds stay: for messages of several lines. */
export function safeLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => safeText(line.replaceAll('\t', '  ')))
    .join('\n');
}

/** JSON of `value` in which characters that act on terminals are escaped; parses to the same value. */
export function safeJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent);
  return text.replace(/[^\u0020-\u007e\n]/gu, (character) =>
    UNSAFE_ONE.test(character) ? escapeForJson(character) : character,
  );
}

function isEmojiBefore(text: string, offset: number): boolean {
  const before = [...text.slice(Math.max(0, offset - 3), offset)].at(-1);
  return before !== undefined && /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f/u.test(before);
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '␡';
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}

function escapeForJson(character: string): string {
  let escaped = '';
  for (let i = 0; i < character.length; i++) {
    escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
