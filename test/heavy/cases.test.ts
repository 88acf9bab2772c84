import { describe, expect, it } from 'vitest';
import { loadModules } from '../../runner/modules/load-modules.ts';
import { CASES, type Case } from '../fixtures/cases.ts';
import { cityGround } from '../helpers/city-ground.ts';
import { executed } from '../helpers/execute.ts';

/** By so many seeds each wrong service is found. */
const SEEDS = 10;
/** Few objects and citizens, so that they meet. */
const CONFIG = { stays: { operations: 200 }, tickets: { operations: 300, slots: 2, citizens: 12 } } as const;
const SEEDS_OF_RIGHT = 2;

describe('services with the faults of public reports', () => {
  const ground = cityGround();

  async function ran({ scenario }: Case, service: string, seed: number) {
    const file = new URL(service, new URL('../fixtures/cases.ts', import.meta.url)).pathname;
    await loadModules({ target: file, scenario: null, adapter: null });
    const target = `module:./${service.split('/').at(-1)}`;
    const config = CONFIG[scenario];
    const { end } = await executed({ scenario, target, seed, config }, ground.url, ground.cities);
    return end;
  }

  it.each(CASES)('$kind: $wrong is found', async (of) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { status, failForensic } = await ran(of, of.wrong, seed);
      if (status !== 'FAIL') continue;
      expect(of.invariants).toContain(failForensic?.invariant);
      return;
    }
    expect.fail(`No seed up to ${SEEDS} finds it.`);
  });

  it.each([...new Map(CASES.map((of) => [of.right, of])).values()])('$right passes', async (of) => {
    for (let seed = 1; seed <= SEEDS_OF_RIGHT; seed++)
      expect(await ran(of, of.right, seed), `seed ${seed}`).toMatchObject({ status: 'PASS' });
  });
});
