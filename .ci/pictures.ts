/**
 * Makes the pictures of the README from a real run: hosts a server, runs a city with a known bug, opens every view
 * in a terminal of its own, and writes what the terminal shows as SVG into .readme/.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPty } from '../test/helpers/pty.ts';
import { DARK, replayed, svgOf } from './pictures/svg.ts';

const COLUMNS = 120;
const ROWS = 36;

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
    writeFileSync(join('.readme', `${name}.svg`), svgOf(await replayed(pty.raw(), COLUMNS, ROWS), DARK));
    process.stdout.write(`.readme/${name}.svg\n`);
  } finally {
    pty.kill('SIGKILL');
    await pty.exited;
  }
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
