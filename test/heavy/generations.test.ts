/** Runs that another generation of the engine executed: what executes a seed again refuses them, all else goes on. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { VERSION } from '../../cli/process/version.ts';
import { ENGINE_GENERATION } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import type { RunningServer } from '../../server/server.ts';
import { simcity } from '../helpers/cli-process.ts';
import { executed } from '../helpers/execute.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { type Pty, startPty } from '../helpers/pty.ts';
import { FakeHarness, launch, startTestServer } from '../helpers/server.ts';

const HERE = `this is generation ${ENGINE_GENERATION} (${VERSION})`;
const OTHER = ENGINE_GENERATION + 1;

/** How a failed run was executed: by this engine, by another one, by one before generations. */
const ENGINES = {
  own: { generation: ENGINE_GENERATION, version: VERSION },
  other: { generation: OTHER, version: '9.8.7' },
  older: { generation: null, version: null },
} as const;
type EngineName = keyof typeof ENGINES;
const WHY = {
  other: `was executed by generation ${OTHER} of the engine (SimCity 9.8.7); ${HERE}: a seed means something else here.\n`,
  older: `was executed by a SimCity before 0.2.0, which stored neither its version nor the generation of its engine; ${HERE}: a seed may mean something else here.\n`,
};

let postgres: TestPostgres;
let sql: Sql;
let server: RunningServer;
let folder: TestFolder;
const runs = {} as Record<EngineName, string>;
let neverExecuted: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  const databaseUrl = await postgres.createDatabase();
  sql = postgres.open(databaseUrl);
  server = await startTestServer(databaseUrl);
  for (const name of Object.keys(ENGINES) as EngineName[]) runs[name] = await failedRun(name);
  neverExecuted = (await launch(server.url, { target: 'memory' })).id;
  await sql`select simcity_end_run(${neverExecuted}, null, 'STOPPED', 'not wanted', null)`;
});
afterAll(async () => {
  await server.stop();
  await postgres.close();
});

beforeEach(async () => {
  folder = await testFolder();
});
afterEach(() => folder.remove());

/** Executes a run that fails, and stores it as if that engine had executed it. */
async function failedRun(name: EngineName): Promise<string> {
  const plan = { target: 'memory', seed: 3, config: { operations: 300, bug: 'check-then-insert' } } as const;
  const run = await launch(server.url, plan);
  const { generation, version } = ENGINES[name];
  const { events, snapshots, end } = await executed(plan);
  const harness = new FakeHarness(server.url, run.id);
  await harness.claim(sql);
  const stored = await harness.post({ events, snapshots, live: { metrics: {}, eventsPerSecond: 0 }, end });
  expect(stored).toMatchObject({ status: 200 });
  await sql`update simcity_runs set generation = ${generation}, version = ${version} where id = ${run.id}`;
  return run.id;
}

const command = (...args: string[]) =>
  simcity(args, {
    cwd: folder.path,
    env: { SIMCITY_URL: server.url, SIMCITY_DATA_DIR: join(folder.path, 'data') },
  });

describe('what executes a seed again', () => {
  test('goes on with a run of the own generation', async () => {
    const verified = await command('replay', runs.own, '--verify');
    expect(verified).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^identical, \d+ events/) });
    const shrunk = await command('shrink', runs.own, '--max-executions', '20', '--json');
    expect(shrunk.exitCode, shrunk.stderr).toBe(0);
  });

  test.each([
    ['other', ['replay', '--verify']],
    ['other', ['shrink']],
    ['older', ['replay', '--verify']],
    ['older', ['shrink']],
  ] as const)('refuses a run of an %s one by name: %j', async (name, [verb, ...flags]) => {
    const { exitCode, stdout, stderr } = await command(verb, runs[name], ...flags);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(` ${WHY[name]}`);
    expect(stderr).toMatch(
      name === 'other'
        ? /Replay it with SimCity 9\.8\.7\./
        : /Replay it with the version that its first event names: `simcity events \d+ --limit 1/,
    );
  });

  test('says of a run that was never executed just that', async () => {
    const { exitCode, stderr } = await command('replay', neverExecuted, '--verify');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('was never executed: it ended before a runner took it.');
    expect((await command('show', neverExecuted)).stdout).not.toContain('generation');
  });
});

describe.each(['other', 'older'] as const)('a run of an %s generation', (name) => {
  const told =
    name === 'other'
      ? { generation: String(OTHER), version: '9.8.7' }
      : { generation: 'unknown', version: 'before 0.2.0' };

  test('is shown, with its engine and what the seed is good for', async () => {
    const { exitCode, stdout } = await command('show', runs[name]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`generation +${told.generation}\n +version +${told.version}\n`));
    expect(stdout).toContain(`The seed means something else here (this SimCity has generation`);
    expect(stdout).toContain('reproduce: npx simcity run --target memory --seed 3');
    expect(JSON.parse((await command('show', runs[name], '--json')).stdout)).toMatchObject(ENGINES[name]);
  });

  test('is listed, with its events and its bundle', async () => {
    const listed = (await command('runs', '--json')).stdout.trim().split('\n');
    const found = listed.map((line) => JSON.parse(line)).find(({ id }) => id === runs[name]);
    expect(found).toMatchObject(ENGINES[name]);
    const events = await command('events', runs[name], '--limit', '2', '--json');
    expect(events).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('"type":"start"') });
    const bundle = await command('forensic', runs[name]);
    expect(bundle).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('check-then-insert') });
  });

  test('is reported in every format', async () => {
    for (const format of ['html', 'json', 'junit', 'github'] as const) {
      const { exitCode, stdout, stderr } = await command('report', runs[name], '--reporter', format);
      expect(exitCode, stderr).toBe(0);
      expect(stdout).toContain('npx simcity run --target memory --seed 3');
      expect(stdout).not.toContain('--verify');
      if (format === 'json') expect(JSON.parse(stdout).run).toMatchObject(ENGINES[name]);
      if (format === 'junit') {
        expect(stdout).toContain(`<property name="generation" value="${told.generation}"/>`);
        expect(stdout).toContain(`<property name="version" value="${told.version}"/>`);
      }
      if (format === 'html') {
        expect(stdout).toContain(`<th>generation</th><td>${told.generation}</td>`);
        expect(stdout).toContain(`<th>version</th><td>${told.version}</td>`);
      }
    }
  });

  test('is watched in lines, and compared with one of this generation', async () => {
    const { exitCode, stdout } = await command('watch', runs[name], '--log');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      new RegExp(` settings .* generation=${told.generation} version="?${told.version}`),
    );
    expect(stdout).toMatch(/Z versions simcity=\S+ generation=\d+ node=/);
    const { stdout: same, stderr, exitCode: equal } = await command('diff', runs.own, runs[name]);
    expect(same).toMatch(/^identical, \d+ events/);
    expect(equal).toBe(0);
    expect(stderr).toContain(
      `the generations of the engine differ, ${ENGINE_GENERATION} (SimCity ${VERSION}) and ${told.generation} (SimCity ${told.version})`,
    );
    const parsed = JSON.parse((await command('diff', runs.own, runs[name], '--json')).stdout);
    expect(parsed.engines).toEqual({ left: ENGINES.own, right: ENGINES[name] });
  });
});

