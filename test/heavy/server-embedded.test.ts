import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ready, readySchema } from '../../server/contract/index.ts';
import { isRunning } from '../../server/contract/process-lock/identity.ts';
import { enterMember } from '../../server/contract/world-members.ts';
import { worldRunnerName } from '../../server/contract/world-runner.ts';
import { connect } from '../../server/db/client.ts';
import { processesIn } from '../../server/db/embedded/stragglers.ts';
import { temporaryFolder } from '../helpers/folder.ts';

const MAIN = fileURLToPath(new URL('../../dist/database.js', import.meta.url));

interface Guardian {
  child: ChildProcess;
  ready: Ready;
  ended: Promise<number | NodeJS.Signals | null>;
}

let folder: string;
let dataDir: string;
let children: ChildProcess[];
beforeEach(async () => {
  folder = await temporaryFolder();
  dataDir = join(folder, 'data');
  children = [];
});
afterEach(async () => {
  for (const child of children) child.stdin?.end();
  await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
  await until(() => processesIn(join(dataDir, 'postgres')).length === 0);
  await rm(folder, { recursive: true, force: true });
});

async function start(dir = dataDir): Promise<Guardian> {
  const child = spawn(process.execPath, [MAIN, '--data-dir', dir], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, ready: readySchema.parse(JSON.parse(line)), ended };
}

function urlOf({ ready }: Guardian): string {
  if (ready.ready !== 'database') throw new Error(JSON.stringify(ready));
  return ready.url;
}

async function query(url: string, text: string): Promise<unknown[]> {
  const sql = connect(url, { max: 1 });
  try {
    return [...(await sql.unsafe(text))];
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function until(holds: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`did not come true within ${withinMs} ms: ${holds}`);
    await delay(20);
  }
}

const running = () => processesIn(join(dataDir, 'postgres'));

