/** The settings of a run with a gate: what is refused before anything starts, what is stored, shown and typed again. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingEntries } from '../../cli/run/setting-entries.ts';
import { readRunnerConfig } from '../../runner/config.ts';
import { harnessSecrets, workerSecrets } from '../../runner/secrets.ts';
import {
  GATE_FAULTS,
  type GateOrder,
  isLive,
  limitsFor,
  type RunConfig,
  refusalOf,
  reproduceCommand,
  runConfigSchema,
  SERVICE_LIMITS,
  toldConfig,
  workerOrderSchema,
} from '../../server/contract/index.ts';
import { runInProcess } from '../helpers/fake-context.ts';
import { recordedRun } from '../helpers/recorded-run.ts';

const URL = 'http://127.0.0.1:8080';
const HAS = ['--target', URL, '--exec', 'node s.js'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-gate-'));
  writeFileSync(join(folder, 'schema.sql'), 'select 1');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const REFUSED: [args: string[], said: string | RegExp][] = [
  [['--gate'], 'the service that --target names by its URL, and there is none'],
  [['--target', 'memory', '--exec', 'x', '--gate'], '--exec starts the service that --target names'],
  [['--target', URL, '--gate'], '--gate needs --exec'],
  [['--target', URL, '--exec', ' ', '--gate'], '--gate needs --exec'],
  [[...HAS, '--gate', 'transfers'], /It takes the URL of a database.*simcity run transfers --gate/],
  [[...HAS, '--gate', 'mysql://h/d'], 'It takes the URL of a database'],
  [[...HAS, '--gate', 'postgres://localhost'], 'It takes the URL of a database'],
  [[...HAS, '--gate', '--gate-schema', 'none.sql'], /none\.sql: there is no such file/],
  [[...HAS, '--gate', '--gate-schema', '.'], /there is no such file/],
  [[...HAS, '--gate', 'postgres://h/d', '--gate-schema', 'schema.sql'], 'is never written to'],
  [
    [...HAS, '--gate', 'postgres://h/d', '--gate-prepare', 'npm run migrate'],
    '--gate-prepare makes a database',
  ],
  [[...HAS, '--gate', '--gate-prepare', ''], '--gate-prepare is empty'],
  [[...HAS, '--gate-schema', 'schema.sql'], '--gate-schema says something of the database behind --gate'],
  [[...HAS, '--gate-large'], '--gate-large says something of the database behind --gate'],
  [[...HAS, '--gate-service', 'keep'], '--gate-service says something of runs with --gate'],
  [[...HAS, '--settle', 'sleep'], '--settle says something of runs with --gate'],
  [[...HAS, '--gate-pool', '4'], '--gate-pool says something of runs with --gate'],
  [[...HAS, '--prove', '3'], '--prove says something of runs with --gate'],
  [[...HAS, '--clock', 'virtual'], '--clock says something of runs with --gate'],
  [[...HAS, '--gate', '--clock', 'moon'], 'It takes one of real, virtual, virtual-timers'],
  [[...HAS, '--gate', '--settle', 'nap'], 'It takes one of sleep, count, silence'],
  [[...HAS, '--gate', '--prove', '101'], 'It takes a whole number from 0 to 100'],
  [[...HAS, '--gate', '--instances', '2'], 'behind a gate there is one instance of the service'],
  [[...HAS, '--gate', '--target', 'http://127.0.0.1:8081'], 'behind a gate the service has one URL'],
  [[...HAS, '--gate', '--fault', 'clock-skew=0.1'], /clock-skew cannot strike behind a gate.*not tested/s],
  [[...HAS, '--fault', 'backend-kill=0.1'], /backend-kill strikes on the way to the database.*--gate/s],
  [['--target', 'memory', '--fault', 'lost-commit=0.1'], 'and this run has no gate'],
  [[...HAS, '--gate', '--detach'], '--detach leaves the run to a runner elsewhere'],
];

describe('refused before anything is started', () => {
  it.each(REFUSED)('run %j', async (args, said) => {
    const { exitCode, stdout, stderr } = await runInProcess(['run', '--log', ...args], folder);
    expect(stderr).toMatch(
      said instanceof RegExp ? said : new RegExp(said.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')),
    );
    // The line that a run begins with stands before all that is looked up for it.
    expect({ exitCode, more: stdout.split('\n').slice(1).join('') }).toEqual({ exitCode: 2, more: '' });
  });

  it.each([
    [['--target', URL], 'without --gate the world decides'],
    [['--target', URL, '--exec', 'node s.js'], 'without --gate the world decides'],
    [['--target', URL, '--gate'], '--gate needs --exec'],
    [['--gate'], 'there is none'],
    [['--target', URL, '--exec', 'x', '--gate', '--instances', '2'], "unknown option '--instances'"],
  ])('campaign %j', async (args, said) => {
    const { exitCode, stderr } = await runInProcess(['campaign', ...args], folder);
    expect(stderr).toContain(said);
    expect(exitCode).toBe(2);
  });

  it('a rate of 0 is no strike, and what is as usual is not said', () => {
    expect(refusalOf({ faultRates: { 'backend-kill': 0 } })).toBe(null);
    expect(refusalOf({ target: URL, gate: 'keep', faultRates: { 'clock-skew': 0, deadlock: 0.1 } })).toBe(
      null,
    );
    expect(refusalOf({ target: URL, gate: 'keep', clock: 'virtual', faultRates: { 'clock-skew': 1 } })).toBe(
      null,
    );
    expect(refusalOf({ ...runConfigSchema.parse({}), target: 'memory' } as never)).toBe(null);
  });
});

describe('a run with a gate', () => {
  const config = runConfigSchema.parse({ gate: 'restart', settle: 'count', pool: 10 });

  it('is not live, and its limits are those of all runs', () => {
    expect([isLive(URL, config), isLive(URL, { gate: null }), isLive('memory', { gate: null })]).toEqual([
      ...[false, true, false],
    ]);
    expect([limitsFor(URL, { gate: 'keep' }), limitsFor(URL, {})]).toEqual([{}, SERVICE_LIMITS]);
  });

  it('tells its settings, and others do not', () => {
    const told = (config: RunConfig) =>
      Object.fromEntries(settingEntries({ ...recordedRun(), target: URL, config }));
    expect(told(config)).toMatchObject({ 'gate-service': 'restart', settle: 'count', 'gate-pool': '10' });
    expect(told(config)).not.toHaveProperty('prove');
    expect(told({ ...config, prove: 0, redactValues: true })).toMatchObject({
      prove: '0',
      'redact-values': 'true',
    });
    for (const name of ['gate-service', 'settle', 'gate-pool', 'prove', 'redact-values'])
      expect(told(runConfigSchema.parse({}))).not.toHaveProperty(name);
    expect(toldConfig(runConfigSchema.parse({}))).not.toHaveProperty('gate');
  });

  it('has its own faults, that others have not', () => {
    expect([...GATE_FAULTS]).toEqual([
      ...['backend-kill', 'lost-commit', 'deadlock', 'connection-refused', 'slow-statement'],
    ]);
  });
});

describe('the command that reproduces it', () => {
  const config = runConfigSchema.parse({
    ...{ gate: 'keep', settle: 'sleep', pool: 4, clock: 'virtual', redactValues: true },
  });
  const order: GateOrder = { url: null, schema: null, prepare: null, large: false };
  const command = (gate: GateOrder | null, exec = 'node s.js') =>
    reproduceCommand({ scenario: 'bookings', target: URL, seed: 7, config }, { exec, gate });
  const settings = '--gate-service keep --settle sleep --gate-pool 4 --clock virtual --redact-values';
  const start = `npx simcity run --target ${URL} --seed 7 ${settings} --exec 'node s.js'`;

  it('ends with the gate', () => {
    expect(command(order)).toBe(`${start} --gate`);
    expect(command({ ...order, schema: './a b.sql', prepare: 'npm run migrate', large: true })).toBe(
      `${start} --gate-schema './a b.sql' --gate-prepare 'npm run migrate' --gate-large --gate`,
    );
    expect(command({ ...order, url: 'postgres://localhost/shop' })).toBe(
      `${start} --gate postgres://localhost/shop`,
    );
  });

  it('has a gate also where the order is not known', () => {
    expect(reproduceCommand({ scenario: 'bookings', target: URL, seed: 7, config })).toMatch(
      /--redact-values --gate$/,
    );
  });

  it('masks the passwords in it, each once', () => {
    const text = command({ ...order, url: 'postgres://me:pw-1234@db/shop' }, 'TOKEN=abcd1234 node s.js');
    expect(text).not.toMatch(/pw-1234|abcd1234/);
    expect(text).toContain(`--gate 'postgres://'"$USER_AND_PASSWORD"'@db/shop'`);
    expect(text).toContain('are masked: set them');
    const both = command({ ...order, url: 'postgres://me:one@db/shop' }, 'node s.js postgres://me:two@h/x');
    expect(both).toContain('"$USER_AND_PASSWORD"');
    expect(both).toContain('"$USER_AND_PASSWORD_2"');
  });
});

describe('its order', () => {
  const gate: GateOrder = {
    ...{ url: 'postgres://me:secret-pw@db/shop', schema: null, prepare: 'PASSWORD=other-pw x', large: false },
  };

  it('travels to the runner of that run alone', () => {
    const env = (more: object) =>
      ({
        DATABASE_URL: 'postgres://h/d',
        SIMCITY_URL: 'http://h:1',
        SIMCITY_GATE: JSON.stringify(gate),
        ...more,
      }) as NodeJS.ProcessEnv;
    const id = recordedRun().id;
    expect(readRunnerConfig(env({ SIMCITY_ONLY_RUN: id }), import.meta.url).gate).toEqual(gate);
    expect(readRunnerConfig(env({}), import.meta.url).gate).toBe(null);
    const spoiled = () =>
      readRunnerConfig(env({ SIMCITY_ONLY_RUN: id, SIMCITY_GATE: '{"url":"secret-pw"}' }), '');
    expect(spoiled).toThrow(/SIMCITY_GATE is set by `simcity run --gate` alone/);
    expect(spoiled).not.toThrow(/secret-pw/);
  });

  it('has secrets that are taken out of all that is written', () => {
    const order = { token: 't', target: URL, targetUrl: null, gate };
    expect(harnessSecrets(order, {})).toEqual(expect.arrayContaining(['secret-pw', 'other-pw']));
    const survey = workerOrderSchema.parse({
      ...{
        do: 'survey',
        scenario: 'bookings',
        target: URL,
        config: runConfigSchema.parse({}),
        targetUrl: null,
      },
      ...{ gate, exec: 'TOKEN=third-pw node s.js', seed: 1 },
    });
    expect(workerSecrets(survey)).toEqual(expect.arrayContaining(['secret-pw', 'other-pw', 'third-pw']));
  });
});
