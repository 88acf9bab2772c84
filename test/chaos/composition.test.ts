/** Row 33: seeded schedules of all faults on two servers and three runners, judged by the product's own checkers. */
import { expect, it, onTestFinished } from 'vitest';
import type { Strike } from './support/composition/composition.ts';
import { drawSchedule, type Step, scheduleText } from './support/composition/schedule.ts';
import { type Shrunk, shrinkSchedule } from './support/composition/shrink-schedule.ts';
import { strike } from './support/composition/strikes.ts';
import { failsAlike, Trials } from './support/composition/trial.ts';
import { Row, row } from './support/row.ts';

/** So that many seeds can be executed in several parts: the seeds from the first on. */
const FIRST = Number(process.env['SIMCITY_CHAOS_FIRST_SEED'] ?? 1);
const SEEDS = Number(process.env['SIMCITY_CHAOS_SEEDS'] ?? 20);
const SEED_MS = 60_000;
const SHRINK_SECONDS = 300;
/** More that fail are told, and not made small. */
const MOST_SHRUNK = 3;

row(
  {
    row: 33,
    fault: 'schedules of all these faults, drawn from seeds, on two servers and three runners',
    target: 'each acknowledgement and stream is one that an order explains; each run ends once, as it should',
    timeoutMs: SEEDS * SEED_MS + MOST_SHRUNK * 2 * SHRINK_SECONDS * 1_000,
  },
  async (row) => {
    const trials = new Trials(row, strike);
    const failed: string[] = [];
    const total = { steps: 0, runs: 0, calls: 0 };
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const steps = drawSchedule(seed);
      const begun = performance.now();
      const { problems, runs, calls } = await trials.run(steps);
      log(
        `seed ${seed}: ${problems.length === 0 ? 'right' : 'WRONG'}, ${steps.length} steps, ${runs} runs, ${calls} calls, ${Math.round(performance.now() - begun)} ms`,
      );
      total.steps += steps.length;
      total.runs += runs;
      total.calls += calls;
      if (problems.length === 0) continue;
      log(`${scheduleText(steps)}\n${problems.join('\n')}`);
      failed.push(`seed ${seed}: ${problems[0]}`);
      if (failed.length <= MOST_SHRUNK) await shrink(trials, steps, problems);
    }
    row.say(
      `seeds ${FIRST} to ${FIRST + SEEDS - 1}: ${total.steps} launches and faults, ${total.runs} runs, ${total.calls} calls of writers, readers and subscribers`,
    );
    expect(failed).toEqual([]);
  },
);

/** A small schedule; the step of this number is a lie in the place of what its kind does. */
const LIE = 3;
const PLANTED = (['launch-writer', 'cut-streams', 'launch', 'stale-batches', 'launch'] as const).map(
  (kind, number): Step => ({ number, kind, after: number < 3 ? 0 : 20, on: number, ms: 100 }),
);
const lying: Strike = (composition, step) => {
  if (step.number !== LIE) return strike(composition, step);
  // One that has no event, and only says that the harness lives, is nothing to lie about.
  for (const fates of composition.fates) fates.push('lie', 'lie', 'lie', 'lie');
  return null;
};

it('finds that servers acknowledge batches and do not store them, and leaves no step that this does not need', {
  timeout: 600_000,
}, async () => {
  const row = new Row(33);
  onTestFinished(() => row.cleanUp());
  const trials = new Trials(row, lying);
  const { problems } = await trials.run(PLANTED);
  expect(problems[0]).toMatch(/^the history of run .* where it may be/);
  const { steps } = await shrink(trials, PLANTED, problems);
  expect(steps.map(({ number }) => number)).toContain(LIE);
  expect(steps.length).toBeLessThanOrEqual(3);
});

async function shrink(trials: Trials, steps: readonly Step[], problems: readonly string[]): Promise<Shrunk> {
  const fails = async (part: readonly Step[]) => failsAlike((await trials.run(part)).problems, problems);
  const shrunk = await shrinkSchedule(steps, fails, SHRINK_SECONDS);
  log(
    `${shrunk.steps.length} steps left after ${shrunk.executions} executions: ${scheduleText(shrunk.steps)}`,
  );
  return shrunk;
}

function log(text: string): void {
  process.stdout.write(`${text}\n`);
}
