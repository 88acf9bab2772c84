/** The list of names, held against what the runner really has. */
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { faultRates } from '../../runner/faults/profiles.ts';
import { SCENARIOS as REGISTERED } from '../../runner/scenarios/registry.ts';
import { STRATEGIES as FACTORIES } from '../../runner/sim/strategies/index.ts';
import { findService } from '../../runner/targets/registry.ts';
import {
  BUGS,
  didYouMean,
  FAULT_NAMES,
  FAULT_PROFILES,
  GATE_FAULTS,
  LISTS,
  namesOf,
  nearestName,
  refusalOf,
  runConfigSchema,
  SCENARIOS,
  STRATEGIES,
  TARGETS,
} from '../../server/contract/index.ts';

describe('the names are those of the runner', () => {
  it('scenarios and strategies', () => {
    expect(namesOf(SCENARIOS)).toEqual(namesOf(REGISTERED));
    expect(namesOf(STRATEGIES)).toEqual(namesOf(FACTORIES));
    expect(SCENARIOS.filter(({ needsAdapter }) => needsAdapter).map(({ name }) => name)).toEqual(
      REGISTERED.filter(({ http }) => http === undefined).map(({ name }) => name),
    );
  });

  it.each(REGISTERED.map((scenario) => [scenario.name, scenario] as const))(
    'the bugs of %s, each on the targets that have it',
    (name, scenario) => {
      const listed = BUGS.filter((bug) => bug.scenario === name);
      expect(namesOf(listed).toSorted()).toEqual([...(scenario.bugs ?? [])].toSorted());
      for (const { name: bug, targets } of listed) {
        for (const { name: target } of TARGETS) {
          const plant = () => findService(target, scenario, bug);
          if (targets.includes(target)) expect(plant, `${bug} on ${target}`).not.toThrow();
          else expect(plant, `${bug} on ${target}`).toThrow('one of databases');
        }
      }
      expect(() => findService('memory', scenario, 'chek-then-insert')).toThrow(`no bug of ${name}`);
    },
  );

  it('targets', () => {
    const [scenario] = REGISTERED;
    if (scenario === undefined) throw new Error('no scenario is registered');
    for (const { name } of TARGETS) expect(findService(name, scenario, null).service).toBeDefined();
    expect(() => findService('mysql', scenario, null)).toThrow('no target "mysql"');
  });

  it('profiles and faults: together the profiles have every fault, and no other', () => {
    const rates = FAULT_PROFILES.map((faults) => faultRates(runConfigSchema.parse({ faults })));
    const struck = new Set(rates.flatMap((each) => Object.keys(each)));
    const ungated = FAULT_NAMES.filter((name) => !GATE_FAULTS.includes(name));
    expect([...struck].toSorted()).toEqual(ungated.toSorted());
  });

  it('each has a line of its own in its list', () => {
    for (const [list, { names }] of Object.entries(LISTS)) {
      expect(names.length, list).toBeGreaterThan(0);
      expect(new Set(names.map(({ what }) => what)).size, list).toBe(names.length);
      for (const { what } of names) expect(what).toMatch(/^\S.{5,}/);
    }
  });
});

it.each(['profiles', 'isolation', 'launchers', 'strategies', 'log-levels', 'themes'])(
  'the list of %s stands once',
  (list) => {
    const names = namesOf(LISTS[list]?.names ?? []);
    const standing = globSync('{server,cli,runner}/**/*.{ts,tsx}').filter((path) => {
      const text = readFileSync(path, 'utf8');
      return names.every((name) => text.includes(`'${name}'`));
    });
    expect(standing).toEqual(['server/contract/names.ts']);
  },
);

describe('what was meant', () => {
  const bugs = BUGS.map(({ name }) => name);

  it.each([
    ['chek-then-insert', 'check-then-insert'],
    ['check-then-inset', 'check-then-insert'],
    ['check-then-isnert', 'check-then-insert'],
    ['lost-cancell', 'lost-cancel'],
    ['id-resue', 'id-reuse'],
    ['late-kay', 'late-key'],
  ])('%s is near %s', (word, name) => {
    expect(nearestName(word, bugs)).toBe(name);
  });

  it.each(['foo', '', 'x'.repeat(5_000), 'nothing-of-the-kind'])('nothing is near %s', (word) => {
    expect(nearestName(word, bugs)).toBe(null);
    expect(didYouMean(word, bugs)).toBe('');
  });

  it('a swap of neighbours is one mistake, and the nearest name wins', () => {
    expect(nearestName('ab', ['ba', 'xyz'])).toBe('ba');
    expect(nearestName('calmn', ['none', 'calm', 'rough'])).toBe('calm');
  });
});

describe('a launch that no run can be', () => {
  it.each([
    [{}, null],
    [{ bug: 'check-then-insert' }, null],
    [{ scenario: 'transfers', bug: 'torn-statement', target: 'memory' }, null],
    [{ scenario: 'module:./my-scenario.ts', bug: 'anything' }, null],
    [
      { bug: 'chek-then-insert' },
      /bookings has no bug "chek-then-insert"\. Did you mean check-then-insert\?/,
    ],
    [
      { scenario: 'transfers', bug: 'check-then-insert' },
      /transfers has no bug .* It has lost-update, no-idem/,
    ],
    [{ bug: 'late-key', target: 'memory' }, /one of databases\. It needs the target postgres/],
    [{ bug: 'late-key', target: 'http://127.0.0.1:1' }, /cannot be planted in http:\/\/127\.0\.0\.1:1/],
    [{ bug: 'late-key', target: 'module:./my-service.ts' }, /cannot be planted in module:/],
    [{ scenario: 'bookngs' }, /no scenario "bookngs"\. .* Did you mean bookings\?/],
    [{ strategy: 'ambsh' }, /no strategy "ambsh"\. It takes one of random, .* Did you mean ambush\?/],
    [{ thresholds: ['ok>1', 'fast'] }, /threshold .* is no comparison/],
  ])('%j', (values, said) => {
    const refused = refusalOf(values);
    if (said === null) expect(refused).toBe(null);
    else expect(`${refused?.why} ${refused?.advice}`).toMatch(said);
  });
});