async function postmaster(): Promise<number> {
  return Number((await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

/** The shell that ends PostgreSQL should its guardian be killed: the guardian's other child. */
async function watchdogOf(guardian: number): Promise<number> {
  const main = await postmaster();
  const text = await readFile(`/proc/${guardian}/task/${guardian}/children`, 'utf8');
  const pid = text
    .trim()
    .split(' ')
    .map(Number)
    .find((child) => child !== main);
  if (pid === undefined) throw new Error('there is no watchdog');
  return pid;
}

describe('the embedded database', () => {
  it('is ready with a password of its own, keeps its data, and leaves nothing running', async () => {
    const first = await start();
    expect(await query(urlOf(first), 'show server_version')).toEqual([{ server_version: '18.4' }]);
    await query(urlOf(first), 'create table kept as select 7 as n');
    await expect(query(urlOf(first).replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toThrow('password');
    first.child.stdin?.end();
    expect(await first.ended).toBe(0);
    expect(running()).toEqual([]);

    const second = await start();
    expect(await query(urlOf(second), 'select n from kept')).toEqual([{ n: 7 }]);
    const { fsync, locale } = (
      await query(
        urlOf(second),
        `select current_setting('fsync') as fsync, datcollate as locale from pg_database where datname = 'postgres'`,
      )
    )[0] as { fsync: string; locale: string };
    expect({ fsync, locale }).toEqual({ fsync: 'on', locale: 'C' });
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    expect(running()).toEqual([]);
    expect((await readdir(dataDir)).filter((name) => name.startsWith('lock'))).toEqual([]);
  });

  it('refuses a second SimCity on the same directory, naming the first', async () => {
    const first = await start();
    const second = await start();
    expect(second.ready).toMatchObject({ ready: false, code: 'data_dir_in_use' });
    expect(JSON.stringify(second.ready)).toContain(`pid ${first.child.pid}`);
    expect(await second.ended).toBe(4);
    expect(await query(urlOf(first), 'select 1 as n')).toEqual([{ n: 1 }]);
  });

  it('lets exactly one of many starters win, also over the lock of a dead one', async () => {
    await mkdir(dataDir);
    await writeFile(
      join(dataDir, 'lock.3'),
      JSON.stringify({ pid: 1, startTicks: '1', bootId: 'another boot' }),
    );
    const all = await Promise.all([start(), start(), start(), start()]);
    expect(all.filter(({ ready }) => ready.ready === 'database')).toHaveLength(1);
    expect(all.filter(({ ready }) => ready.ready === false && ready.code === 'data_dir_in_use')).toHaveLength(
      3,
    );
  });

  it('does not outlive a guardian that is killed, and recovers what it left', async () => {
    const first = await start();
    await query(urlOf(first), 'create table kept as select 7 as n');
    first.child.kill('SIGKILL');
    await until(() => running().length === 0);
    const second = await start();
    expect(await query(urlOf(second), 'select n from kept')).toEqual([{ n: 7 }]);
  });

  it('is left to the next one where another process has joined, with who is connected', async () => {
    await mkdir(dataDir);
    const leave = enterMember(dataDir, worldRunnerName());
    const first = await start();
    const main = await postmaster();
    const sql = connect(urlOf(first), { max: 1 });
    const backend = () => sql`select pg_backend_pid() as pid`.then(([row]) => row?.['pid'] as number);
    const connected = await backend();
    first.child.stdin?.end();
    expect(await first.ended).toBe(0);
    const second = await start();
    leave();
    expect(urlOf(second)).toBe(urlOf(first));
    expect([await postmaster(), await backend()]).toEqual([main, connected]);
    await sql.end({ timeout: 1 });
    // Whoever took it over guards it: it starts again when it dies, and does not outlive its guardian.
    process.kill(main, 'SIGKILL');
    await until(() => query(urlOf(second), 'select 1').then(Boolean, () => false));
    second.child.kill('SIGKILL');
    await until(() => running().length === 0);
  });

  it('ends a while after it was left when nobody takes it over', async () => {
    await mkdir(dataDir);
    const leave = enterMember(dataDir, worldRunnerName());
    const first = await start();
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    leave();
    expect(running()).not.toEqual([]);
    await until(() => running().length === 0);
  });

  it('takes over a PostgreSQL that runs without anybody', async () => {
    const first = await start();
    const left = await postmaster();
    const watchdog = await watchdogOf(first.child.pid!);
    // Stopped, neither can do anything about what comes next.
    process.kill(first.child.pid!, 'SIGSTOP');
    process.kill(watchdog, 'SIGKILL');
    process.kill(first.child.pid!, 'SIGKILL');
    await first.ended;
    expect(isRunning(left)).toBe(true);
    const second = await start();
    expect(await postmaster()).toBe(left);
    expect(await query(urlOf(second), 'select 1 as n')).toEqual([{ n: 1 }]);
  });

  it('starts PostgreSQL again at the same address when it dies, and replaces a dead watchdog', async () => {
    const guardian = await start();
    const url = urlOf(guardian);
    await query(url, 'create table kept as select 7 as n');
    process.kill(await watchdogOf(guardian.child.pid!), 'SIGKILL');
    process.kill(await postmaster(), 'SIGKILL');
    await until(() =>
      query(url, 'select n from kept').then(
        () => true,
        () => false,
      ),
    );
    await until(() =>
      watchdogOf(guardian.child.pid!).then(
        () => true,
        () => false,
      ),
    );
    guardian.child.kill('SIGKILL');
    await until(() => running().length === 0);
  });

  it('ends when it is told to while PostgreSQL is being started again', async () => {
    const guardian = await start();
    const killed = await postmaster();
    process.kill(killed, 'SIGKILL');
    await until(() =>
      postmaster()
        .then((pid) => pid !== killed)
        .catch(() => false),
    );
    guardian.child.kill('SIGTERM');
    expect(await guardian.ended).toBe(0);
    expect(running()).toEqual([]);
  });

  it('redoes a half-finished initdb', async () => {
    const half = join(dataDir, 'postgres.new-0badcafe');
    await mkdir(half, { recursive: true });
    await writeFile(join(half, 'PG_VERSION'), '18\n');
    const guardian = await start();
    expect(await query(urlOf(guardian), 'select 1 as n')).toEqual([{ n: 1 }]);
    expect(existsSync(half)).toBe(false);
  });

  it.runIf(process.getuid?.() === 0)(
    'lives elsewhere when its user cannot reach the directory, and says so',
    async () => {
      const locked = join(folder, 'locked');
      await mkdir(locked);
      await chmod(locked, 0o700);
      const first = await start(join(locked, 'data'));
      await query(urlOf(first), 'create table kept as select 7 as n');
      const location = (await readFile(join(locked, 'data', 'LOCATION'), 'utf8')).trim();
      expect(location).toMatch(/^\/var\/lib\/simcity\/[0-9a-f]{16}$/);
      expect((await start(join(locked, 'data'))).ready).toMatchObject({ code: 'data_dir_in_use' });
      first.child.stdin?.end();
      await first.ended;
      const second = await start(join(locked, 'data'));
      expect(await query(urlOf(second), 'select n from kept')).toEqual([{ n: 7 }]);
      second.child.stdin?.end();
      await second.ended;

      // A directory that was deleted and made anew begins empty.
      await rm(join(locked, 'data'), { recursive: true });
      const third = await start(join(locked, 'data'));
      await expect(query(urlOf(third), 'select n from kept')).rejects.toThrow('does not exist');
      third.child.stdin?.end();
      await third.ended;
      await rm(location, { recursive: true });
    },
  );

  it('says what is wrong with its arguments', async () => {
    const child = spawn(process.execPath, [MAIN], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    expect(JSON.parse(line)).toMatchObject({
      ready: false,
      code: 'wrong_usage',
      hint: expect.stringContaining('--data-dir'),
    });
    expect((await once(child, 'exit'))[0]).toBe(2);
  });
});
