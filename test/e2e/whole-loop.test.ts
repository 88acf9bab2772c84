/** The loop as users run it: one command, real processes, a real database, and what it leaves behind. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forensicSchema, type RunEvent } from '../../server/contract/index.ts';
import { simcity } from '../helpers/cli-process.ts';
import type { TestFolder } from '../helpers/folder.ts';
import { folderWithCluster } from '../helpers/golden-cluster.ts';

let folder: TestFolder;
/** A data directory of its own, so that no SimCity on the usual port is taken for this world's. */
let own: string[];

beforeAll(async () => {
  folder = await folderWithCluster('data');
  own = ['--data-dir', `${folder.path}/data`];
});

afterAll(async () => {
  await folder.remove();
});

const run = (...args: string[]) => simcity(['run', ...args, ...own], { cwd: folder.path });

function frames(stdout: string): { frame: string; data: Record<string, unknown> }[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function decided(stdout: string): string[] {
  return frames(stdout)
    .filter(({ frame }) => frame === 'event')
    .map(({ data }) => {
      const { at: _, ...rest } = data as unknown as RunEvent;
      return JSON.stringify(rest);
    });
}

describe('simcity run', () => {
  it.each([
    ['memory', '2000'],
    ['postgres', '400'],
  ])('--json twice with one seed on %s gives identical events', async (target, operations) => {
    const args = ['--target', target, '--seed', '7', '--operations', operations, '--json'];
    const first = await run(...args);
    const second = await run(...args);
    expect(first, first.stderr).toMatchObject({ exitCode: 0 });
    expect(decided(second.stdout)).toEqual(decided(first.stdout));
    expect(decided(first.stdout).length).toBeGreaterThan(Number(operations));
    expect(frames(first.stdout).at(-1)).toMatchObject({ frame: 'end', data: { status: 'PASS', pass: true } });
    const kinds = new Set(frames(first.stdout).map(({ frame }) => frame));
    expect(kinds).toEqual(new Set(['heartbeat', 'event', 'snapshot', 'end']));
  });

  it('a planted bug fails with exit code 1, a bundle, and a command that reproduces it', async () => {
    const failed = await run('--seed', '7', '--bug', 'check-then-insert');
    expect(failed, failed.stderr).toMatchObject({ exitCode: 1 });
    expect(failed.stdout).toContain('FAIL');
    expect(failed.stdout).toContain('npx simcity run --seed 7 --bug check-then-insert');
    const bundle = await simcity(['forensic', 'latest', '--json', ...own], { cwd: folder.path });
    const forensic = forensicSchema.parse(JSON.parse(bundle.stdout));
    expect(forensic.reproduce).toBe('npx simcity run --seed 7 --bug check-then-insert');
    expect(forensic.lastEvents.length).toBeGreaterThan(5);
    const again = await run('--seed', '7', '--bug', 'check-then-insert', '--json');
    expect(frames(again.stdout).at(-1)).toMatchObject({
      data: { status: 'FAIL', failure: { eventIndex: forensic.eventIndex, message: forensic.message } },
    });
  });

  it('refuses what it does not know, with what would be right, and exit code 2', async () => {
    for (const [args, hint] of [
      [['--faults', 'wild'], 'calm'],
      [['--operations', 'many'], 'many'],
      [['--fault', 'gremlin=1'], 'gremlin'],
    ] as const) {
      const result = await run(...args);
      expect(result).toMatchObject({ exitCode: 2, stdout: '' });
      expect(result.stderr).toContain(hint);
    }
  });

  it('leaves no process behind', () => {
    const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(processes.split('\n').filter((line) => line.includes(folder.path))).toEqual([]);
  });
});
