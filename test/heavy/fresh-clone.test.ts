/** A fresh clone in a folder that only its owner may enter, with the two commands and nothing else. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { machineEnvironment } from '../helpers/machine-environment.ts';

let folder: string;
let clone: string;

beforeAll(() => {
  // Under the home folder, which for root nobody else may enter: PostgreSQL then runs as another user.
  folder = mkdtempSync(join(homedir(), 'simcity-fresh-'));
  clone = join(folder, 'simcity');
  execFileSync('git', ['clone', '--quiet', process.cwd(), clone]);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** As in a shell of the machine: none of this run's own environment for npm and Node. */
function npm(...args: string[]): string {
  return execFileSync('npm', args, {
    cwd: clone,
    env: machineEnvironment(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

it('npm ci, and npm start piped: a run on postgres that passes', () => {
  npm('ci', '--no-audit', '--no-fund');
  const first = npm('start', '--', '--seed', '7', '--operations', '300');
  expect(first).toContain('PASS  bookings@postgres  seed 7');
  const again = npm('start', '--', '--seed', '7', '--operations', '300');
  expect(again).toContain('PASS  bookings@postgres  seed 7');
});
