/** The tables of settings: what follows from a row, and how values become text and come back. */

import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { configFileSchema } from '../../cli/config/schema.ts';
import { FORM_ROWS, launchOf, readLaunch, textsOf } from '../../cli/run/launch-form.ts';
import {
  CONFIG_ROWS,
  type DeclaredRules,
  type FaultName,
  freshSeed,
  kebabCase,
  maskCredentials,
  PROCESS_ROWS,
  PROCESS_SETTINGS,
  type Reduction,
  RUN_ROWS,
  RUN_SETTINGS,
  type RunConfig,
  readSetting,
  runConfigSchema,
  type Setting,
  settingsOf,
  splitCredentials,
  VARIABLES,
  writeSetting,
  wrongVariable,
} from '../../server/contract/index.ts';
import { openApiDocument } from '../../server/openapi/document.ts';
import { createLog } from '../../server/process-edge.ts';

describe('the type of a configuration', () => {
  it('is as precise as the rows', () => {
    interface Known {
      operations: number;
      durationSeconds: number | null;
      citizens: number;
      slots: number;
      concurrency: number;
      faults: 'none' | 'calm' | 'rough' | 'brutal';
      faultRates: Partial<Record<FaultName, number>>;
      bug: string | null;
      isolation: 'read-committed' | 'repeatable-read' | 'serializable';
      strategy: string;
      rate: number | null;
      snapshotEvery: number;
      thresholds: string[];
      rules: DeclaredRules;
      targets: string[];
      instances: number;
      setupTimeoutSeconds: number;
      gate: 'restart' | 'keep' | null;
      settle: 'sleep' | 'count' | 'silence' | null;
      pool: number | null;
      prove: number | null;
      redactValues: boolean;
      reduction: Reduction | null;
    }
    expectTypeOf<Pick<RunConfig, keyof Known>>().toEqualTypeOf<Known>();
    const parsed = runConfigSchema.parse({});
    expectTypeOf(parsed).toEqualTypeOf<RunConfig>();
    expect(Object.keys(parsed)).toEqual(CONFIG_ROWS.map(([name]) => name));
    expect(parsed).toMatchObject({ operations: 2_000, faults: 'rough', bug: null, thresholds: [] });
  });

  it('has defaults that no two configurations share', () => {
    const [one, other] = [runConfigSchema.parse({}), runConfigSchema.parse({})];
    one.thresholds.push('ok>1');
    one.faultRates.delay = 1;
    expect(other).toMatchObject({ thresholds: [], faultRates: {} });
    expect(runConfigSchema.parse({})).toEqual(other);
  });
});

/** A value of a row that is not its default. */
function another(setting: Setting): unknown {
  const choices = 'choices' in setting ? setting.choices.map(({ name }) => name) : [];
  switch (setting.kind) {
    case 'whole':
      return setting.least + 1;
    case 'number':
    case 'seconds':
      return 1.5;
    case 'flag':
      return true;
    case 'rates':
      return { [choices[0] ?? '']: 0.25 };
    case 'comparisons':
      return ['ok>1', 'p95_latency_ms<50'];
    case 'rules':
      return { keys: false, capacity: [1, 40], reads: { list: { staleMs: 2_000 } } };
    case 'urls':
      return ['http://h:1', 'http://h:2'];
    case 'list':
      return ['a', 'b'];
    default:
      return choices.find((name) => name !== setting.default) ?? 'x';
  }
}

