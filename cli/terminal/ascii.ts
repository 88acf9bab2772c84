/**
 * Pictures for terminals without UTF-8: every character outside ASCII becomes one that stands for it, in as
 * many columns, so that nothing moves. Signs that are told from each other in one place stay different.
 */
import { textWidth } from './columns.ts';

const STANDS_FOR: Record<string, string> = {};
const put = (characters: string, ascii: string) => {
  for (const character of characters) STANDS_FOR[character] = ascii;
};
put('─╴╶╸╺⎯―—–', '-');
put('━═', '=');
put('┄┅┈┉╌╍', '~');
put('│┃┆┇┊┋╎╏║╵╷╹╻▏▕⎸', '|');
put('┌┍┎┏┐┑┒┓└┕┖┗┘┙┚┛├┝┞┟┠┡┢┣┤┥┦┧┨┩┪┫┬┭┮┯┰┱┲┳┴┵┶┷┸┹┺┻┼┽┾┿╀╁╂╃╄╅╆╇╈╉╊╋╒╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡╢╣╤╥╦╧╨╩╪╫╬', '+');
put('╭╱', '/');
put('╮╲', '\\');
put('╰', '\\');
put('╯', '/');
put('█▉▊▋▓■◼', '#');
put('▌▐▍▎▒▀', '=');
put('░', '.');
// Heights of a sparkline, the lowest first.
[...'▁▂▃▄▅▆▇'].forEach((block, i) => {
  put(block, '_.:-=+*'[i] ?? '#');
});
put('●◉⬤•✦★', '*');
put('◆♦', '+');
put('♥', '~');
put('○◯◇□◻', 'o');
put('·∙', '.');
put('…', '.');
put('→➜▶▸►❯›»', '>');
put('←◀◂◄❮‹«', '<');
put('↑▲▴△', '^');
put('↓▼▾▽', 'v');
put('✓✔', 'v');
put('✗✘×', 'x');
put('✖', 'X');
put('‘’', "'");
put('“”', '"');
// Signs of control characters in foreign text.
put(String.fromCodePoint(...Array.from({ length: 0x22 }, (_, i) => 0x2400 + i)), '^');

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const NOT_ASCII = /[^\u0000-\u007f]/;

/** `text` in ASCII, with as many columns; escape codes stay as they are. */
export function toAscii(text: string): string {
  if (!NOT_ASCII.test(text)) return text;
  let ascii = '';
  for (const { segment } of graphemes.segment(text)) {
    if (!NOT_ASCII.test(segment)) ascii += segment;
    else ascii += STANDS_FOR[segment] ?? (brailleDots(segment) || '?'.repeat(textWidth(segment)));
  }
  return ascii;
}

/** Braille patterns draw fine charts; how many dots are set says how dark the cell is. */
function brailleDots(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x2800 || code > 0x28ff) return '';
  const dots = (code - 0x2800).toString(2).replaceAll('0', '').length;
  return [' ', '.', '.', ':', ':', '+', '+', '#', '#'][dots] ?? '#';
}
