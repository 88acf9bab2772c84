/** Row 33: seeded schedules of all faults on two servers and three runners, judged by the product's own checkers. */
import { drawSchedule, scheduleText } from './support/composition/schedule.ts';
import { Trials } from './support/composition/trial.ts';
import { row } from './support/row.ts';

const FIRST = Number(process.env['SIMCITY_CHAOS_FIRST_SEED'] ?? 1);
const SEEDS = Number(process.env['SIMCITY_CHAOS_SEEDS'] ?? 20);

row(
  {
    row: 33,
    fault: 'seeded schedules of all faults on two servers and three runners',
    target: 'no acknowledgement, stream or end that no order explains',
    timeoutMs: 60_000 * (SEEDS + 5),
  },
  async (row) => {
    const trials = new Trials(row);
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const steps = drawSchedule(seed);
      const begun = performance.now();
      const { problems, runs, calls } = await trials.run(steps);
      process.stdout.write(
        `seed ${seed}: ${steps.length} steps, ${runs} runs, ${calls} calls, ${Math.round(performance.now() - begun)} ms\n`,
      );
      if (problems.length > 0) process.stdout.write(`${scheduleText(steps)}\n${problems.join('\n')}\n`);
    }
  },
);
