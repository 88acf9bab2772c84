/** Names that nobody knows are wrong usage, before anything starts: by real processes and a real server. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { API_BASE, BUGS, LISTS, namesOf, runPageSchema } from '../../server/contract/index.ts';
import type { RunningServer } from '../../server/server.ts';
import { simcity } from '../helpers/cli-process.ts';
import { type FakeServer, startFakeServer } from '../helpers/fake-server.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { recordedRun } from '../helpers/recorded-run.ts';
import { call, launch, startTestServer } from '../helpers/server.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-names-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const MODULE = `export default {
  name: 'doors', operations: ['enter'], bugs: ['lost-update'],
  memoryService: () => ({ prepare() {}, *handle() {}, inspect: () => [] }), workload() { throw new Error('not yet'); },
};`;

const REFUSED: [args: string[], said: string][] = [
  [['run', '--bug', 'chek-then-insert'], 'Did you mean check-then-insert?'],
  [['run', '--bug', 'chek-then-insert', '--detach'], 'Did you mean check-then-insert?'],
  [['run', '--bug', 'chek-then-insert', '--json'], 'Did you mean check-then-insert?'],
  [['run', '--strategy', 'foo'], 'It takes one of random, pct, ambush, rivals, pos, surw.'],
  [['run', '--strategy', 'ambusch'], 'Did you mean ambush?'],
  [['run', 'bookngs'], 'Did you mean bookings?'],
  [['run', 'transfers', '--bug', 'check-then-insert'], 'It has lost-update, no-idempotency, torn-statement.'],
  [['run', '--target', 'memory', '--bug', 'late-key'], 'It needs the target postgres.'],
  [
    ['run', '--target', 'http://127.0.0.1:9', '--bug', 'lost-cancel'],
    'cannot be planted in http://127.0.0.1:9',
  ],
  [['campaign', '--bug', 'late-key'], 'It needs the target postgres.'],
  [['campaign', 'bookngs'], 'Did you mean bookings?'],
  [['run', '--target', 'memry'], 'Did you mean memory?'],
  // Only the file knows which bugs it has.
  [
    ['run', '--scenario', './doors.mjs', '--target', 'memory', '--bug', 'lost-updte'],
    'Did you mean lost-update?',
  ],
  [
    ['campaign', '--scenario', './doors.mjs', '--bug', 'nothing'],
    'no bug of doors "nothing". Known: lost-update.',
  ],
  [['run', '--scenario', './doors.mjs'], 'has no sqlService()'],
];

describe('a name that nobody knows', () => {
  let server: FakeServer;
  beforeAll(async () => {
    server = await startFakeServer(recordedRun());
  });
  afterAll(() => server.close());

  test.each(REFUSED)('simcity %j is wrong usage before anything starts', async (args, said) => {
    writeFileSync(join(folder, 'doors.mjs'), MODULE);
    const before = server.requests.length;
    const env = { SIMCITY_URL: server.url };
    const { exitCode, stdout, stderr } = await simcity(args, { env, cwd: folder });
    expect(stderr).toContain(said);
    expect(exitCode).toBe(2);
    // No server was asked, nothing was launched, and nothing is left behind. A log begins with what is asked for.
    expect(server.requests.slice(before)).toEqual([]);
    expect(existsSync(join(folder, '.simcity'))).toBe(false);
    if (!args.includes('./doors.mjs')) expect(stdout).toBe('');
  });

  test('a seed that nobody asked for is below 2^31, as the server draws them', async () => {
    const env = { SIMCITY_URL: server.url };
    for (let i = 0; i < 6; i += 1) {
      expect((await simcity(['run', '--detach'], { env, cwd: folder })).exitCode).toBe(0);
      const { seed } = server.bodies.at(-1) as { seed: number };
      expect(seed).toBeGreaterThanOrEqual(0);
      expect(seed).toBeLessThan(2 ** 31);
    }
  });

  test.each([
    [{ SIMCITY_BUG: 'chek-then-insert' }, 'Did you mean check-then-insert?'],
    [{ SIMCITY_STRATEGY: 'rival' }, "SIMCITY_STRATEGY: 'rival' is invalid. It takes one of"],
  ])('by a variable: %j', async (env, said) => {
    const { exitCode, stdout, stderr } = await simcity(['run'], { env, cwd: folder });
    expect(stderr).toContain(said);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(existsSync(join(folder, '.simcity'))).toBe(false);
  });

  test('by the file, with its field', async () => {
    const file = { run: { strategy: 'rival' } };
    writeFileSync(join(folder, 'simcity.config.json'), JSON.stringify(file));
    const { exitCode, stderr } = await simcity(['run'], { cwd: folder });
    expect(stderr).toMatch(
      /simcity\.config\.json: run\.strategy: must be one of random.*Did you mean rivals/,
    );
    expect(exitCode).toBe(2);
  });
});

describe('through the API', () => {
  let postgres: TestPostgres;
  let server: RunningServer;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    server = await startTestServer(await postgres.createDatabase());
  });
  afterAll(async () => {
    await server.stop();
    await postgres.close();
  });

  test.each([
    [
      { config: { bug: 'chek-then-insert' } },
      /^config\.bug: bookings has no bug .* Did you mean check-then-insert\?.* unscoped-key\.$/,
    ],
    [
      { config: { strategy: 'foo' } },
      /^config\.strategy: there is no strategy "foo"\. It takes one of random, pct, ambush, rivals, pos, surw\.$/,
    ],
    [
      { scenario: 'bookngs' },
      /^scenario: there is no scenario "bookngs"\. It takes one of bookings, transfers.* Did you mean bookings\?$/,
    ],
    [
      { target: 'http://127.0.0.1:9', config: { bug: 'lost-cancel' } },
      /^config\.bug: .* cannot be planted in http/,
    ],
    [{ target: 'memory', config: { bug: 'late-key' } }, /^config\.bug: .* It needs the target postgres\.$/],
    [{ config: { thresholds: ['fast'] } }, /^config\.thresholds: .* such as 'p95_latency_ms<50'\.$/],
    [
      { config: { faults: 'wild' } },
      /^config\.faults is "wild", but must be one of none, calm, rough, brutal\.$/,
    ],
  ])('%j is refused with 400 and what there is', async (body, message) => {
    const answer = await call(server.url, 'POST', `${API_BASE}/runs`, body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      error: { code: 'invalid_request', message: expect.stringMatching(message) },
    });
    const { body: page } = await call(server.url, 'GET', `${API_BASE}/runs`);
    expect(runPageSchema.parse(page).runs).toEqual([]);
  });

  test('what there is, is launched', async () => {
    const run = await launch(server.url, {
      scenario: 'transfers',
      config: { bug: 'torn-statement', strategy: 'rivals' },
    });
    expect(run.config).toMatchObject({ bug: 'torn-statement', strategy: 'rivals' });
    expect(run.seed).toBeLessThan(2 ** 31);
  });
});

describe('simcity list', () => {
  test('alone says what can be listed', async () => {
    const { exitCode, stdout, stderr } = await simcity(['list'], { cwd: folder });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const [name, { what }] of Object.entries(LISTS)) {
      expect(stdout).toMatch(new RegExp(`^${name} +`, 'm'));
      expect(stdout).toContain(what);
    }
    const json = await simcity(['list', '--json'], { cwd: folder });
    expect(namesOf(JSON.parse(json.stdout) as { name: string }[])).toEqual(Object.keys(LISTS));
  });

  test.each(Object.keys(LISTS))('%s: each name with its line, also as JSON', async (what) => {
    const { exitCode, stdout } = await simcity(['list', what], { cwd: folder });
    expect(exitCode).toBe(0);
    for (const named of LISTS[what]?.names ?? []) {
      expect(
        stdout.split('\n').find((line) => line.startsWith(`${named.name} `) && line.endsWith(named.what)),
      ).toBeDefined();
    }
    const json = await simcity(['list', what, '--json'], { cwd: folder });
    expect(JSON.parse(json.stdout)).toEqual(LISTS[what]?.names);
  });

  test('bugs are told with their scenario and targets', async () => {
    const { stdout } = await simcity(['list', 'bugs'], { cwd: folder });
    expect(stdout).toMatch(/^late-key +bookings +postgres +The key is stored/m);
    expect(stdout).toMatch(/^torn-statement +transfers +postgres,memory +A statement/m);
    expect(stdout.trim().split('\n')).toHaveLength(BUGS.length + 1);
  });

  test('something else is wrong usage', async () => {
    const { exitCode, stdout, stderr } = await simcity(['list', 'bgus'], { cwd: folder });
    expect(stderr).toContain('Did you mean bugs?');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });
});
