/** A real nginx in front of the server; while the server is away it answers 502 on one port and 503 on another. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, temporaryFolder } from '../../helpers/folder.ts';
import { ROW_VARIABLE } from './processes.ts';
import type { Row } from './row.ts';
import { programPath } from './tools.ts';
import { until } from './until.ts';

export interface Nginx {
  /** Answers 502 while the server is away. */
  url502: string;
  url503: string;
}

export async function startNginx(row: Row, upstream: string): Promise<Nginx> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'tmp'));
  const [first, second] = [await freePort(), await freePort()];
  const file = join(folder, 'nginx.conf');
  await writeFile(file, configuration(folder, upstream, first, second));
  const child = spawn(
    programPath('nginx') ?? 'nginx',
    ['-p', folder, '-c', file, '-e', join(folder, 'error.log')],
    {
      stdio: 'ignore',
      env: { ...process.env, [ROW_VARIABLE]: row.tag },
    },
  );
  row.defer(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const [url502, url503] = [`http://127.0.0.1:${first}`, `http://127.0.0.1:${second}`];
  await until('nginx serves', 10_000, async () => (await fetch(`${url503}/healthz`)).ok);
  return { url502, url503 };
}

function configuration(folder: string, upstream: string, first: number, second: number): string {
  const server = (port: number, more: string) => `
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${upstream};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      client_max_body_size 8m;
    }
    ${more}
  }`;
  return `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/tmp/body;
  proxy_temp_path ${folder}/tmp/proxy;
  fastcgi_temp_path ${folder}/tmp/fastcgi;
  uwsgi_temp_path ${folder}/tmp/uwsgi;
  scgi_temp_path ${folder}/tmp/scgi;
  ${server(first, '')}
  ${server(second, 'error_page 502 504 @away; location @away { return 503; }')}
}
`;
}
