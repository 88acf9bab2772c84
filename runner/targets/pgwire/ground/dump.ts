/** Copies a database that others are connected to, by the pg_dump and pg_restore of this machine. */
import { execFile, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { OutputTail } from '../../../../server/contract/child-process/output-tail.ts';
import { passwordsOf } from '../../../../server/contract/index.ts';
import { withoutPasswords } from './reason.ts';

/** Debian has those of each major version there, and on the PATH only some. */
const DEBIAN = '/usr/lib/postgresql';
const SHOWN_LINES = 10;

export interface DumpTool {
  readonly folder: string;
  readonly major: number;
}

/** All that are there, the oldest first. */
export async function dumpTools(env: Readonly<Record<string, string | undefined>>): Promise<DumpTool[]> {
  const majors = await readdir(DEBIAN).catch(() => []);
  const folders = [
    ...(env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''),
    ...majors.map((major) => join(DEBIAN, major, 'bin')),
  ];
  const found = await Promise.all(folders.map(async (folder) => ({ folder, major: await majorOf(folder) })));
  return found
    .flatMap(({ folder, major }) => (major === null ? [] : [{ folder, major }]))
    .sort((a, b) => a.major - b.major);
}

/** Null where one of the two is missing, or cannot be run. */
async function majorOf(folder: string): Promise<number | null> {
  try {
    const [dump] = await Promise.all(
      ['pg_dump', 'pg_restore'].map((tool) =>
        promisify(execFile)(join(folder, tool), ['--version'], { timeout: 10_000 }),
      ),
    );
    const [, major] = /\(PostgreSQL\) (\d+)/.exec(dump?.stdout ?? '') ?? [];
    return major === undefined ? null : Number(major);
  } catch {
    return null;
  }
}

/**
 * Reads the database `from`, in one snapshot, and fills the empty database `to`. Owners and privileges are left out:
 * all of it will be the service's own.
 * @throws Error with what the tools have printed.
 */
export async function copyByDump({ folder }: DumpTool, from: string, to: string): Promise<void> {
  const dump = tool(join(folder, 'pg_dump'), from, [
    '--format=custom',
    '--compress=0',
    '--no-publications',
    '--no-subscriptions',
    '--dbname',
  ]);
  const restore = tool(join(folder, 'pg_restore'), to, [
    '--no-owner',
    '--no-privileges',
    '--no-comments',
    '--exit-on-error',
    '--dbname',
  ]);
  // Which of the two broke the pipe is told by how they ended.
  await pipeline(dump.stdout, restore.stdin).catch(() => {});
  const [dumped, restored] = await Promise.all([dump.ended, restore.ended]);
  const failure = dumped ?? restored;
  if (failure !== null) throw new Error(failure);
}

/** `ended`: null, or how it failed. The password is told by the environment, where other users cannot see it. */
function tool(command: string, url: string, args: readonly string[]) {
  const { bare, password } = withoutPassword(url);
  const child = spawn(command, [...args, bare], {
    env: { ...process.env, ...(password === null ? {} : { PGPASSWORD: password }) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const tail = new OutputTail().follow(child.stderr as Readable);
  child.stdin.on('error', () => undefined);
  const ended = new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(`${command}: ${error.message}`));
    child.once('close', (code) => {
      const lines = withoutPasswords(tail.lastLines(SHOWN_LINES).join('\n'));
      resolve(code === 0 ? null : `${command} failed: ${lines}`);
    });
  });
  return { stdin: child.stdin, stdout: child.stdout, ended };
}

function withoutPassword(url: string): { bare: string; password: string | null } {
  const bare = new URL(url);
  const password = passwordsOf(url).at(-1) ?? bare.searchParams.get('password');
  bare.password = '';
  bare.searchParams.delete('password');
  return { bare: bare.href, password };
}
