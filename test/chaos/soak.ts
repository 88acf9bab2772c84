/**
 * Row 27: a server under steady load for a long time, whose memory must not grow. `npm run soak`;
 * SIMCITY_SOAK_MINUTES=1440 for the row's own duration, 5 by default.
 */
import { afterAll, beforeAll, expect } from 'vitest';
import { freePort } from '../helpers/folder.ts';
import { FakeHarness, launch, passed } from '../helpers/server.ts';
import { ChaosDatabase } from './support/database.ts';
import { collectGarbage, inspectable } from './support/inspect.ts';
import { assertInvariants } from './support/invariants.ts';
import { serve } from './support/parts.ts';
import { residentBytes } from './support/processes.ts';
import { row } from './support/row.ts';
import { allEnded, subscribe } from './support/subscriber.ts';
import { until } from './support/until.ts';

const MINUTES = Number(process.env['SIMCITY_SOAK_MINUTES'] ?? 5);
const READERS = 200;
const EVENTS_PER_SECOND = 100;
const BATCHES_PER_SECOND = 10;
const SLOPE_LIMIT = 1;
/** Over less than an hour the slope of a line through a few samples is mostly noise: then the growth is judged. */
const JUDGED_FROM_MINUTES = 60;
const GROWTH_LIMIT_PERCENT = 10;

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

interface Sample {
  hours: number;
  mib: number;
}

row(
  {
    row: 27,
    fault: `${MINUTES} minutes of ${READERS} readers and ${EVENTS_PER_SECOND} events a second`,
    target: `memory grows by less than ${SLOPE_LIMIT} MiB an hour`,
    timeoutMs: (MINUTES + 10) * 60_000,
  },
  async (row) => {
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    const inspectorPort = await freePort();
    const server = await serve(row, databaseUrl, { env: inspectable(inspectorPort) });
    const [pid = 0] = server.partPids('server');
    const harness = new FakeHarness(server.url, (await launch(server.url)).id);
    await harness.claim(sql, MINUTES * 60 + 3_600);
    const subscribers = subscribe(READERS, server.url, harness.runId);
    const begun = performance.now();
    const samples: Sample[] = [];
    const sampleEveryMs = Math.max(10_000, (MINUTES * 60_000) / 100);
    let nextSample = begun + 30_000;
    for (let batch = 0; performance.now() - begun < MINUTES * 60_000; batch++) {
      const { status } = await harness.send(EVENTS_PER_SECOND / BATCHES_PER_SECOND);
      expect(status).toBe(200);
      if (performance.now() > nextSample) {
        nextSample += sampleEveryMs;
        await collectGarbage(pid, inspectorPort);
        const sample = { hours: (performance.now() - begun) / 3_600_000, mib: residentBytes(pid) / 2 ** 20 };
        samples.push(sample);
        process.stdout.write(
          `${(sample.hours * 60).toFixed(1)} min: ${sample.mib.toFixed(1)} MiB, event ${harness.next}\n`,
        );
      }
      const due = begun + ((batch + 1) * 1_000) / BATCHES_PER_SECOND;
      // The load's pace, and no wait for something.
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    }
    await until('all have caught up', 60_000, () => subscribers.every(({ next }) => next === harness.next));
    await harness.send(1, { end: passed });
    await allEnded(subscribers, 60_000);
    const events = await assertInvariants(row, { sql, runId: harness.runId, subscribers });
    const slope = slopeOf(samples);
    row.say(
      `${events} events to ${READERS} readers in ${MINUTES} minutes; ${samples.length} samples of memory after a collection`,
    );
    if (MINUTES >= JUDGED_FROM_MINUTES) row.amount('slope', slope, SLOPE_LIMIT, 'MiB/h');
    else {
      row.reach(`slope ${slope.toFixed(1)} MiB/h, judged from ${JUDGED_FROM_MINUTES} minutes`);
      const [first, last] = [samples[0]?.mib ?? 0, samples.at(-1)?.mib ?? 0];
      row.amount('memory', (last / first - 1) * 100, GROWTH_LIMIT_PERCENT, '% more at the end');
    }
  },
);

/** Of the line with the least squares through the samples, in MiB an hour. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [hours, mib] = [mean(samples.map((each) => each.hours)), mean(samples.map((each) => each.mib))];
  const up = samples.reduce((sum, each) => sum + (each.hours - hours) * (each.mib - mib), 0);
  return up / samples.reduce((sum, each) => sum + (each.hours - hours) ** 2, 0);
}
