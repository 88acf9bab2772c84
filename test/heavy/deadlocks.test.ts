/**
 * Right services that deadlock often are never accused, over 300 seeds each. SIMCITY_HEAVY multiplies the
 * number of seeds, which takes about a quarter of a minute a service on two idle cores.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { campaign } from '../../runner/campaign/campaign.ts';
import { StopControl } from '../../runner/harness/stop-control.ts';
import { runConfigSchema, type SeedFailure } from '../../server/contract/index.ts';
import { decided } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { CROWDED, executedService, labelOf, modulesFor } from '../helpers/sql-services.ts';

const SEEDS = Math.ceil(300 * Number(process.env['SIMCITY_HEAVY'] ?? 1));
/** Every so many-th seed is executed twice more, and its histories compared: four of them, since not every seed deadlocks. */
const SAMPLE = Math.ceil(SEEDS / 4);

let database: TestPostgres;
let url: string;

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
});
afterAll(() => database.close());

describe.each([
  'opposite-orders',
  'ring-of-rows',
  'ring-of-advisory-locks',
  'checks-at-commit',
  'savepoints',
])('%s', (name) => {
  it(`passes every one of ${SEEDS} seeds`, async () => {
    const through: number[] = [];
    const failures: SeedFailure[] = [];
    await campaign({
      subject: {
        scenario: 'bookings',
        target: labelOf(name),
        config: runConfigSchema.parse(CROWDED),
        targetUrl: url,
        modules: modulesFor(name),
      },
      seeds: [[1, SEEDS]],
      parallel: 2,
      signal: new StopControl(),
      threadFile: new URL('../../dist/worker.js', import.meta.url),
      onThrough: (said) => {
        through.push(...said.seeds);
        failures.push(...said.failures);
      },
    });
    expect(failures).toEqual([]);
    expect(through).toHaveLength(SEEDS);
  }, 1_800_000);

  it('has one history a seed, with deadlocks in it', async () => {
    let deadlocks = 0;
    for (let seed = SAMPLE; seed <= SEEDS; seed += SAMPLE) {
      const { events } = await executedService(name, seed, CROWDED, url);
      const again = await executedService(name, seed, CROWDED, url);
      expect(decided(again.events), `seed ${seed}`).toEqual(decided(events));
      deadlocks += events.filter(({ data }) => data['what'] === 'deadlock').length;
    }
    if (name !== 'savepoints') expect(deadlocks).toBeGreaterThan(0);
  });
});