describe('values as text', () => {
  const rows = RUN_ROWS.filter(([, { kind }]) => kind !== 'reduction');

  it.each(rows)('%s is read back as it was written', (_, setting) => {
    const value = another(setting);
    expect(readSetting(setting, writeSetting(setting, value))).toEqual(value);
    expect(writeSetting(setting, null)).toBe('');
  });

  it('whatever the text is, it is a value or an error that says what would be right', () => {
    const any = fc.constantFrom(...RUN_ROWS, ...PROCESS_ROWS);
    fc.assert(
      fc.property(
        any,
        fc.oneof(fc.string(), fc.constantFrom('1', '0', '-1', '1e3', 'a=1', ',', ' 5 ')),
        ([, row], text) => {
          try {
            readSetting(row, text);
          } catch (error) {
            expect(error).toMatchObject({
              name: 'SettingError',
              message: expect.stringMatching(/^It takes \S/),
            });
          }
        },
      ),
      { seed: 7, numRuns: 3_000 },
    );
  });

  it('durations have units, and names are told with the nearest one', () => {
    const { durationSeconds, faultRates, strategy } = RUN_SETTINGS;
    expect(['500ms', '30s', '2m', '1h', '7'].map((text) => readSetting(durationSeconds, text))).toEqual([
      0.5, 30, 120, 3_600, 7,
    ]);
    expect(readSetting(faultRates, 'delay=0.1,crash=.2')).toEqual({ delay: 0.1, crash: 0.2 });
    expect(() => readSetting(faultRates, 'dely=0.1')).toThrow('Did you mean delay?');
    expect(() => readSetting(strategy, 'ambusch')).toThrow('Did you mean ambush?');
  });
});

describe('from a row follow', () => {
  it.each(FORM_ROWS)('%s: a field of the forms that becomes the launch, and comes back', (name, setting) => {
    const value = another(setting);
    // A bug is one of its scenario and target.
    const texts = { [name]: name === 'bug' ? 'check-then-insert' : writeSetting(setting, value) };
    // What only a service heeds needs one.
    const read = readLaunch(setting.isOfServices ? { target: 'http://h:1', ...texts } : texts);
    if (!('launch' in read)) throw new Error(read.problem.text);
    const { scenario = 'bookings', target = 'postgres', config } = read.launch;
    const back = textsOf({ scenario, target, config: runConfigSchema.parse(config) });
    if (name !== 'seed') expect(back[name]).toBe(texts[name]);
    else expect([read.launch.seed, back.seed]).toEqual([value, '']);
  });

  it('a field of the file and a variable, unless the row says otherwise', () => {
    const fields = Object.keys(
      (configFileSchema.shape.run as unknown as { unwrap(): { shape: object } }).unwrap().shape,
    );
    expect(fields).toEqual(
      expect.arrayContaining(['target', 'duration', 'fault', 'snapshotEvery', 'threshold', 'rules']),
    );
    expect(fields).not.toContain('scenario');
    expect(fields).not.toContain('reduction');
    for (const field of fields) {
      const variable = `SIMCITY_${kebabCase(field).replace('-', '_').toUpperCase()}`;
      expect(VARIABLES.has(variable), variable).toBe(true);
    }
    expect(VARIABLES.has('SIMCITY_SCENARIO')).toBe(false);
    expect(Object.keys(configFileSchema.shape)).not.toContain('hostToken');
    expect(Object.keys(configFileSchema.shape)).toContain('leaseSeconds');
  });

  it('a description in the API, with the names that there are', () => {
    const document = openApiDocument('0') as {
      components: { schemas: { RunConfig: { properties: Record<string, Record<string, unknown>> } } };
    };
    const { properties } = document.components.schemas.RunConfig;
    for (const [name, { help }] of CONFIG_ROWS) {
      expect(JSON.stringify(properties[name]), name).toContain(JSON.stringify(help));
    }
    expect(JSON.stringify(properties['strategy'])).toContain('"rivals"');
    expect(JSON.stringify(properties['bug'])).toContain('"torn-statement"');
  });

  it('with only a duration, the duration alone decides', () => {
    expect(launchOf({ durationSeconds: 5 }).config).toEqual({ durationSeconds: 5, operations: 100_000_000 });
    expect(launchOf({ durationSeconds: 5, operations: 7 }).config).toMatchObject({ operations: 7 });
  });
});

