/** A run whose harness is lost is told with the command that every other failure of it would be told with. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiPath, reproduceCommand, runSchema } from '../../server/contract/index.ts';
import type { RunningServer } from '../../server/server.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { call, FakeHarness, launch, startTestServer } from '../helpers/server.ts';

let postgres: TestPostgres;
let databaseUrl: string;
let server: RunningServer;
beforeAll(async () => {
  postgres = await startTestPostgres();
  databaseUrl = await postgres.createDatabase();
  server = await startTestServer(databaseUrl);
});
afterAll(async () => {
  await server.stop();
  await postgres.close();
});

test('the command is composed at the launch, with every setting that differs from the default', async () => {
  const run = await launch(server.url, {
    target: 'memory',
    seed: 7,
    config: { operations: 50, bug: 'lost-cancel', thresholds: ['p95_latency_ms<50'] },
  });
  const sql = postgres.open(databaseUrl);
  await new FakeHarness(server.url, run.id).claim(sql, 0.001);
  const [ended] = await sql`
    select simcity_end_run(${run.id}, null, 'FAIL', 'the lease ran out',
      simcity_harness_forensic(${run.id}, 'harness-lost', 'the lease ran out')) as ended`;
  // The server's own reaper may have been faster, with the same bundle.
  expect(typeof ended?.['ended']).toBe('boolean');
  const { failForensic } = runSchema.parse((await call(server.url, 'GET', apiPath.run(run.id))).body);
  expect(failForensic?.reproduce).toBe(reproduceCommand(run));
  expect(failForensic?.reproduce).toBe(
    "npx simcity run --target memory --seed 7 --operations 50 --bug lost-cancel --threshold 'p95_latency_ms<50'",
  );
});
