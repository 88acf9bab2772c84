/** A terminal's screen as SVG, in the colours of a dark or of a light terminal. */
import type { Terminal } from '@xterm/headless';

const CELL = { width: 8.4, height: 18 };
const MARGIN = 14;

export interface Theme {
  background: string;
  foreground: string;
  /** The sixteen colours; a terminal has its own. */
  ansi: readonly string[];
}

export const DARK: Theme = {
  background: '#11151c',
  foreground: '#d5dbe5',
  ansi: [
    ...['#1c2330', '#e0606a', '#7fc379', '#d9b25f', '#5c9fe0', '#b98ae0', '#4fb8c4', '#c5ccd8'],
    ...['#6b7688', '#ff7b85', '#9be094', '#f0cb7a', '#7ab8f5', '#d3a8f5', '#6fd6e0', '#f2f5fa'],
  ],
};

export const LIGHT: Theme = {
  background: '#fdfdfb',
  foreground: '#24292f',
  ansi: [
    ...['#24292f', '#cf222e', '#116329', '#9a6700', '#0969da', '#8250df', '#1b7c83', '#6e7781'],
    ...['#57606a', '#a40e26', '#1a7f37', '#bf8700', '#218bff', '#a475f9', '#3192aa', '#8c959f'],
  ],
};

/** What was written to a terminal of this size, in one that can be asked for colours. */
export async function replayed(raw: string, columns: number, rows: number): Promise<Terminal> {
  const { default: xterm } = await import('@xterm/headless');
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(raw, resolve));
  return terminal;
}

type Cell = NonNullable<
  ReturnType<NonNullable<ReturnType<Terminal['buffer']['active']['getLine']>>['getCell']>
>;

export function svgOf(terminal: Terminal, theme: Theme): string {
  const { cols: columns, rows } = terminal;
  const width = columns * CELL.width + 2 * MARGIN;
  const height = rows * CELL.height + 2 * MARGIN;
  const parts: string[] = [];
  for (let y = 0; y < rows; y++) {
    const line = terminal.buffer.active.getLine(y);
    let x = 0;
    while (line && x < columns) {
      const cell = line.getCell(x);
      if (!cell) break;
      const look = lookOf(cell, theme);
      let text = '';
      const from = x;
      for (; x < columns; x++) {
        const next = line.getCell(x);
        if (!next || JSON.stringify(lookOf(next, theme)) !== JSON.stringify(look)) break;
        if (next.getWidth() > 0) text += next.getChars() || ' ';
      }
      parts.push(textOf(text, from, x - from, y, look));
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width.toFixed(0)} ${height}" font-family="'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14">
<rect width="100%" height="100%" rx="8" fill="${theme.background}"/>
${parts.filter(Boolean).join('\n')}
</svg>
`;
}

interface Look {
  color: string;
  background: string | null;
  bold: boolean;
  dim: boolean;
}

function lookOf(cell: Cell, theme: Theme): Look {
  const color = cell.isFgPalette() ? paletteColor(cell.getFgColor(), theme) : theme.foreground;
  const background = cell.isBgPalette() ? paletteColor(cell.getBgColor(), theme) : null;
  const isInverse = cell.isInverse() !== 0;
  return {
    color: isInverse ? (background ?? theme.background) : color,
    background: isInverse ? color : background,
    bold: cell.isBold() !== 0,
    dim: cell.isDim() !== 0,
  };
}

/** The sixteen of the theme, the cube of 216, and 24 grays. */
function paletteColor(index: number, { ansi, foreground }: Theme): string {
  if (index < 16) return ansi[index] ?? foreground;
  if (index >= 232) return hex([8, 8, 8].map((base) => base + (index - 232) * 10));
  const place = index - 16;
  const steps = [Math.floor(place / 36), Math.floor(place / 6) % 6, place % 6];
  return hex(steps.map((step) => (step === 0 ? 0 : 55 + step * 40)));
}

function hex(channels: number[]): string {
  return `#${channels.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

function textOf(text: string, x: number, columns: number, y: number, look: Look): string {
  const left = MARGIN + x * CELL.width;
  const top = MARGIN + y * CELL.height;
  const wide = (columns * CELL.width).toFixed(1);
  const box =
    look.background === null
      ? ''
      : `<rect x="${left.toFixed(1)}" y="${top}" width="${wide}" height="${CELL.height}" fill="${look.background}"/>`;
  if (text.trim() === '') return box;
  const attributes = `${look.bold ? ' font-weight="bold"' : ''}${look.dim ? ' opacity="0.55"' : ''}`;
  return `${box}<text x="${left.toFixed(1)}" y="${(top + CELL.height * 0.76).toFixed(1)}" textLength="${wide}" lengthAdjust="spacingAndGlyphs" xml:space="preserve" fill="${look.color}"${attributes}>${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
