/** What `simcity bisect` makes of git's log, of the code of a run, and of what it found. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { atRevision, refuseUnchanging } from '../../cli/bisect/own-code.ts';
import { endOf } from '../../cli/bisect/worktree.ts';
import type { Own } from '../../cli/hosting/modules.ts';
import { bisectedLines, triedLine } from '../../cli/run/bisect-words.ts';
import type { Bisected, Commit } from '../../server/contract/index.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import { recordedRun } from '../helpers/recorded-run.ts';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
  mkdirSync(join(folder.path, 'tree/api'), { recursive: true });
  writeFileSync(join(folder.path, 'tree/api/adapter.ts'), '');
});
afterAll(async () => folder.remove());

const OWN: Own = { target: null, scenario: null, adapter: null, exec: null, gate: null };
const ID = 'a'.repeat(40);

it('reads the end of a search from the log of git', () => {
  const begun = `git bisect start '--first-parent' 'b' 'g'\n# bad: [b] Bad\nbad b\n`;
  expect(endOf(begun)).toEqual({ among: [] });
  expect(endOf(`${begun}# first bad commit: [${ID}] It is this\n`)).toEqual({ first: ID });
  const skipped = `# only skipped commits left to test\n# possible first bad commit: [${ID}] One\n# possible first bad commit: [abc] Two\n`;
  expect(endOf(begun + skipped)).toEqual({ among: [ID, 'abc'] });
});

it('refuses what every revision would execute alike', () => {
  const run = recordedRun({});
  const refused = (own: Partial<Own>) => () => refuseUnchanging(run, { ...OWN, ...own }, '/repository');
  expect(refused({ exec: 'node server.js' })).not.toThrow();
  expect(refused({ adapter: '/repository/adapter.ts' })).not.toThrow();
  expect(refused({})).toThrow('executes nothing of the repository');
  expect(refused({ target: '/elsewhere/service.ts' })).toThrow('executes nothing of the repository');
  expect(refused({ exec: 'node /repository/server.js' })).toThrow('by its absolute path');
});

it('takes files from the revision, and an adapter that it lacks from where it is now', () => {
  const tree = join(folder.path, 'tree');
  const own = { ...OWN, adapter: '/repository/api/adapter.ts', scenario: '/repository/api/new.ts' };
  expect(atRevision(own, '/repository', tree)).toEqual({
    modules: { target: null, adapter: join(tree, 'api/adapter.ts'), scenario: '/repository/api/new.ts' },
    gate: null,
  });
  expect(atRevision({ ...OWN, target: '/repository/gone.ts' }, '/repository', tree)).toBe(
    'it has no gone.ts',
  );
});

it('tells commits without what a terminal would obey', () => {
  const commit: Commit = {
    ...{
      id: ID,
      subject: 'Look\u001b[2J without a lock',
      author: 'Ada\n',
      date: '2026-11-03T09:00:00+00:00',
    },
  };
  const found: Bisected = {
    ...{ good: commit, bad: commit, first: commit, among: [], commits: 7, executed: 'seed' },
    tried: [{ commit, verdict: 'skip', why: 'cannot be tested: \u001b[31mno', executions: 0 }],
    ...{ executions: 1, seconds: 2 },
  };
  const lines = [...bisectedLines(found), ...found.tried.map(triedLine)];
  expect(lines.join('')).not.toMatch(/[\u001b\n]/);
  expect(lines[0]).toMatch(
    /^The first bad commit: aaaaaaaaaa Look.* without a lock \(Ada.*, 2026-11-03\)\.$/,
  );
  expect(lines[1]).toBe('1 revision of 7 tried by its whole seed, 1 execution in 2.00 s.');
  const among = bisectedLines({ ...found, first: null, among: [commit, commit] });
  expect(among[0]).toBe('The first bad commit is one of these 2, some of which cannot be tested:');
});
