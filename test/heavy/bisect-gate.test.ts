/** `simcity bisect` of a service over PostgreSQL behind the gate: each revision is started by the command of the run. */
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Bisected } from '../../server/contract/index.ts';
import { simcity } from '../helpers/cli-process.ts';
import { freePort, type TestFolder } from '../helpers/folder.ts';
import { git, makeRepository, type TestCommit } from '../helpers/git-repository.ts';
import { folderWithCluster } from '../helpers/golden-cluster.ts';
import { surveyed } from '../helpers/surveyed-service.ts';

/** Locks the slot before it looks, unless it is told otherwise. */
const RIGHT = readFileSync('test/fixtures/gate-services/tickets.ts', 'utf8');
const WRONG = RIGHT.replace("process.argv.includes('check-then-insert')", 'true');
const note = (n: number): TestCommit => ({ subject: `Note ${n}`, files: { 'notes.md': `note ${n}\n` } });

let folder: TestFolder;
let repository: string;
beforeAll(async () => {
  folder = await folderWithCluster('data');
  repository = join(folder.path, 'repository');
  makeRepository(repository, [
    { subject: 'Sell tickets', files: { 'service.ts': RIGHT, '.gitignore': 'node_modules\n' } },
    ...[2, 3].map(note),
    // It ends before it answers. One of the two lies in the middle.
    { subject: 'Half of a change', files: { 'service.ts': `process.exit(3);\n${RIGHT}` } },
    { subject: 'More of it', files: { 'service.ts': `process.exit(4);\n${RIGHT}` } },
    { subject: 'Take it back', files: { 'service.ts': RIGHT } },
    { subject: 'Look without a lock', files: { 'service.ts': WRONG } },
    note(8),
  ]);
});
afterAll(async () => {
  await folder.remove();
});

const here = (...args: string[]) =>
  simcity([...args, '--data-dir', `${folder.path}/data`], { cwd: repository });

it('finds the commit that broke it, past a revision that does not start', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const setup = `ln -sfn '${process.cwd()}/node_modules' node_modules`;
  const settings = [...surveyed('restart'), '--operations', '200'];
  symlinkSync(join(process.cwd(), 'node_modules'), join(repository, 'node_modules'));
  const service = ['--target', url, '--exec', `${process.execPath} service.ts`, '--gate'];
  const run = await here('run', '--quiet', '--no-explain', '--seed', '7', ...settings, ...service);
  expect(run, run.stdout + run.stderr).toMatchObject({ exitCode: 1 });
  const shrunk = await here('shrink', 'latest', '--max-time', '30s');
  expect(shrunk, shrunk.stdout + shrunk.stderr).toMatchObject({ exitCode: 0 });

  const bisected = await here('bisect', '--good', 'main~7', '--bad', 'main', '--setup', setup, '--json');
  expect(bisected, bisected.stdout + bisected.stderr).toMatchObject({ exitCode: 0 });
  const { first, tried, executed } = JSON.parse(bisected.stdout) as Bisected;
  expect([first?.subject, executed]).toEqual(['Look without a lock', 'smallest']);
  expect(tried.find(({ verdict }) => verdict === 'skip')?.why).toContain('ended before it answered');
  expect(git(repository, 'worktree', 'list').split('\n')).toHaveLength(1);
});
