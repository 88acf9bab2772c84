/** A seed means what it meant when the histories were recorded; a change of that raises the engine's generation. */
import { describe, expect, it } from 'vitest';
import { SCENARIOS } from '../../runner/scenarios/registry.ts';
import { STRATEGIES } from '../../runner/sim/strategies/index.ts';
import { engineVersions } from '../../runner/versions.ts';
import { ENGINE_GENERATION, FAULT_PROFILES } from '../../server/contract/index.ts';
import { cityGround } from '../helpers/city-ground.ts';
import { executed } from '../helpers/execute.ts';
import {
  assertAsRecorded,
  canonical,
  complaint,
  decidedBySeed,
  executedCase,
  type Hashes,
  historyCases,
  historyHashOf,
  type RecordedHistories,
} from '../helpers/recorded-histories.ts';

describe('the recorded histories', () => {
  const ground = cityGround();

  it('are those of this generation', async () => {
    const found: Hashes = {};
    for (const each of historyCases('few'))
      found[each.name] = await historyHashOf(each, ground.url, ground.cities);
    assertAsRecorded(found, 'few');
    // Three quarters of a minute on two cores with nothing beside, several with other work.
  }, 400_000);

  it('have what the gate makes of deadlocks', async () => {
    const met: unknown[] = [];
    for (const each of historyCases('few').filter(({ service }) => service !== undefined)) {
      for (const seed of each.seeds) {
        const { events } = await executedCase(each, seed, ground.url, ground.cities);
        met.push(...events.filter(({ data }) => data['what'] === 'deadlock'));
      }
    }
    expect(met.length).toBeGreaterThanOrEqual(5);
  });

  it('cover every scenario, target, strategy and profile', () => {
    const short = historyCases('few');
    const names = [...short, ...historyCases('many')].map(({ name }) => name);
    for (const { name: scenario } of SCENARIOS)
      for (const target of ['memory', 'postgres']) {
        const own = short.filter((each) => each.scenario === scenario && each.target === target);
        for (const { name } of STRATEGIES) expect(own.map(({ config }) => config.strategy)).toContain(name);
        for (const faults of FAULT_PROFILES) {
          expect(own.map(({ config }) => config.faults)).toContain(faults);
          for (const { name } of STRATEGIES)
            expect(names).toContain(`${scenario}@${target} ${name} ${faults}`);
        }
        expect(own.filter(({ config }) => config.bug).length).toBeGreaterThanOrEqual(3);
      }
    expect(new Set(short.map(({ name }) => name)).size).toBe(short.length);
  });
});

describe('what is recorded of a history', () => {
  it('is no wall time, no version, no setting and no cost, but all else', async () => {
    const { events } = await executed({ target: 'memory', seed: 1, config: { operations: 20 } });
    const [start, second] = events;
    const end = events.at(-1);
    expect(end?.data).toHaveProperty('checking');
    expect(canonical(decidedBySeed(end as never))).not.toContain('"checking"');
    expect(canonical(decidedBySeed(end as never))).toContain('"neverReached"');
    expect(start?.data['versions']).toEqual(engineVersions());
    expect(engineVersions()['generation']).toBe(String(ENGINE_GENERATION));
    expect(Object.keys(decidedBySeed(start as never) as object)).not.toContain('at');
    const text = canonical(decidedBySeed(start as never));
    for (const left of ['versions', 'config']) expect(text).not.toContain(`"${left}"`);
    for (const kept of ['"seed":1', '"slots":[']) expect(text).toContain(kept);
    expect(JSON.parse(canonical(decidedBySeed(second as never)))).toEqual({ ...second, at: undefined });
  });

  it('is told with the generation in the bundle of a failure too', async () => {
    const config = { operations: 300, bug: 'check-then-insert' };
    const { end } = await executed({ target: 'memory', seed: 3, config });
    expect(end.failForensic?.versions).toEqual(engineVersions());
  });

  it('goes by no order of keys', () => {
    expect(canonical({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
  });
});

describe('a complaint', () => {
  const recorded: RecordedHistories = { generation: 4, hashes: { few: { a: '1', b: '2' }, many: {} } };
  const said = (found: Hashes, generation = 4) => complaint(recorded, found, 'few', generation);

  it('is none when all is as recorded', () => {
    expect(said({ a: '1', b: '2' })).toBeNull();
  });

  it('names what differs, or is gone, and says to raise the generation', () => {
    const what =
      /^A seed means something else than at the recorded generation 4: b\. If that is meant, raise ENGINE_GENERATION in \S+ to 5 and record the histories anew with `npm run histories:record`/;
    expect(said({ a: '1', b: '3' })).toMatch(what);
    expect(said({ a: '1' })).toMatch(what);
  });

  it('asks for what is new, and for a record of a raised generation', () => {
    expect(said({ a: '1', b: '2', c: '3' })).toMatch(
      /^No history is recorded for c: .* the generation stays/,
    );
    expect(said({ a: '7', b: '8' }, 5)).toMatch(/generation is 5, and the histories .* are of generation 4/);
    expect(complaint(null, {}, 'few', 5)).toMatch(/^No histories are recorded/);
  });
});