describe('the environment', () => {
  it('gives values of their types, or defaults', () => {
    const found = settingsOf({ SIMCITY_PORT: '1', SIMCITY_TARGETS: '', SIMCITY_ALLOWED_HOSTS: 'a, b' }, [
      ...(['port', 'targets', 'allowedHosts', 'launcher', 'requireToken'] as const),
    ]);
    expectTypeOf(found.launcher).toEqualTypeOf<'process' | 'docker' | 'kubernetes'>();
    expectTypeOf(found.targets).toEqualTypeOf<string[] | null>();
    expectTypeOf(found.port).toEqualTypeOf<number>();
    expect(found).toEqual({
      ...{ port: 1, targets: null, allowedHosts: ['a', 'b'], launcher: 'process', requireToken: false },
    });
  });

  it('is refused with every variable that is wrong, and no secret', () => {
    const env = { DATABASE_URL: 'mysql://me:secret@h', SIMCITY_PORT: 'x', SIMCITY_LAUNCHER: 'dokcer' };
    expect(() => settingsOf(env, ['databaseUrl', 'port', 'launcher'])).toThrow(
      'DATABASE_URL must be a URL such as postgres://user:password@host:5432/database; ' +
        'SIMCITY_PORT ("x") must be a whole number from 0 to 65535; ' +
        'SIMCITY_LAUNCHER ("dokcer") must be one of process, docker, kubernetes. Did you mean docker',
    );
    for (const [, row] of PROCESS_ROWS.filter(([, { secret }]) => secret !== undefined)) {
      expect(wrongVariable({ [row.variable]: '\u0000' }, row.variable)?.given ?? null).toBe(null);
    }
  });

  it.each([
    ['ci:read+control:0123456789abcdef', true],
    ['a:read:0123456789abcdef,b:control:0123456789abcdef', true],
    ['a:read:0123456789abcdef,a:control:0123456789abcdef', false],
    ['ci:write:0123456789abcdef', false],
    ['ci:read:short', false],
    ['-ci:read:0123456789abcdef', false],
  ])('tokens: %s', (text, isRight) => {
    const read = () => readSetting(PROCESS_SETTINGS.tokens, text);
    if (isRight) expect(read()[0]?.secret).toBe('0123456789abcdef');
    else expect(read).toThrow('a list of NAME:SCOPE:SECRET');
  });

  it('an unknown log level is as none', () => {
    expect(createLog('x', { SIMCITY_LOG_LEVEL: 'loud' }).level).toBe('warn');
    expect(createLog('x', { SIMCITY_LOG_LEVEL: 'error' }).level).toBe('error');
  });
});

describe('credentials', () => {
  it.each([
    ['http://u:p@h/x', 'http://***@h/x'],
    ['https://u:p@ss@h:1/x?y=1', 'https://***@h:1/x?y=1'],
    ["http://u:p'w@h", 'http://***@h'],
    ['postgres://me:pw@db/x?password=pw&sslmode=require', 'postgres://***@db/x?password=***&sslmode=require'],
    ['http://h/a@b', 'http://h/a@b'],
    ['memory', 'memory'],
  ])('%s is shown as %s', (url, shown) => {
    expect(maskCredentials(url)).toBe(shown);
  });

  it('stay on this machine', () => {
    expect(splitCredentials('http://u:p@h:1/x')).toEqual({
      target: 'http://h:1/x',
      credentials: 'http://u:p@h:1/x',
    });
    expect(splitCredentials('http://h:1')).toEqual({ target: 'http://h:1', credentials: undefined });
    expect(launchOf({ target: 'http://u:p@h:1/x' }).target).toBe('http://h:1/x');
  });
});

it('the table in the README is that of the settings', () => {
  const { status, stderr } = spawnSync(process.execPath, ['.ci/settings.ts', '--check'], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

it('seeds that nobody asked for are easy to type, and not alike', () => {
  const seeds = Array.from({ length: 1_000 }, freshSeed);
  expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31)).toBe(true);
  expect(new Set(seeds).size).toBeGreaterThan(990);
  expect(Math.max(...seeds)).toBeGreaterThan(2 ** 30);
});
