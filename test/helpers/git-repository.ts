/** A small git repository for a test: a commit for each set of files. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface TestCommit {
  subject: string;
  /** What it writes, by path. */
  files: Readonly<Record<string, string>>;
}

/** Git in `folder`, by nobody's settings. @throws Error when it fails. */
export function git(folder: string, ...args: string[]): string {
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    ...{ GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@localhost', GIT_AUTHOR_DATE: '2026-11-03T09:00:00Z' },
    ...{ GIT_COMMITTER_NAME: 'Ada', GIT_COMMITTER_EMAIL: 'ada@localhost' },
    GIT_COMMITTER_DATE: '2026-11-03T09:00:00Z',
  };
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: folder, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args.join(' ')} failed: ${stderr}`);
  return stdout.trim();
}

/** Makes the repository in `folder`, with the commits in this order. */
export function makeRepository(folder: string, commits: readonly TestCommit[]): void {
  mkdirSync(folder, { recursive: true });
  git(folder, 'init', '--quiet', '--initial-branch', 'main');
  commitAll(folder, commits);
}

/** On top of what is checked out there. */
export function commitAll(folder: string, commits: readonly TestCommit[]): void {
  for (const { subject, files } of commits) {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    git(folder, 'add', '--all');
    git(folder, 'commit', '--quiet', '--message', subject);
  }
}
