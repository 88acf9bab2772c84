/**
 * Builds `dist/`, gives the rows a folder, tells their results when all is over, and sees to it that no process of
 * the suite is left: neither after its end, nor when it is killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import build from '../../helpers/global-setup.ts';
import { signal } from './processes.ts';
import { document, readResults } from './results.ts';
import { processesOfSuite, SUITE_VARIABLE, type Suite } from './suite.ts';
import { until } from './until.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A folder in which each row leaves what it reached. */
    chaosResults: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await build();
  const folder = mkdtempSync(join(tmpdir(), 'simcity-chaos-'));
  // PostgreSQL's own user must get through it.
  chmodSync(folder, 0o755);
  const suite = { id: randomUUID(), folder };
  // The workers inherit both.
  process.env[SUITE_VARIABLE] = suite.id;
  process.env['TMPDIR'] = folder;
  const guardian = startGuardian(suite);
  const results = join(folder, 'results');
  mkdirSync(results);
  project.provide('chaosResults', results);
  return async () => {
    const text = document(readResults(results));
    process.stdout.write(`\n${text}`);
    const file = process.env['SIMCITY_CHAOS_DOCUMENT'];
    if (file) writeFileSync(file, text);
    try {
      await assertNoneLeft(suite);
    } finally {
      await dismiss(guardian);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  };
}

function startGuardian({ id, folder }: Suite): ChildProcess {
  const { [SUITE_VARIABLE]: _, ...env } = process.env;
  const guardian = spawn(
    process.execPath,
    [join(import.meta.dirname, 'guardian.ts'), id, folder, String(process.pid)],
    { cwd: '/', detached: true, env, stdio: ['pipe', 'ignore', 'inherit'] },
  );
  guardian.unref();
  return guardian;
}

async function dismiss(guardian: ChildProcess): Promise<void> {
  guardian.ref();
  const gone = guardian.exitCode === null ? once(guardian, 'exit') : null;
  guardian.stdin?.end('done\n');
  await gone;
}

/** @throws when a process of the suite runs on after its rows; it is ended then. */
async function assertNoneLeft(suite: Suite): Promise<void> {
  const left = () => processesOfSuite(suite, process.pid);
  try {
    await until('no process of the suite is left', 10_000, () => left().length === 0);
  } catch (error) {
    const found = left();
    for (const { pid } of found) signal(pid, 'SIGKILL');
    throw new Error(`${error}: ${found.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`);
  }
}
