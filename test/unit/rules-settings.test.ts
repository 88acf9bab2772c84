/** The rules of a service as a setting: how they are read, written, refused, and told in words. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configFileSchema } from '../../cli/config/schema.ts';
import { launchOf, readLaunch } from '../../cli/run/launch-form.ts';
import { ruleLines, rulesInShort } from '../../cli/run/rules.ts';
import { settingEntries } from '../../cli/run/setting-entries.ts';
import { liveSettingsOf } from '../../runner/harness/live-settings.ts';
import {
  CONFIG_ROWS,
  CONTRACT_RULES,
  contradictionIn,
  type DeclaredRules,
  declaredRulesSchema,
  mergedRules,
  RUN_SETTINGS,
  readSetting,
  refusalOf,
  reproduceCommand,
  rulesText,
  runConfigSchema,
  SERVICE_LIMITS,
  toldConfig,
  toldRules,
  withDeclared,
  writeSetting,
} from '../../server/contract/index.ts';
import { recordedRun } from '../helpers/recorded-run.ts';

const URL = 'http://127.0.0.1:3000';
const read = (text: string) => readSetting(RUN_SETTINGS.rules, text);

describe('a text', () => {
  test.each<[string, DeclaredRules]>([
    ['keys=no', { keys: false }],
    ['keyTtl=20s', { keyTtl: { seconds: 20 } }],
    ['keyTtl=500ms', { keyTtl: { seconds: 0.5 } }],
    ['keyTtl=5000keys', { keyTtl: { keys: 5_000 } }],
    ['keyTtl=none', { keyTtl: null }],
    ['capacity=1', { capacity: 1 }],
    ['capacity=1-40', { capacity: [1, 40] }],
    ['onePerCitizen=no', { onePerCitizen: false }],
    ['secondCancel=ok', { secondCancel: 'ok' }],
    ['closing=no', { closing: false }],
    ['cancelsBy=citizen', { cancelsBy: 'citizen' }],
    ['ownCancelOnly=yes', { ownCancelOnly: true }],
    ['read=500ms, list=2s', { reads: { read: { staleMs: 500 }, list: { staleMs: 2_000 } } }],
    ['list=strong', { reads: { list: { staleMs: 0 } } }],
    ['errors=0.05', { errors: 0.05 }],
    ['keys=no,capacity=3,keys=yes', { keys: true, capacity: 3 }],
  ])('%s is read, and is what an adapter may declare', (text, rules) => {
    expect(read(text)).toEqual(rules);
    expect(declaredRulesSchema.parse(rules)).toEqual(rules);
    expect(read(writeSetting(RUN_SETTINGS.rules, rules))).toEqual(rules);
  });

  test.each([
    ['keys=maybe', '"keys" takes yes or no.'],
    ['keys', '"keys" takes yes or no.'],
    ['capacity=0', '"capacity" takes a number from 1 to 10000, or a range such as 1-40.'],
    ['capacity=4-2', 'a range such as 1-40.'],
    ['list=2', '"list" takes a lag of 1h at most, such as 500ms or 2s, or strong.'],
    ['list=2h', '"list" takes a lag of 1h at most'],
    ['keyTtl=0s', '"keyTtl" takes a time such as 20s'],
    ['errors=2', '"errors" takes a share from 0 to 1, such as 0.05.'],
    ['cancelsBy=citzen', '"cancelsBy" takes booking or citizen.'],
    ['onePerCitzen=no', 'Did you mean onePerCitizen?'],
    ['key=no', 'Did you mean keys?'],
    ['', 'It takes rules such as keys=no and capacity=1-40.'],
  ])('%j is refused with what would be right', (text, said) => {
    expect(() => read(text)).toThrow(said);
  });

  test('whatever is declared is written so that it is read back', () => {
    const ms = fc.integer({ min: 0, max: 3_600_000 }).map((staleMs) => ({ staleMs }));
    const seats = fc.integer({ min: 1, max: 10_000 });
    const range = fc
      .tuple(seats, seats)
      .filter(([a, b]) => a !== b)
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)]);
    const rules = fc.record(
      {
        keys: fc.boolean(),
        keyTtl: fc.oneof(
          fc.constant(null),
          fc.record({ keys: fc.integer({ min: 1, max: 10_000_000 }) }),
          fc.record({ seconds: fc.integer({ min: 1, max: 604_800 }) }),
        ),
        capacity: fc.oneof(seats, range),
        onePerCitizen: fc.boolean(),
        secondCancel: fc.constantFrom('ok', 'refused'),
        closing: fc.boolean(),
        cancelsBy: fc.constantFrom('booking', 'citizen'),
        ownCancelOnly: fc.boolean(),
        reads: fc.record({ read: ms, list: ms }),
        errors: fc.integer({ min: 0, max: 1_000 }).map((share) => share / 1_000),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(rules, (each) => {
        if (Object.keys(each).length === 0) return;
        expect(read(writeSetting(RUN_SETTINGS.rules, each))).toEqual(declaredRulesSchema.parse(each));
      }),
      { seed: 11 },
    );
  });
});

describe('the configuration file', () => {
  const parse = (rules: unknown) => configFileSchema.safeParse({ run: { rules } });

  test('has them as an adapter declares them, or as a text', () => {
    const rules = { keys: false, reads: { list: { staleMs: 2_000 } } };
    expect(parse(rules).data).toEqual({ run: { rules } });
    expect(parse('keys=no, list=2s').data).toEqual({ run: { rules } });
  });

  test.each([[{ keys: 'no' }], [{ key: false }], [{ capacity: [4, 2] }], ['keys=maybe']])(
    '%j is refused',
    (rules) => {
      expect(parse(rules).success).toBe(false);
    },
  );
});

describe('a launch', () => {
  test('with rules, targets or instances needs a service at a URL', () => {
    const rules = { keys: false };
    expect(refusalOf({ target: 'memory', rules })?.why).toContain('the target is "memory"');
    expect(refusalOf({ rules })?.why).toContain('the target is "postgres"');
    expect(refusalOf({ instances: 2 })?.why).toContain('instances are processes of a service at a URL');
    expect(refusalOf({ target: 'memory', targets: ['memory', 'postgres'] })).not.toBeNull();
    expect(refusalOf({ target: URL, rules, instances: 2, targets: [URL, 'http://h:2'] })).toBeNull();
    // What is not said is no mistake, and neither is a limit of time.
    expect(
      refusalOf({ target: 'memory', rules: {}, instances: 1, targets: [], setupTimeoutSeconds: 5 }),
    ).toBeNull();
  });

  test('has its target as the first of several, and no other kind among them', () => {
    expect(refusalOf({ target: URL, targets: [URL, 'memory'] })?.why).toBe('one of the targets is no URL.');
    expect(refusalOf({ target: URL, targets: ['http://h:2', URL] })?.why).toBe(
      'the first of the targets is not the target.',
    );
    expect(refusalOf({ target: 'http://u:p@h:1', targets: ['http://h:1', 'http://h:2'] })).toBeNull();
  });

  test('that cancels by citizen needs one booking of a citizen in a slot', () => {
    const rules: DeclaredRules = { cancelsBy: 'citizen', onePerCitizen: false };
    expect(refusalOf({ target: URL, rules })?.why).toContain('cancelsBy=citizen needs');
    expect(contradictionIn({ ...rules, capacity: [1, 2] })).not.toBeNull();
    for (const right of [{ capacity: 1 }, { onePerCitizen: true }] as const) {
      expect(refusalOf({ target: URL, rules: { ...rules, ...right } })).toBeNull();
    }
  });

  test('of a form names the target first, and none twice', () => {
    const read = readLaunch({ target: URL, targets: `http://h:2, ${URL}, http://h:2`, rules: 'keys=no' });
    expect(read).toMatchObject({
      launch: { target: URL, config: { targets: [URL, 'http://h:2'], rules: { keys: false } } },
    });
    expect(readLaunch({ target: URL, rules: 'keys=maybe' })).toMatchObject({
      problem: { setting: 'rules', text: expect.stringContaining('"keys" takes yes or no.') },
    });
  });

  test('keeps users and passwords of its targets here', () => {
    const { target, config } = launchOf({
      target: 'http://u:p@h:1/x',
      targets: ['http://u:p@h:1/x', 'http://v:q@h:2/x'],
    });
    expect([target, config?.targets]).toEqual(['http://h:1/x', ['http://h:1/x', 'http://h:2/x']]);
  });
});

describe('what is said of a run', () => {
  const config = runConfigSchema.parse({
    ...SERVICE_LIMITS,
    rules: { keys: false, capacity: [1, 40], reads: { list: { staleMs: 2_000 } } },
    targets: [URL, 'http://127.0.0.1:3001'],
    instances: 3,
    setupTimeoutSeconds: 90,
  });

  test('reproduces it: a flag for each rule, a --target for each URL', () => {
    const run = { scenario: 'bookings', target: URL, seed: 7, config };
    expect(reproduceCommand(run, { adapter: './my-adapter.ts', exec: 'node my-service.js {port}' })).toBe(
      `npx simcity run --target ${URL} --target http://127.0.0.1:3001 --seed 7 --rule keys=no --rule capacity=1-40` +
        " --rule list=2000ms --instances 3 --setup-timeout 90s --adapter ./my-adapter.ts --exec 'node my-service.js {port}'",
    );
  });

  test('tells its settings, and those of services only of services', () => {
    const names = (target: string) =>
      Object.fromEntries(settingEntries({ ...recordedRun(), target, config }));
    expect(names(URL)).toMatchObject({ rule: 'keys=no, capacity=1-40, list=2000ms', instances: '3' });
    expect(names('memory')).not.toHaveProperty('instances');
    const usual = runConfigSchema.parse({});
    const told = Object.fromEntries(settingEntries({ ...recordedRun(), target: URL, config: usual }));
    expect(told).not.toHaveProperty('rule');
    expect(told).toMatchObject({ 'setup-timeout': '60s' });
  });

  test('leaves histories that know nothing of it as they were', () => {
    const usual = runConfigSchema.parse({});
    const ofServices = CONFIG_ROWS.flatMap(([name, row]): string[] => (row.isOfServices ? [name] : []));
    expect(ofServices).toEqual(expect.arrayContaining(['rules', 'targets', 'instances', 'gate', 'prove']));
    // Told only where it is asked for, too.
    const untold = [...ofServices, 'record'];
    const before = Object.fromEntries(Object.entries(usual).filter(([name]) => !untold.includes(name)));
    expect(toldConfig(usual)).toEqual(before);
    const {
      gate: _g,
      settle: _s,
      pool: _p,
      clock: _c,
      prove: _v,
      redactValues: _r,
      record: _n,
      ...told
    } = config;
    expect(toldConfig(config)).toEqual(told);
    expect(toldConfig({ ...config, gate: 'keep', pool: 4 })).toEqual({ ...told, gate: 'keep', pool: 4 });
  });

  test('reaches the live attack', () => {
    expect(liveSettingsOf({ target: URL, config, exec: 'node x' })).toEqual({
      setupTimeoutMs: 90_000,
      instances: 3,
      targets: [URL, 'http://127.0.0.1:3001'],
    });
    const withUsers = ['http://u:p@h:1', 'http://h:2'];
    expect(liveSettingsOf({ target: URL, targets: withUsers, config, exec: 'x' }).targets).toEqual(withUsers);
    expect(liveSettingsOf({ target: URL, config: runConfigSchema.parse({}) })).toEqual({
      setupTimeoutMs: 60_000,
      instances: 1,
      targets: [URL],
    });
    expect(() => liveSettingsOf({ target: URL, config })).toThrow('Nothing starts 3 instances');
  });
});

describe('in words', () => {
  const rules = withDeclared(CONTRACT_RULES, {
    keys: false,
    capacity: [1, 40],
    cancelsBy: 'citizen',
    reads: { list: { staleMs: 2_000 } },
  });
  const sources = { keys: 'learned', capacity: 'flag', cancelsBy: 'adapter', reads: 'flag' } as const;
  const learned = { keys: 'a repeat was refused' };

  test('each rule has its line, with where it comes from', () => {
    expect(rulesText(rules, sources, learned)).toEqual([
      'keys: none (learned: a repeat was refused)',
      'keys last: for good (contract)',
      'capacity: 1 to 40 (flag)',
      'one booking per citizen and slot: yes (contract)',
      'second cancel: refused (contract)',
      'closing: yes (contract)',
      'cancel by: citizen and slot (adapter)',
      'only the own booking can be cancelled: no (contract)',
      'reads: read strong, list up to 2000 ms late (flag)',
      '5xx without a cause: at most 20 % (contract)',
    ]);
  });

  test('are those that the scenario depends on, where it says which', () => {
    const concerns = ['keys', 'capacity', 'buffer'];
    const told = { what: 'rules', rules: withDeclared(rules, { buffer: false }), sources, learned, concerns };
    expect(ruleLines(told)).toEqual([
      'keys: none (learned: a repeat was refused)',
      'capacity: 1 to 40 (flag)',
      'minutes between bookings: none (contract)',
    ]);
  });

  test('say of what could not be learned only that, and why', () => {
    const why = { keys: 'not learned: the answers said nothing' };
    expect(rulesText(CONTRACT_RULES, { keys: 'contract' }, why)[0]).toBe(
      'keys: honoured (not learned: the answers said nothing)',
    );
  });

  test('in short are those that differ from the contract', () => {
    expect(rulesInShort({ what: 'rules', rules, sources, learned })).toBe(
      'keys: none (learned: a repeat was refused); capacity: 1 to 40 (flag); ' +
        'cancel by: citizen and slot (adapter); reads: read strong, list up to 2000 ms late (flag)',
    );
    expect(rulesInShort({ what: 'rules', rules: CONTRACT_RULES, sources: {}, learned: {} })).toBe(
      'those of the booking contract',
    );
  });

  test('what is stored is foreign: odd values are as in the contract, and nothing commands a terminal', () => {
    expect(toldRules({})).toBeNull();
    expect(toldRules({ rules: 'x' })).toBeNull();
    const odd = {
      rules: { keys: 3, capacity: { least: '1' }, reads: null, keyTtl: 7 },
      sources: 5,
      learned: { keys: 1 },
    };
    expect(toldRules(odd)).toEqual({ rules: CONTRACT_RULES, sources: {}, learned: {} });
    const hostile = { rules: { ...rules }, sources, learned: { keys: 'a\u001b[2J\nb' } };
    expect(ruleLines(hostile).join('')).not.toMatch(/[\u0000-\u001f]/);
  });

  test('flags go over adapters, each read by itself', () => {
    expect(
      mergedRules(
        { keys: false, reads: { list: { staleMs: 5 } } },
        { keys: true, reads: { read: { staleMs: 1 } } },
      ),
    ).toEqual({ keys: true, reads: { list: { staleMs: 5 }, read: { staleMs: 1 } } });
  });
});
