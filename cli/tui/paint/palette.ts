/** From styles to the escape codes of the terminal. */
import type { Color, Style } from './line.ts';

const CODES: Record<Color, number> = {
  black: 30,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
  white: 37,
  gray: 90,
  redBright: 91,
  greenBright: 92,
  yellowBright: 93,
  blueBright: 94,
  magentaBright: 95,
  cyanBright: 96,
};
const BACKGROUND = 10;

/** On a light background the terminal's own yellow and cyan, and its dim, can hardly be read. */
const ON_LIGHT: Record<Color, number> = {
  black: 16,
  red: 160,
  green: 28,
  yellow: 130,
  blue: 25,
  magenta: 127,
  cyan: 30,
  white: 236,
  gray: 242,
  redBright: 124,
  greenBright: 22,
  yellowBright: 94,
  blueBright: 19,
  magentaBright: 90,
  cyanBright: 24,
};
const DIM_ON_LIGHT = 242;

/** The codes that select a style, from a clean slate. */
export type Palette = (style: Style) => string;

export interface PaletteOptions {
  colors: boolean;
  /** True on a light background. */
  light?: boolean;
}

/** A palette; without colours it keeps bold, dim, underline and inverse, which carry meaning too. */
export function createPalette(options: PaletteOptions): Palette {
  const known = new Map<string, string>();
  return (style) => {
    const key = keyOf(style);
    let codes = known.get(key);
    if (codes === undefined) {
      codes = codesOf(style, options);
      known.set(key, codes);
    }
    return codes;
  };
}

/** Equal for styles that look the same. */
export function keyOf(style: Style): string {
  const flags =
    (style.bold ? 1 : 0) + (style.dim ? 2 : 0) + (style.inverse ? 4 : 0) + (style.underline ? 8 : 0);
  return `${flags}${style.color ?? ''}/${style.background ?? ''}`;
}

function codesOf(style: Style, { colors, light = false }: PaletteOptions): string {
  const codes = ['0'];
  const readable = colors && light && !style.inverse;
  if (style.bold) codes.push('1');
  if (style.dim && !readable) codes.push('2');
  if (style.underline) codes.push('4');
  if (style.inverse) codes.push('7');
  if (readable && style.color !== undefined) codes.push(`38;5;${ON_LIGHT[style.color]}`);
  else if (readable && style.dim) codes.push(`38;5;${DIM_ON_LIGHT}`);
  else if (colors && style.color !== undefined) codes.push(String(CODES[style.color]));
  if (colors && style.background !== undefined) codes.push(String(CODES[style.background] + BACKGROUND));
  return codes.length === 1 ? '\u001b[m' : `\u001b[${codes.join(';')}m`;
}
