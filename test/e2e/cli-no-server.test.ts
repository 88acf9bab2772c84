import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { simcity } from '../helpers/cli-process.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-no-server-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('nothing there', () => {
  test('a query in an empty folder says how to start', async () => {
    const env = { SIMCITY_DATA_DIR: join(folder, 'none') };
    const { exitCode, stderr } = await simcity(['runs'], { cwd: folder, env });
    expect(exitCode).toBe(4);
    expect(stderr).toContain('there is nothing yet');
    expect(stderr).toContain('simcity run');
  });

  test.each([['run'], ['runs'], ['show'], ['stop', 'latest'], ['watch']])(
    'a server that was named and does not answer is never replaced: %s',
    async (...args) => {
      const env = { SIMCITY_URL: 'http://127.0.0.1:9' };
      const { exitCode, stderr } = await simcity(args, { cwd: folder, env });
      expect(exitCode).toBe(4);
      expect(stderr).toContain('cannot reach the SimCity server at http://127.0.0.1:9');
      expect(stderr).not.toContain('starting');
    },
  );

  test('--detach needs a server that stays', async () => {
    const env = { SIMCITY_DATA_DIR: join(folder, 'none') };
    const { exitCode, stderr } = await simcity(['run', '--detach'], { cwd: folder, env });
    expect(exitCode).toBe(4);
    expect(stderr).toContain('simcity up');
  });
});
