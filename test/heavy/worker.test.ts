/** Runs executed again as users do it: verified, compared, shrunk, and hunted by the thousand. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Run, smallestSchema } from '../../server/contract/index.ts';
import { type CliOptions, simcity } from '../helpers/cli-process.ts';
import type { TestFolder } from '../helpers/folder.ts';
import { folderWithCluster } from '../helpers/golden-cluster.ts';
import { modulesFor } from '../helpers/sql-services.ts';

/** What hosting a database and a server takes at most, before anything is executed. */
const START_MS = 30_000;

let folder: TestFolder;
let own: string[];
/** A failed and a passed run on memory, a stopped one, and one on postgres. */
let failed: string;
let passed: string;
let timed: string;
let onPostgres: string;

const command = (args: string[], options: CliOptions = {}) =>
  simcity([...args, ...own], { cwd: folder.path, ...options });

async function recorded(...flags: string[]): Promise<string> {
  await command(['run', '--log', ...flags]);
  const { stdout } = await command(['runs', '--json', '--limit', '1']);
  return (JSON.parse(stdout) as Run).id;
}

beforeAll(async () => {
  folder = await folderWithCluster('data');
  own = ['--data-dir', `${folder.path}/data`];
  failed = await recorded('--target', 'memory', '--seed', '2', '--bug', 'no-idempotency');
  passed = await recorded('--target', 'memory', '--seed', '2', '--operations', '300', '--faults', 'none');
  timed = await recorded('--target', 'memory', '--seed', '5', '--duration', '500ms', '--faults', 'none');
  onPostgres = await recorded('--seed', '4', '--operations', '150', '--faults', 'none');
}, 120_000);
afterAll(() => folder.remove());

describe('simcity replay --verify', () => {
  it('finds the same history on memory and on postgres', async () => {
    for (const run of [failed, passed, onPostgres]) {
      const { exitCode, stdout, stderr } = await command(['replay', run, '--verify']);
      expect(stdout, stderr).toMatch(/^identical, [\d,]+ events \(seed \d\)\n$/);
      expect(exitCode).toBe(0);
    }
  });

  it('compares a run that its time limit ended as far as it got', async () => {
    const { exitCode, stdout, stderr } = await command(['replay', timed, '--verify']);
    expect(stdout, stderr).toMatch(/^identical, [\d,]+ events( up to where its time was up)? \(seed 5\)\n$/);
    expect(exitCode).toBe(0);
  });
});

