/**
 * Makes the pictures of the README from a real run: hosts a server, runs a city with a known bug, opens every view
 * in a terminal of its own, and writes what the terminal shows as SVG into .readme/.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Terminal } from '@xterm/headless';
import { startPty } from '../test/helpers/pty.ts';

const COLUMNS = 120;
const ROWS = 36;
const CELL = { width: 8.4, height: 18 };
const MARGIN = 14;
const BACKGROUND = '#11151c';
const FOREGROUND = '#d5dbe5';
/** The sixteen colours of the pictures; a terminal has its own. */
const ANSI = [
  '#1c2330',
  '#e0606a',
  '#7fc379',
  '#d9b25f',
  '#5c9fe0',
  '#b98ae0',
  '#4fb8c4',
  '#c5ccd8',
  '#6b7688',
  '#ff7b85',
  '#9be094',
  '#f0cb7a',
  '#7ab8f5',
  '#d3a8f5',
  '#6fd6e0',
  '#f2f5fa',
] as const;

const VIEWS: readonly { name: string; args: string[]; keys: readonly [key: string, shows: string][] }[] = [
  { name: 'live', args: ['watch', 'latest'], keys: [['', 'FAIL']] },
  {
    name: 'events',
    args: ['watch', 'latest'],
    keys: [
      ['2', 'the last of'],
      ['k', 'of 0 to'],
      ['k', 'of 0 to'],
      ['\r', 'interval'],
    ],
  },
  { name: 'forensics', args: ['watch', 'latest'], keys: [['3', 'History of']] },
  {
    name: 'replay',
    args: ['replay', 'latest'],
    keys: [
      ['[', 'acknowledged'],
      ['\u001b[5~', 'Metrics after'],
    ],
  },
  { name: 'checks', args: ['watch', 'latest'], keys: [['5', 'Must hold always']] },
  { name: 'runs', args: ['browse'], keys: [['', 'by newest']] },
];

const folder = mkdtempSync(join(tmpdir(), 'simcity-pictures-'));
const simcity = (...args: string[]) => [join(process.cwd(), 'cli/simcity.js'), ...args];

const up = spawn(process.execPath, simcity('up', '--port', '0', '--data-dir', folder), {
  stdio: ['pipe', 'pipe', 'inherit'],
});
try {
  const url = await firstLine(up.stdout);
  const plan = ['--target', 'memory', '--operations', '2000', '--server', url, '--log'];
  await run('run', '--seed', '1', ...plan);
  await run('run', '--seed', '3', '--bug', process.argv[2] ?? 'check-then-insert', ...plan);
  mkdirSync('.readme', { recursive: true });
  for (const view of VIEWS) await picture(view, url);
} finally {
  up.kill('SIGTERM');
  await new Promise((resolve) => up.once('exit', resolve));
  rmSync(folder, { recursive: true, force: true });
}

async function picture({ name, args, keys }: (typeof VIEWS)[number], url: string): Promise<void> {
  const pty = startPty(process.execPath, simcity(...args, '--server', url), {
    columns: COLUMNS,
    rows: ROWS,
    env: { COLORTERM: 'truecolor' },
  });
  try {
    await pty.until((text) => text.includes('SIMCITY'), 'the first picture', 20_000);
    for (const [key, shows] of keys) {
      pty.press(key);
      await pty.until(
        (text) => text.includes(shows) && !text.includes('loading'),
        `${shows} in ${name}`,
        20_000,
      );
    }
    // What is fetched for the view comes within a moment.
    await new Promise((resolve) => setTimeout(resolve, 700));
    writeFileSync(join('.readme', `${name}.svg`), svgOf(await replayed(pty.raw())));
    process.stdout.write(`.readme/${name}.svg\n`);
  } finally {
    pty.kill('SIGKILL');
    await pty.exited;
  }
}

/** What was written to the terminal, in a terminal that can be asked for colours. */
async function replayed(raw: string): Promise<Terminal> {
  const { default: xterm } = await import('@xterm/headless');
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(raw, resolve));
  return terminal;
}

type Cell = NonNullable<
  ReturnType<NonNullable<ReturnType<Terminal['buffer']['active']['getLine']>>['getCell']>
>;

function svgOf(terminal: Terminal): string {
  const width = COLUMNS * CELL.width + 2 * MARGIN;
  const height = ROWS * CELL.height + 2 * MARGIN;
  const parts: string[] = [];
  for (let y = 0; y < ROWS; y++) {
    const line = terminal.buffer.active.getLine(y);
    let x = 0;
    while (line && x < COLUMNS) {
      const cell = line.getCell(x);
      if (!cell) break;
      const look = lookOf(cell);
      let text = '';
      const from = x;
      for (; x < COLUMNS; x++) {
        const next = line.getCell(x);
        if (!next || JSON.stringify(lookOf(next)) !== JSON.stringify(look)) break;
        if (next.getWidth() > 0) text += next.getChars() || ' ';
      }
      parts.push(textOf(text, from, x - from, y, look));
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width.toFixed(0)} ${height}" font-family="'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14">
<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>
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

function lookOf(cell: Cell): Look {
  const color = cell.isFgPalette() ? (ANSI[cell.getFgColor()] ?? FOREGROUND) : FOREGROUND;
  const background = cell.isBgPalette() ? (ANSI[cell.getBgColor()] ?? BACKGROUND) : null;
  const isInverse = cell.isInverse() !== 0;
  return {
    color: isInverse ? (background ?? BACKGROUND) : color,
    background: isInverse ? color : background,
    bold: cell.isBold() !== 0,
    dim: cell.isDim() !== 0,
  };
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

function run(...args: string[]): Promise<number | null> {
  const child = spawn(process.execPath, simcity(...args), { stdio: 'ignore', cwd: folder });
  return new Promise((resolve) => child.once('exit', resolve));
}

function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (chunk) => {
      text += String(chunk);
      if (text.includes('\n')) resolve(text.split('\n')[0]?.trim() ?? '');
    });
    stream.on('end', () => reject(new Error('simcity up ended before it said where it listens.')));
  });
}
