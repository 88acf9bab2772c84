/** kill -9 of the command line while it hosts: whatever it started ends by itself, soon. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TestFolder } from '../helpers/folder.ts';
import { folderWithCluster } from '../helpers/golden-cluster.ts';

let folder: TestFolder;
beforeEach(async () => {
  folder = await folderWithCluster('data');
});
afterEach(() => folder.remove());

test.skipIf(process.platform !== 'linux')(
  'runner and harness end within seconds, server and database after them',
  async () => {
    const child = spawn(
      process.execPath,
      ['cli/simcity.js', 'run', '--target', 'memory', '--operations', '100000', '--rate', '50', '--json'],
      {
        env: {
          PATH: process.env['PATH'],
          HOME: process.env['HOME'],
          SIMCITY_DATA_DIR: `${folder.path}/data`,
        },
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    await untilText(child.stdout, '"frame":"event"');
    const started = descendants(child.pid ?? 0);
    const workers = started.filter(({ script }) => /\/(runner|harness)\.js$/.test(script));
    expect(workers.map(({ script }) => script.replace(/.*\//, '')).sort()).toEqual([
      'harness.js',
      'runner.js',
    ]);
    child.kill('SIGKILL');
    const killed = performance.now();
    await once(child, 'exit');
    await untilAllGone(workers.map(({ pid }) => pid));
    expect(performance.now() - killed).toBeLessThan(6_000);
    await untilAllGone(started.map(({ pid }) => pid));
    expect(performance.now() - killed).toBeLessThan(20_000);
  },
);

/** Leaves the stream open: closing it would make the command leave in good order. */
function untilText(stream: NodeJS.ReadableStream, wanted: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (chunk) => {
      text = (text + String(chunk)).slice(-10_000);
      if (text.includes(wanted)) resolve();
    });
    stream.on('end', () => reject(new Error(`the output ended without ${wanted}: ${text}`)));
  });
}

interface Started {
  pid: number;
  script: string;
}

/** The processes that come from `root`, by the parents that the kernel knows. */
function descendants(root: number): Started[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : '';
    const parent = /\) \S (\d+)/.exec(stat)?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const comesFromRoot = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && parent > 1 && (parent === root || comesFromRoot(parent));
  };
  return [...parents.keys()]
    .filter(comesFromRoot)
    .map((pid) => ({ pid, script: read(`/proc/${pid}/cmdline`).split('\0')[1] ?? '' }));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function untilAllGone(pids: number[]): Promise<void> {
  // They are nobody's children any more: there is no event to wait for.
  while (pids.some((pid) => /\) [^ZX] /.test(read(`/proc/${pid}/stat`)))) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
