/** `simcity bisect`: the first commit of a repository that fails as a run did, and no worktree left behind. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Bisected } from '../../server/contract/index.ts';
import { simcity } from '../helpers/cli-process.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import { commitAll, git, makeRepository, type TestCommit } from '../helpers/git-repository.ts';

const RIGHT = readFileSync('cli/init/templates/my-scenario.ts', 'utf8');
/** Others run between the look and the count. */
const WRONG = RIGHT.replace("if (bug === 'lost-update') yield;", 'yield;');
const note = (n: number): TestCommit => ({
  subject: `Note ${n}`,
  files: { 'doors/notes.md': `note ${n}\n` },
});
const COMMITS: readonly TestCommit[] = [
  {
    subject: 'Count visitors at doors',
    files: { 'doors/doors.ts': RIGHT, '.gitignore': '.simcity\n' },
  },
  ...[2, 3, 4].map(note),
  { subject: 'Let others \u001b[31mrun', files: { 'doors/doors.ts': WRONG } },
  ...[6, 7, 8].map(note),
];
/** After the fourth. The first of them cannot be tested, and is no reason to acquit the second. */
const BRANCH: readonly TestCommit[] = [
  { subject: 'Half of a change', files: { 'doors/doors.ts': `${RIGHT}\nexport {` } },
  { subject: 'All of it', files: { 'doors/doors.ts': WRONG } },
];

let folder: TestFolder;
let repository: string;
let here: string;
beforeAll(async () => {
  folder = await testFolder();
  repository = join(folder.path, 'repository');
  makeRepository(repository, COMMITS);
  git(repository, 'checkout', '--quiet', '-b', 'branch', 'main~4');
  commitAll(repository, BRANCH);
  git(repository, 'checkout', '--quiet', 'main');
  here = join(repository, 'doors');
  const run = await simcity(
    ['run', '--scenario', './doors.ts', '--target', 'memory', '--seed', '1', '--quiet', '--no-explain'],
    { cwd: here },
  );
  expect(run, run.stdout + run.stderr).toMatchObject({ exitCode: 1 });
});
afterAll(async () => {
  await folder.remove();
});

/** In a folder of temporary files of its own, in which nothing may be left. */
async function bisect(...args: string[]) {
  const result = await simcity(['bisect', ...args], { cwd: here, env: { TMPDIR: folder.path } });
  expect(git(repository, 'worktree', 'list').split('\n')).toHaveLength(1);
  expect(readdirSync(folder.path).filter((name) => name.startsWith('simcity-bisect-'))).toEqual([]);
  return result;
}

it('leaves no worktree and no process when it is interrupted in the middle of a revision', async () => {
  const pid = join(folder.path, 'pid');
  const setup = `echo $$ >'${pid}'; kill -INT $PPID; sleep 600`;
  const { exitCode, stderr } = await bisect('--good', 'main~7', '--bad', 'main', '--setup', setup);
  expect(exitCode).toBe(130);
  expect(stderr).toContain('cancelling the search, and removing its worktree');
  expect(() => process.kill(Number(readFileSync(pid, 'utf8')), 0)).toThrow('ESRCH');
});

it('finds the commit by the seed of a run, and does not touch what the user works at', async () => {
  writeFileSync(join(here, 'notes.md'), 'not committed\n');
  const { exitCode, stdout, stderr } = await bisect('--good', 'main~7', '--bad', 'main', '--json');
  expect(exitCode, stdout + stderr).toBe(0);
  const found = JSON.parse(stdout) as Bisected;
  expect(found).toMatchObject({ among: [], executed: 'seed', commits: 7 });
  expect(found.first?.id).toBe(git(repository, 'rev-parse', 'main~3'));
  expect(found.tried.map(({ verdict }) => verdict).slice(0, 2)).toEqual(['bad', 'good']);
  expect(found.tried.length).toBeLessThan(7);
  expect(readFileSync(join(here, 'notes.md'), 'utf8')).toBe('not committed\n');
  expect(git(repository, 'branch', '--show-current')).toBe('main');
});

it('finds it by the smallest reproduction, and tells it without what a terminal would obey', async () => {
  expect(await simcity(['shrink', 'latest'], { cwd: here })).toMatchObject({ exitCode: 0 });
  const { exitCode, stdout, stderr } = await bisect('latest', '--good', 'main~7', '--bad', 'main');
  expect(exitCode, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/^The first bad commit: [0-9a-f]{10} Let others .*run \(Ada, 2026-11-03\)\.$/m);
  expect(stdout).toMatch(/tried by the smallest reproduction, \d+ executions in/);
  expect(stdout).not.toContain('\u001b');
});

it('tells those among which it is, where a revision cannot be tested', async () => {
  const { exitCode, stdout, stderr } = await bisect('--good', 'main~4', '--bad', 'branch');
  expect(exitCode, stdout + stderr).toBe(1);
  expect(stdout).toMatch(/^skipped {2}[0-9a-f]{10} {2}Half of a change: cannot be tested: /m);
  expect(stdout).toMatch(
    /one of these 2,.*\n.*Half of a change.*\n.*All of it|one of these 2,.*\n.*All of it.*\n.*Half of/,
  );
});

it('says so when an end is not as it was said to be', async () => {
  const good = await bisect('--good', 'main~2', '--bad', 'main');
  expect([good.exitCode, good.stderr]).toEqual([1, expect.stringContaining('the good revision')]);
  const bad = await bisect('--good', 'main~7', '--bad', 'main~5');
  expect([bad.exitCode, bad.stderr]).toEqual([1, expect.stringMatching(/the bad revision \w+ passes/)]);
});

it.each([
  ['an unknown revision', ['--good', 'nowhere', '--bad', 'main'], 'there is no revision nowhere'],
  ['the ends in the wrong order', ['--good', 'main', '--bad', 'main~7'], 'main does not come before main~7'],
  ['the same end twice', ['--good', 'main', '--bad', 'HEAD'], 'they are the same commit'],
  ['no repository', ['--good', 'a', '--bad', 'b', '--repo', tmpdir()], 'is in no git repository'],
  ['a run that there is not', ['99', '--good', 'main~7', '--bad', 'main'], '99'],
])('refuses %s before anything is tried', async (_, args, message) => {
  const { exitCode, stderr } = await bisect(...args);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('revision 1,');
});
