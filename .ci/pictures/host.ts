/** A server with runs to take pictures of, and what a terminal shows of them. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPty } from '../../test/helpers/pty.ts';
import { replayed } from './svg.ts';
import { type View, viewsOf } from './views.ts';

export interface Hosted {
  views: readonly View[];
  /** What `view` looks like; `missing` says what it never showed, where that is no reason to give up. */
  picture(view: View, look: Look, missing?: (what: string) => void): Promise<Picture>;
}

export interface Look {
  columns: number;
  rows: number;
  env: Readonly<Record<string, string>>;
}

type Picture = Awaited<ReturnType<typeof replayed>>;

const simcity = (...args: string[]) => [join(process.cwd(), 'cli/simcity.js'), ...args];

/** Hosts a run that failed by `bug`, one without it, one that goes on, and a campaign, as long as `use` takes. */
export async function withRuns(bug: string, use: (hosted: Hosted) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'simcity-pictures-'));
  const up = spawn(process.execPath, simcity('up', '--port', '0', '--data-dir', folder), {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const url = await firstLine(up.stdout);
    const views = await makeRuns(bug, url, folder);
    await use({ views, picture: (...asked) => picture(url, folder, ...asked) });
  } finally {
    up.kill('SIGTERM');
    await new Promise((resolve) => up.once('exit', resolve));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function makeRuns(bug: string, url: string, folder: string): Promise<View[]> {
  const output = (...args: string[]) => printed(folder, args);
  const where = ['--server', url, '--target', 'memory'];
  await output('run', '--seed', '1', '--log', ...where);
  const hunt = ['--seeds', '1..40', '--operations', '300', '--bug', 'no-idempotency', '--name', 'nightly'];
  await output('campaign', ...hunt, ...where, '--data-dir', folder);
  await output('run', '--seed', '4', '--bug', bug, '--log', ...where);
  const failed = JSON.parse(await output('show', 'latest', '--json', '--server', url)).id as string;
  await output('explain', failed, '--server', url, '--data-dir', folder);
  await output('run', '--seed', '4', '--log', ...where);
  const right = JSON.parse(await output('show', 'latest', '--json', '--server', url)).id as string;
  const pace = ['--operations', '100000', '--rate', '250', '--seed', '42'];
  const going = (await output('run', '--detach', ...pace, ...where)).trim();
  return viewsOf(failed, right, going, 'nightly');
}

async function picture(
  url: string,
  folder: string,
  { name, args, keys }: View,
  { columns, rows, env }: Look,
  missing?: (what: string) => void,
): Promise<Picture> {
  const pty = startPty(process.execPath, simcity(...args, '--server', url), {
    columns,
    rows,
    env: { SIMCITY_DATA_DIR: folder, ...env },
  });
  try {
    await pty.until((text) => /1 +Live|Runs/.test(text), 'the first picture', 20_000);
    for (const [key, shows] of keys) {
      pty.press(key);
      const has = (text: string) => (typeof shows === 'string' ? text.includes(shows) : shows.test(text));
      const shown = pty.until(
        (text) => has(text) && !text.includes('loading'),
        `${shows} in ${name}`,
        missing ? 10_000 : 60_000,
      );
      await (missing ? shown.catch(() => missing(`${shows} in ${name}`)) : shown);
    }
    // What is fetched for the view comes within a moment.
    await new Promise((resolve) => setTimeout(resolve, 700));
    return await replayed(pty.raw(), columns, rows);
  } finally {
    pty.kill('SIGKILL');
    await pty.exited;
  }
}

/** What a command of ours prints. */
function printed(cwd: string, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, simcity(...args), { stdio: ['ignore', 'pipe', 'ignore'], cwd });
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
