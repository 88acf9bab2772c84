/** Shrinking the known bugs of `stays` and `tickets` within the executions that `simcity shrink` has by default. */
import { describe, expect, it } from 'vitest';
import { BUGS } from '../../server/contract/index.ts';
import { firstFailure, shrunk } from '../helpers/shrinking.ts';

const MOST_OPERATIONS = 6;
const MOST_EXECUTIONS = 5_000;
/** A seed may show a bug by what needs more; one of the first few that find it does not. */
const SEEDS = 3;

describe.each(['stays', 'tickets'])('shrinking the bugs of %s on memory', (scenario) => {
  const bugs = BUGS.filter((bug) => bug.scenario === scenario).map(({ name }) => name);

  it.each(bugs)(
    `%s comes down to at most ${MOST_OPERATIONS} operations`,
    async (bug) => {
      const sizes: number[] = [];
      for (let i = 0, from = 1; i < SEEDS && !sizes.some((size) => size <= MOST_OPERATIONS); i++) {
        const found = await firstFailure(bug, 'memory', null, scenario, from);
        const { trial, reproduced } = await shrunk(found, MOST_EXECUTIONS);
        expect(reproduced).toMatchObject({ times: 20, of: 20 });
        sizes.push(trial.candidate.operations.length);
        from = found.seed + 1;
      }
      expect(Math.min(...sizes)).toBeLessThanOrEqual(MOST_OPERATIONS);
    },
    1_200_000,
  );
});
