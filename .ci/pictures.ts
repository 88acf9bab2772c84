/**
 * Makes the pictures of the README from real runs, for dark and for light pages: hosts a server, runs a city with a
 * known bug, another one that goes on, and a campaign, opens every view in a terminal of its own, and writes what
 * the terminal shows as SVG into .readme/.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPty } from '../test/helpers/pty.ts';
import { DARK, LIGHT, replayed, svgOf } from './pictures/svg.ts';

const COLUMNS = 120;
const ROWS = 36;

interface View {
  name: string;
  args: string[];
  /** Keys, each with what it shows; '' waits only. */
  keys: readonly [key: string, shows: string | RegExp][];
}

/** Of a run that failed, the same with the right service, one that goes on, and a campaign. */
function viewsOf(failed: string, right: string, going: string, campaign: string): View[] {
  const watch = ['watch', failed];
  return [
    { name: 'live', args: ['watch', going], keys: [['', /event [3-9],\d{3} /]] },
    {
      name: 'events',
      args: watch,
      keys: [
        ['2', 'the last of'],
        ['[', / of 0 to/],
        ['k', / of 0 to/],
        ['\r', 'interval'],
      ],
    },
    { name: 'forensics', args: watch, keys: [['3', 'WHY']] },
    {
      name: 'replay',
      args: ['replay', failed],
      keys: [
        ['[', 'acknowledged'],
        ['\u001b[D', 'Metrics after'],
        ['', /^(?![\s\S]*after event)/],
      ],
    },
    {
      name: 'compare',
      args: ['replay', failed],
      keys: [
        ['c', 'compare with run'],
        [right, right],
        ['\r', 'part at event'],
      ],
    },
    { name: 'checks', args: ['watch', going], keys: [['5', 'Must hold always']] },
    { name: 'runs', args: ['browse'], keys: [['', '● FAIL']] },
    {
      name: 'campaign',
      args: ['browse'],
      keys: [
        ['', '● FAIL'],
        ['C', `campaign ${campaign}`],
        ['', 'are enough'],
      ],
    },
    {
      name: 'help',
      args: watch,
      keys: [
        ['2', 'the last of'],
        ['?', 'Keys of'],
      ],
    },
  ];
}

const folder = mkdtempSync(join(tmpdir(), 'simcity-pictures-'));
const simcity = (...args: string[]) => [join(process.cwd(), 'cli/simcity.js'), ...args];

const up = spawn(process.execPath, simcity('up', '--port', '0', '--data-dir', folder), {
  stdio: ['pipe', 'pipe', 'inherit'],
});
try {
  const url = await firstLine(up.stdout);
  const where = ['--server', url, '--target', 'memory'];
  await output('run', '--seed', '1', '--log', ...where);
  const hunt = ['--seeds', '1..40', '--operations', '300', '--bug', 'no-idempotency', '--name', 'nightly'];
  await output('campaign', ...hunt, ...where, '--data-dir', folder);
  await output('run', '--seed', '4', '--bug', process.argv[2] ?? 'lost-cancel', '--log', ...where);
  const failed = JSON.parse(await output('show', 'latest', '--json', '--server', url)).id as string;
  await output('explain', failed, '--server', url, '--data-dir', folder);
  await output('run', '--seed', '4', '--log', ...where);
  const right = JSON.parse(await output('show', 'latest', '--json', '--server', url)).id as string;
  const pace = ['--operations', '100000', '--rate', '250', '--seed', '42'];
  const going = (await output('run', '--detach', ...pace, ...where)).trim();
  mkdirSync('.readme', { recursive: true });
  // `SIMCITY_PICTURES=live,help` makes those alone.
  const chosen = process.env['SIMCITY_PICTURES']?.split(',');
  const views = viewsOf(failed, right, going, 'nightly').filter(({ name }) => chosen?.includes(name) ?? true);
  for (const view of views) for (const theme of ['dark', 'light'] as const) await picture(view, url, theme);
} finally {
  up.kill('SIGTERM');
  await new Promise((resolve) => up.once('exit', resolve));
  rmSync(folder, { recursive: true, force: true });
}

async function picture({ name, args, keys }: View, url: string, theme: 'dark' | 'light'): Promise<void> {
  const pty = startPty(process.execPath, simcity(...args, '--server', url), {
    columns: COLUMNS,
    rows: ROWS,
    env: { COLORTERM: 'truecolor', SIMCITY_THEME: theme, SIMCITY_DATA_DIR: folder },
  });
  try {
    await pty.until((text) => text.includes('1 Live') || text.includes('Runs'), 'the first picture', 20_000);
    for (const [key, shows] of keys) {
      pty.press(key);
      const has = (text: string) => (typeof shows === 'string' ? text.includes(shows) : shows.test(text));
      await pty.until((text) => has(text) && !text.includes('loading'), `${shows} in ${name}`, 60_000);
    }
    // What is fetched for the view comes within a moment.
    await new Promise((resolve) => setTimeout(resolve, 700));
    const file = join('.readme', theme === 'dark' ? `${name}.svg` : `${name}-light.svg`);
    const colors = theme === 'dark' ? DARK : LIGHT;
    writeFileSync(file, svgOf(await replayed(pty.raw(), COLUMNS, ROWS), colors));
    process.stdout.write(`${file}\n`);
  } finally {
    pty.kill('SIGKILL');
    await pty.exited;
  }
}

/** What a command of ours prints. */
function output(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, simcity(...args), {
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: folder,
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += String(chunk);
  });
  return new Promise((resolve) => child.once('close', () => resolve(text)));
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
