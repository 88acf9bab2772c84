/**
 * Makes text that PostgreSQL cannot hold visible, in a JSON text: U+0000 becomes U+2400 (`␀`) and a lone
 * surrogate becomes U+FFFD (`�`). `jsonb` refuses both, and one such character from a service under test
 * must not end a run.
 *
 * It works on the JSON text instead of on the value, so that a clean event costs one scan:
 * `JSON.stringify` writes NUL and lone surrogates, and of surrogates only the lone ones, as escapes.
 */

// Takes whole escapes, so that an escaped backslash before `u0000` is not mistaken for one.
const ESCAPE = /\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g;

/** Returns `json` (as `JSON.stringify` wrote it) with nothing in it that PostgreSQL refuses. */
export function storableJson(json: string): string {
  if (!json.includes('\\u0000') && !json.includes('\\ud')) return json;
  return json.replace(ESCAPE, (sequence) => {
    if (sequence === '\\u0000') return '\u2400';
    return sequence.startsWith('\\ud') ? '\ufffd' : sequence;
  });
}
