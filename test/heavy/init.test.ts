import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simcity } from '../helpers/cli-process.ts';
import { temporaryFolder } from '../helpers/folder.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

describe('simcity init', () => {
  let postgres: TestPostgres;
  let folder: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    const DATABASE_URL = await postgres.createDatabase({ migrated: false });
    // A data directory of its own, so that no SimCity on the usual port is taken for this world's.
    env = { DATABASE_URL, CI: '1', SIMCITY_DATA_DIR: '.simcity' };
    folder = await temporaryFolder();
  });
  afterAll(async () => {
    await postgres?.close();
    await rm(folder, { recursive: true, force: true });
  });
  const run = (...args: string[]) => simcity(args, { cwd: folder, env });

  it('writes a starting point, and never overwrites', async () => {
    await writeFile(join(folder, 'SIMCITY.md'), 'mine');
    const first = await run('init');
    expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('wrote  ./my-service.ts') });
    expect(first.stdout).toContain('kept   ./SIMCITY.md');
    expect(await readFile(join(folder, 'SIMCITY.md'), 'utf8')).toBe('mine');
    expect(await run('init')).toMatchObject({ exitCode: 0, stdout: expect.not.stringContaining('wrote') });
  });

  it('says when it cannot write', async () => {
    await mkdir(join(folder, 'busy'));
    await writeFile(join(folder, 'busy', 'file'), '');
    const { exitCode, stderr } = await run('init', 'busy/file');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('cannot write');
  });

  it('the service runs at once: its race is found, replayed exactly, and gone when mended', async () => {
    const failed = await run('run', '--target', './my-service.ts', '--seed', '1');
    expect(failed.stdout + failed.stderr).toContain('FAIL  bookings@module:./my-service.ts');
    expect(failed.exitCode).toBe(1);
    expect(failed.stdout).toContain('npx simcity run --target ./my-service.ts --seed 1');
    expect(await run('replay', 'latest', '--verify')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('identical'),
    });

    const path = join(folder, 'my-service.ts');
    const right = (await readFile(path, 'utf8')).replace(
      /(select capacity, open from slots where id = [^`]*)`/,
      '$1 for update`',
    );
    await writeFile(join(folder, 'mended.ts'), right);
    const passed = await run('run', '--target', './mended.ts', '--seed', '1', '--operations', '800');
    expect(passed.exitCode, passed.stdout + passed.stderr).toBe(0);
  }, 120_000);

  it('the scenario runs at once, on postgres and in memory, and its bug is found', async () => {
    const file = './my-scenario.ts';
    const right = await run('run', '--scenario', file, '--seed', '1', '--operations', '400');
    expect(right.exitCode, right.stdout + right.stderr).toBe(0);
    expect(right.stdout).toContain('busiest_door=');
    const memory = await run('run', file, '--target', 'memory', '--seed', '1', '--bug', 'lost-update');
    expect(memory.exitCode, memory.stdout + memory.stderr).toBe(1);
    expect(await run('shrink')).toMatchObject({ exitCode: 0 });
  }, 120_000);

  it('a file that cannot be used is wrong usage, before anything is started', async () => {
    await writeFile(join(folder, 'empty.ts'), 'export const x = 1;');
    const { exitCode, stderr } = await run('run', '--target', './empty.ts');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('has no default export');
    expect(stderr).not.toContain('starting');
    await writeFile(join(folder, 'syntax.ts'), 'export default {{');
    expect(await run('run', '--scenario', './syntax.ts')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('syntax.ts cannot be loaded: '),
    });
    expect(await run('run', '--target', './nowhere.ts')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('there is no such file'),
    });
    expect(await run('run', '--target', './my-service.ts', '--detach')).toMatchObject({ exitCode: 2 });
  });
});