test('runs of one generation are compared without a word of it', async () => {
  expect((await command('diff', runs.own, runs.own)).stderr).not.toContain('generation');
});

describe('in mission control', () => {
  let pty: Pty;
  afterEach(async () => {
    pty.kill('SIGKILL');
    await pty.exited;
  });

  test('a run of another generation is replayed on the screen; verifying and shrinking it are refused', async () => {
    pty = startPty(process.execPath, [join(process.cwd(), 'cli/simcity.js'), 'replay', runs.other], {
      columns: 160,
      rows: 40,
      cwd: folder.path,
      env: { SIMCITY_URL: server.url, SIMCITY_DATA_DIR: join(folder.path, 'data') },
    });
    await pty.until((text) => /event [1-9]\d* of/.test(text), 'the replay', 30_000);
    pty.press('\u001b[H');
    await pty.until((text) => text.includes('event 0 of'), 'the first event', 30_000);
    pty.press('3');
    await pty.until((text) => text.includes('History of slot-'), 'the forensics', 30_000);
    for (const key of ['v', 'x']) {
      pty.press(key);
      await pty.until(
        (text) =>
          text.includes('exit code 2') &&
          text.includes(`was executed by generation ${OTHER} of the engine`) &&
          text.includes('Replay it with SimCity 9.8.7.'),
        `the refusal of ${key}`,
        30_000,
      );
      pty.press('\u001b');
      await pty.until((text) => !text.includes('exit code 2'), 'the forensics again', 30_000);
    }
  });
});

describe('a campaign', () => {
  const hunt = ['--target', 'memory', '--operations', '60', '--parallel', '1', '--name', 'hunt', '--json'];
  const stateFile = () => join(folder.path, 'alone/campaigns/hunt.json');
  const state = () => JSON.parse(readFileSync(stateFile(), 'utf8'));

  /** Without the server of the directory, which would keep it. */
  const alone = (...args: string[]) =>
    simcity(args, { cwd: folder.path, env: { SIMCITY_DATA_DIR: join(folder.path, 'alone') } });

  test('stores its engine, and goes on by it alone', async () => {
    const begun = await alone('campaign', ...hunt, '--faults', 'none', '--seeds', '1..2');
    expect(begun.exitCode, begun.stderr).toBe(0);
    expect(JSON.parse(begun.stdout)).toMatchObject({ generation: ENGINE_GENERATION, simcity: VERSION });
    const more = await alone('campaign', '--resume', 'hunt', '--seeds', '3..4', '--json');
    expect(more).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('"seedsThrough": 4') });

    const before = state();
    writeFileSync(stateFile(), JSON.stringify({ ...before, generation: OTHER, simcity: '9.8.7' }));
    const refused = await alone('campaign', '--resume', 'hunt', '--seeds', '5..6');
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain(`campaign hunt ${WHY.other}`);
    expect(refused.stderr).toContain(
      'Go on with it by SimCity 9.8.7, or start a new one with another --name.',
    );
    expect(state().seeds).toEqual(before.seeds);

    const { generation: _generation, simcity: _simcity, ...older } = before;
    writeFileSync(stateFile(), JSON.stringify(older));
    const old = await alone('campaign', '--resume', 'hunt');
    expect(old).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`campaign hunt ${WHY.older}`) });
  });
});

test('the doctor and the long version tell the generation, the short version does not', async () => {
  const doctor = await command('doctor', '--json');
  const report = JSON.parse(doctor.stdout);
  expect(report).toMatchObject({ simcity: VERSION, generation: ENGINE_GENERATION });
  expect(report.checks).toContainEqual({
    name: 'engine',
    state: 'ok',
    found: `generation ${ENGINE_GENERATION}, SimCity ${VERSION}`,
    advice: '',
  });
  expect((await command('--version')).stdout).toBe(`${VERSION}\n`);
  expect((await command('--version', '--verbose')).stdout).toContain(
    `engine generation ${ENGINE_GENERATION}\n`,
  );
});