describe('simcity diff', () => {
  it('names what differs in the plans, then the first event that differs and its fields', async () => {
    const { exitCode, stdout } = await command(['diff', failed, passed]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /^The settings differ\n[\s\S]*data\.config\.bug[\s\S]*The first event that differs is [1-9]/,
    );
  });

  it('finds nothing between a run and itself', async () => {
    const { exitCode, stdout } = await command(['diff', passed, passed, '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ identical: true, parting: null });
  });
});

describe('simcity shrink', () => {
  it('tells the story of the few operations, stores it with the run, and prints what reproduces it', async () => {
    const { exitCode, stdout, stderr } = await command(['shrink', failed, '--json']);
    expect(exitCode, stderr).toBe(0);
    const smallest = smallestSchema.parse(JSON.parse(stdout));
    expect(smallest.operations).toBeLessThanOrEqual(6);
    expect(smallest).toMatchObject({ minimal: true, reproduced: { times: 20, of: 20 } });

    const forensic = (await command(['forensic', failed])).stdout;
    expect(forensic).toContain('Smallest reproduction');
    expect(forensic).toContain(smallest.reproduce);

    const words = smallest.reproduce.replace('npx simcity', '').replaceAll("'", '').trim().split(/\s+/);
    const again = await command([...words, '--log']);
    expect(again.exitCode).toBe(1);
    expect(again.stdout).toContain(smallest.invariant);
  });

  it('refuses a run that has not failed', async () => {
    const { exitCode, stderr } = await command(['shrink', passed]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('has not failed: it is PASS');
  });
});

describe('an execution that hangs', () => {
  const crowded = [
    '--operations',
    '60',
    '--slots',
    '2',
    '--citizens',
    '6',
    '--concurrency',
    '6',
    '--seed',
    '2',
  ];
  const failed = async (service: string) => {
    const { target } = modulesFor(service);
    expect((await command(['run', '--log', '--target', target, ...crowded])).exitCode).toBe(1);
  };

  it('does not keep shrink from ending when --max-time says', async () => {
    await failed('hangs-later');
    const begun = performance.now();
    const { exitCode, stderr } = await command(['shrink', '--max-time', '3s']);
    expect(stderr).toContain('its time was up before any part of it had failed');
    expect(exitCode).toBe(1);
    expect(performance.now() - begun).toBeLessThan(2 * 3_000 + START_MS);
  });

  it('is ended by force where code of the service never gives control back', async () => {
    await failed('loops-later');
    const begun = performance.now();
    const { exitCode, stderr } = await command(['shrink', '--max-time', '3s']);
    expect(stderr).toMatch(
      /it did not keep to its time: code of the service or the scenario runs without end/,
    );
    expect(exitCode).toBe(4);
    expect(performance.now() - begun).toBeLessThan(20_000 + START_MS);
  });

  it('is broken off by replay --verify and by campaign, which say what the database has not answered', async () => {
    await failed('hangs-in-worker');
    const { target } = modulesFor('hangs-in-worker');
    const hunt = [
      'campaign',
      '--target',
      target,
      ...crowded.slice(0, -2),
      '--seeds',
      '1..2',
      '--parallel',
      '1',
    ];
    // Both at once: each waits for a minute.
    const both = await Promise.all([['replay', 'latest', '--verify'], hunt].map((again) => command(again)));
    for (const { exitCode, stderr } of both) {
      expect(stderr).toMatch(
        /broken off: it got no answer for 60 s\. The database has not answered: select pg_sleep/,
      );
      expect(exitCode).toBe(4);
    }
  });
});

describe('simcity campaign', () => {
  const hunt = ['campaign', '--operations', '300', '--parallel', '2'];

  it('passes when no seed fails, without a server or a database', async () => {
    const { exitCode, stdout, stderr } = await command([
      ...hunt,
      '--seeds',
      '1..6',
      '--faults',
      'none',
      '--json',
    ]);
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ finished: true, seedsThrough: 6, failures: [] });
    expect(stderr).not.toContain('starting the database');
  });

  it('records each distinct failure as a run of the campaign, and shrinks it', async () => {
    const flags = ['--seeds', '1..8', '--bug', 'no-idempotency', '--name', 'hunt', '--json'];
    const { exitCode, stdout, stderr } = await command([...hunt, ...flags]);
    expect(exitCode, stderr).toBe(1);
    const { failures } = JSON.parse(stdout);
    expect(failures.length).toBeGreaterThan(0);
    for (const { run, smallest, seed } of failures) {
      expect(smallest.operations).toBeLessThanOrEqual(6);
      const shown = JSON.parse((await command(['show', run, '--json'])).stdout) as Run;
      expect(shown).toMatchObject({ campaign: 'hunt', status: 'FAIL', seed, target: 'memory' });
      expect(shown.failForensic?.smallest).toMatchObject({ operations: smallest.operations });
    }
  });

  it('goes on where it was stopped', async () => {
    const flags = ['--seeds', '1..3000', '--faults', 'none', '--name', 'long', '--no-record'];
    // Interrupted once it has begun: by then it has said how far it is.
    const stopped = await simcity([...hunt, ...flags, ...own], {
      cwd: folder.path,
      onStderr: (text, kill) => {
        if (text.includes('seeds/s')) kill('SIGINT');
      },
    });
    expect(stopped.exitCode, stopped.stderr).toBe(130);
    expect(stopped.stderr).toContain('simcity campaign --resume long');
    const through = Number(/(\d[\d,]*) of 3,000 seeds/.exec(stopped.stdout)?.[1]?.replace(',', ''));
    expect(through).toBeGreaterThan(0);
    const unknown = await command(['campaign', '--resume', 'other']);
    expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("no campaign 'other'") });
    const again = await command([...hunt, '--seeds', '1..2', '--name', 'long']);
    expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--resume long') });
  });
});
