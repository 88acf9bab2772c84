import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
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

describe('a server on the usual port that nobody names', () => {
  let server: Server;
  const asked: (string | undefined)[] = [];
  beforeAll(async () => {
    server = createServer(({ url }, response) => {
      asked.push(url);
      response.setHeader('content-type', 'application/json').end('{"runs":[],"next":null}');
    });
    await new Promise<void>((resolve) => {
      // Whoever listens there already is as good a stranger.
      server.once('error', () => resolve());
      server.listen(4600, '127.0.0.1', resolve);
    });
  });
  afterAll(() => server.close());

  test.each([
    ['runs'],
    ['show', 'latest'],
    ['forensic', 'latest'],
    ['stop', 'latest'],
    ['watch', 'latest'],
    ['explain', 'latest'],
    ['run', '--detach'],
  ])('is not asked by %s', async (...args) => {
    const own = mkdtempSync(join(folder, 'own-'));
    const { exitCode, stderr } = await simcity(args, { cwd: own, env: { SIMCITY_DATA_DIR: undefined } });
    expect(stderr).toMatch(/there is nothing yet|no SimCity server runs in this directory/);
    expect(exitCode).toBe(4);
    expect(asked).toEqual([]);
  });
});
