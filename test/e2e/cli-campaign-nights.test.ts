/** Campaigns night after night: what is known fails none, what failed before goes first, and what is new becomes an issue. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Baseline } from '../../cli/campaign/baseline.ts';
import type { KeptSeeds } from '../../cli/campaign/kept-seeds.ts';
import { simcity } from '../helpers/cli-process.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import { git, makeRepository } from '../helpers/git-repository.ts';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
  makeRepository(folder.path, [{ subject: 'One', files: { '.gitignore': '.simcity\n*.json\n' } }]);
});
afterAll(async () => folder.remove());

const here = (...args: string[]) => simcity(args, { cwd: folder.path });
const BUGGY = ['--bug', 'lost-cancel', '--operations', '200', '--no-record', '--log'];
const hunt = (name: string, seeds: string, ...more: string[]) =>
  here('campaign', '--name', name, '--seeds', seeds, ...BUGGY, ...more);
const file = (name: string) => join(folder.path, name);
const read = <T>(name: string) => JSON.parse(readFileSync(file(name), 'utf8')) as T;

/** What the first night found. */
let known: Baseline;

it('a night that finds something fails, and its failures become a baseline', async () => {
  const night = await hunt('first', '1..20', '--keep-seeds', 'seeds.json');
  expect(night, night.stdout + night.stderr).toMatchObject({ exitCode: 1 });
  const { exitCode, stdout } = await here('campaign', 'baseline', 'first');
  expect(exitCode).toBe(0);
  writeFileSync(file('known.json'), stdout);
  known = read('known.json');
  expect(known.known.length).toBeGreaterThan(2);
  expect(known.known[0]).toMatchObject({
    firstSeen: { campaign: 'first' },
    reproduce: expect.stringMatching(
      /^npx simcity run --target memory --seed \d+ --operations 200 --bug lost-cancel$/,
    ),
  });
});

it('the next night passes with it, though it begins with the seeds that failed', async () => {
  const seeds = [...new Set(read<KeptSeeds>('seeds.json').seeds.map(({ seed }) => seed))];
  git(folder.path, 'commit', '--quiet', '--allow-empty', '--message', 'Two');
  const night = await hunt('second', '500', '--keep-seeds', 'seeds.json', '--baseline', 'known.json');
  expect(night, night.stdout + night.stderr).toMatchObject({ exitCode: 0 });
  expect(night.stdout).toContain(`${seeds.length + 1} seeds`);
  expect(night.stdout).toMatch(
    new RegExp(`^0 new failures; ${known.known.length} of ${known.known.length} known`, 'm'),
  );
  expect(night.stderr).not.toMatch(/^found/m);
  const kept = read<KeptSeeds>('seeds.json').seeds;
  expect(new Set(kept.map(({ commit }) => commit)).size).toBe(2);
  const report = await here('campaign', 'report', 'second', '--only-new');
  expect(report).toMatchObject({ exitCode: 0, stdout: '' });
  expect(report.stderr).toContain('has no new failure');
});

it('a failure that the baseline lacks fails the night, and is written as an issue; one that is gone is told', async () => {
  const [lacking, ...rest] = known.known;
  const gone = { ...rest[0], signature: { kind: 'invariant', invariant: 'is-gone', operation: null } };
  writeFileSync(file('less.json'), JSON.stringify({ ...known, known: [...rest, gone] }));
  const night = await hunt('third', '1..20', '--baseline', './less.json', '--json');
  expect(night.exitCode).toBe(1);
  const { failures, notSeen } = JSON.parse(night.stdout) as {
    failures: { known: boolean }[];
    notSeen: string[];
  };
  expect(failures.filter((failure) => !failure.known)).toMatchObject([{ signature: lacking?.signature }]);
  expect(notSeen).toEqual(['invariant/is-gone']);
  const report = await here('campaign', 'report', 'third', '--only-new', '--format', 'json');
  const issues = JSON.parse(report.stdout) as { title: string; body: string; known: boolean }[];
  expect(issues).toMatchObject([{ known: false, body: expect.stringContaining('**Reproduce**') }]);
  expect(report.stderr).toContain('known, and not seen any more: invariant/is-gone');
});

it('the failures of another campaign are a baseline, too, and one of both keeps when they were seen first', async () => {
  const night = await hunt('fourth', '1..20', '--baseline', 'first');
  expect(night, night.stdout + night.stderr).toMatchObject({ exitCode: 0 });
  const merged = await here('campaign', 'baseline', 'fourth', '--baseline', 'known.json');
  expect(JSON.parse(merged.stdout)).toEqual(known);
});

it.each([
  ['a file that is no baseline', ['--baseline', './seeds.json'], 'is not a baseline'],
  ['a campaign that there is not', ['--baseline', 'nothing'], "there is no campaign 'nothing'"],
  ['seeds in a file of something else', ['--keep-seeds', 'known.json'], 'holds no seeds'],
  ['seeds where there is no folder', ['--keep-seeds', 'no/seeds.json'], 'there is no folder'],
  ['a commit that there is not', ['--keep-seeds', 's.json', '--commit', 'nope'], 'there is no revision nope'],
  ['a baseline for one that goes on', ['--resume', 'first', '--baseline', 'first'], 'keeps the baseline'],
  ['parts without what executes them', ['--shards', '3'], 'Add --launcher kubernetes'],
  ['a commit without what is kept by it', ['--commit', 'HEAD'], 'Add --keep-seeds FILE'],
  ['a label where no runner is', ['--label', 'pg18'], 'there is none'],
])('refuses %s', async (_, args, message) => {
  const { exitCode, stderr } = await here('campaign', ...args);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(message);
});
