/** Processes of a measurement: a real server, readers, nginx; and how much processor time and memory they take. */
import { type ChildProcess, execFileSync, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Ready } from '../../../server/contract/index.ts';
import type { Sql } from '../../../server/db/client.ts';
import { descendants } from '../../chaos/support/processes.ts';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
export const projectFolder = here('../../..');

export interface Running {
  pid: number;
  url: string;
  stop(): Promise<void>;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

let built = false;

/** One of the project's processes, as it is shipped. */
export async function startPart(part: 'server' | 'runner', env: Record<string, string>): Promise<Running> {
  if (!built) execFileSync(process.execPath, ['.ci/build.mjs'], { cwd: projectFolder, stdio: 'inherit' });
  built = true;
  const child = spawn(process.execPath, [join(projectFolder, 'dist', `${part}.js`)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '', SIMCITY_PORT: '0', SIMCITY_STREAMS: '2000', ...env },
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const ready = JSON.parse(line) as Ready;
  const url = ready.ready === 'server' ? ready.url : '';
  return {
    pid: child.pid as number,
    url,
    async stop() {
      child.stdin.end();
      await ended(child);
    },
  };
}

/** A module of this folder as a process with a channel; resolves with its first message. */
export async function startModule<T>(
  file: string,
  args: string[],
): Promise<{ child: ChildProcess; first: T }> {
  const child = fork(here(file), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
  const [first] = (await once(child, 'message')) as [T];
  return { child, first };
}

export async function endModule(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await ended(child);
}

/** nginx with nchan on `port`, one worker; null when it is not installed. */
export async function startNchan(port: number): Promise<Running | null> {
  const module = '/usr/lib/nginx/modules/ngx_nchan_module.so';
  if (spawnSync('nginx', ['-v']).status !== 0) return null;
  const folder = await mkdtemp(join(tmpdir(), 'simcity-nchan-'));
  await writeFile(
    join(folder, 'nginx.conf'),
    `load_module ${module};
worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log crit;
events { worker_connections 8192; }
http { access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  client_max_body_size 8m; client_body_buffer_size 1m; keepalive_requests 100000000;
  nchan_shared_memory_size 1G; nchan_message_timeout 20s;
  server { listen 127.0.0.1:${port};
    location /pub { nchan_publisher; nchan_channel_id $arg_id; nchan_message_buffer_length 1000; }
    location /sub { nchan_subscriber eventsource; nchan_channel_id $arg_id; } } }`,
  );
  const child = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; ; attempt++) {
    if (child.exitCode !== null || attempt > 100) return null;
    if (
      await fetch(`${url}/pub?id=0`).then(
        () => true,
        () => false,
      )
    )
      break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
  return {
    pid: Number(children.trim().split(' ')[0]),
    url,
    async stop() {
      child.kill('SIGTERM');
      await ended(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const CLOCK_TICKS = 100;

/** Seconds of processor time that a process has used. */
export async function processorSeconds(pid: number): Promise<number> {
  const fields = await statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

/** Seconds of processor time of a PostgreSQL and of all its backends, also those that have ended. */
export async function postgresSeconds(sql: Sql): Promise<number> {
  const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  const parent = (pid: number | string) => statOf(pid).then((fields) => Number(fields[1]));
  const postmaster = await parent(row?.pid ?? 0);
  const own = await statOf(postmaster);
  // Fields 11 to 14: its own time in user and system mode, and that of children that it has buried.
  let ticks = own.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  const children = await readFile(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8');
  for (const pid of children.trim().split(' ')) {
    const fields = await statOf(pid).catch(() => []);
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks / CLOCK_TICKS;
}

/** Seconds of processor time of this process and of all that come from it, also of those that have ended. */
export async function familySeconds(): Promise<number> {
  let ticks = 0;
  for (const pid of [process.pid, ...descendants(process.pid).map((each) => each.pid)]) {
    const fields = await statOf(pid).catch(() => []);
    ticks += fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  }
  return ticks / CLOCK_TICKS;
}

async function statOf(pid: number | string): Promise<string[]> {
  return (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
}

/** Resident memory of a process in MiB. */
export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
}
