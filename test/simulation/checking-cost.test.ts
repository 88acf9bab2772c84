/** What checking a run of `stays` costs, in units that every machine counts alike. */
import { expect, it } from 'vitest';
import type { FAULT_PROFILES } from '../../server/contract/index.ts';
import { executed } from '../helpers/execute.ts';

const SEEDS = 4;

it.each([
  ['none', 0.01],
  ['calm', 0.05],
  ['rough', 0.1],
  ['brutal', 0.4],
] as const)('an answer costs few configurations under %s', async (faults, most) => {
  expect(await configurationsAnAnswer(faults, 300)).toBeLessThan(most);
});

it('an answer costs no more configurations in ten times the run', async () => {
  const short = await configurationsAnAnswer('brutal', 300);
  expect(await configurationsAnAnswer('brutal', 3_000)).toBeLessThan(short * 1.5);
});

async function configurationsAnAnswer(
  faults: (typeof FAULT_PROFILES)[number],
  operations: number,
): Promise<number> {
  const sum = { answers: 0, configurations: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { events } = await executed({
      scenario: 'stays',
      target: 'memory',
      seed,
      config: { operations, faults },
    });
    const checking = events.at(-1)?.data['checking'] as Record<string, typeof sum>;
    const cost = checking['per-object-history'] as typeof sum;
    sum.answers += cost.answers;
    sum.configurations += cost.configurations;
  }
  return sum.configurations / sum.answers;
}
