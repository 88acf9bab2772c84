/** `simcity explain` and `run --explain` as users call them: stored with the run, cancelled, and no other exit code. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Run, smallestSchema, taskSchemas } from '../../server/contract/index.ts';
import { simcity } from '../helpers/cli-process.ts';
import type { TestFolder } from '../helpers/folder.ts';
import { folderWithCluster } from '../helpers/golden-cluster.ts';
import { servedHere } from '../helpers/http-service.ts';

let folder: TestFolder;
beforeAll(async () => {
  folder = await folderWithCluster('data');
});
afterAll(() => folder.remove());

const command = (...args: string[]) =>
  simcity([...args, '--data-dir', `${folder.path}/data`], { cwd: folder.path });
const newest = async () => JSON.parse((await command('show', '--json')).stdout) as Run;

const FAILING = ['run', '--target', 'memory', '--seed', '2', '--bug', 'no-idempotency'];

it('is off where no terminal is, unless it is asked for, and then follows the verdict', async () => {
  const silent = await command(...FAILING, '--log');
  expect(silent.exitCode).toBe(1);
  expect(silent.stdout).not.toContain('WHY');
  expect(smallestSchema.safeParse((await newest()).failForensic?.smallest).success).toBe(false);

  const told = await command(...FAILING, '--log', '--explain');
  expect(told.exitCode, told.stderr).toBe(1);
  expect(told.stdout.indexOf('WHY')).toBeGreaterThan(told.stdout.indexOf('FAIL'));
  // Made small on the way, and kept with the run.
  expect(smallestSchema.safeParse((await newest()).failForensic?.smallest).success).toBe(true);

  const again = await command('explain', '--json');
  const explanation = taskSchemas.explain.parse(JSON.parse(again.stdout));
  expect(again.exitCode).toBe(explanation.state === 'ready' ? 0 : 1);
  expect(explanation.state).toBe('ready');
}, 240_000);

it('adds nothing to the lines of --json, and nothing to --quiet', async () => {
  const json = await command(...FAILING, '--json', '--quiet', '--explain');
  expect(json.exitCode).toBe(1);
  const lines = json.stdout.trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { frame: string }).frame)).toEqual(['end']);
  expect(smallestSchema.safeParse((await newest()).failForensic?.smallest).success).toBe(true);
}, 120_000);

it('has no say over a run that passes, and refuses one', async () => {
  const passing = ['run', '--target', 'memory', '--seed', '2', '--operations', '50', '--faults', 'none'];
  const { exitCode, stdout } = await command(...passing, '--log', '--explain');
  expect({ exitCode, why: stdout.includes('WHY') }).toEqual({ exitCode: 0, why: false });
  const refused = await command('explain');
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain('has not failed: it is PASS');
}, 120_000);

it('is cancelled by Ctrl-C, which is said and stored; the verdict stays', async () => {
  await command(...FAILING, '--log');
  let asked = false;
  const interrupt = (text: string, kill: (signal: NodeJS.Signals) => void) => {
    if (asked || !text.includes('Looking for why it broke:')) return;
    asked = true;
    kill('SIGINT');
  };
  const { exitCode, stdout, stderr } = await simcity(['explain', '--data-dir', `${folder.path}/data`], {
    cwd: folder.path,
    onStderr: interrupt,
  });
  expect(exitCode, stderr).toBe(130);
  expect(stderr).toContain('cancelling the explanation');
  expect(stdout).toBe('WHY  not explained: cancelled.\n');
  expect((await newest()).status).toBe('FAIL');
}, 120_000);

it('tells of a service without a gate by its requests, when the service is gone', async () => {
  const failing = async () => {
    await using service = await servedHere('check-then-insert');
    for (let seed = 1; seed <= 8; seed++) {
      const live = ['run', '--target', service.url, '--seed', String(seed), '--operations', '800'];
      if ((await command(...live, '--log')).exitCode === 1) return;
    }
    throw new Error('No seed up to 8 fails.');
  };
  await failing();
  const { exitCode, stdout, stderr } = await command('explain');
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toMatch(/^WHY {2}/);
  expect(stdout.replace(/\s+/g, ' ')).toContain('--gate would show its statements');
  expect(stdout).toContain('Found by reading what the run recorded; nothing was executed again.');
  const explanation = taskSchemas.explain.parse(JSON.parse((await command('explain', '--json')).stdout));
  expect(explanation).toMatchObject({ state: 'ready', result: { source: 'requests', executions: 0 } });
  const file = `${folder.path}/report.html`;
  const written = await command('report', 'latest', '--reporter', 'html', '--output', file);
  expect(written.exitCode, written.stderr).toBe(0);
  for (const shown of [(await command('forensic', 'latest')).stdout, readFileSync(file, 'utf8')])
    expect(shown).toContain('nothing was executed again');
}, 240_000);
