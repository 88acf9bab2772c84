/** Row 36: whoever may read can ask for what is dear, and holds up neither the harnesses nor the probes. */
import { afterAll, beforeAll, expect } from 'vitest';
import { API_BASE, apiPath } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { eventsFrom, FakeHarness, launch } from '../helpers/server.ts';
import type { DearReads } from './fixtures/dear-reads.ts';
import { attack, statusesOf, wordsOf } from './support/attacker.ts';
import { ChaosDatabase } from './support/database.ts';
import { Pace, quantile } from './support/latency.ts';
import { serve } from './support/parts.ts';
import { row } from './support/row.ts';
import { until } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

const EVENTS = 300_000;
const FAILED = 300;
const READERS = 40;
const STREAMS = 40;
const ATTACK_MS = 30_000;
/** Of fewer batches the p99 would be the slowest of two or three. */
const FEWEST_BATCHES = 300;
const READER = 'reader-secret-0123456789';

/** A history of bookings and cancellations as one statement, with a snapshot after every tenth event. */
async function storeLongHistory(sql: Sql, runId: string): Promise<void> {
  await sql`
    insert into simcity_run_events (run_id, idx, at, virtual_ms, type, actor, data)
    select ${runId}, i, timestamptz '2026-01-01' + i * interval '1 ms', i / 2.0,
      case when i = 0 then 'start' else (array['book.invoke', 'book.ok', 'cancel.invoke', 'cancel.ok'])[(i - 1) % 4 + 1] end,
      'citizen-' || i % 97,
      case when i = 0 then (select json_build_object('slots', json_agg(
          json_build_object('id', 'slot-' || s, 'capacity', 4, 'open', true))) from generate_series(0, 199) s)
        else json_build_object('op', (i - 1) / 2, 'slot', 'slot-' || (i - 1) / 4 % 200, 'booking', 'booking-' || (i - 1) / 4) end
    from generate_series(0, ${EVENTS - 1}) i`;
  await sql`
    insert into simcity_run_snapshots (run_id, idx, at, metrics)
    select ${runId}, i, timestamptz '2026-01-01' + i * interval '1 ms', json_build_object('bookings', i)
    from generate_series(0, ${EVENTS - 1}, 10) i`;
  await sql`update simcity_runs set next_index = ${EVENTS}, status = 'STOPPED' where id = ${runId}`;
}

/** Copies of a run that failed, each with a bundle of some 100 kB, as a harness writes it. */
async function storeFailures(sql: Sql, runId: string): Promise<void> {
  const forensic = { kind: 'linearizability', message: 'x', history: eventsFrom(0, 700) };
  await sql`
    insert into simcity_runs (id, scenario, target, seed, config, status, pass, fail_forensic, campaign, reproduce)
    select (left(${runId}, 24) || lpad(to_hex(i), 12, '0'))::uuid, scenario, target, i, config, 'FAIL', false,
      ${JSON.stringify(forensic)}::text::jsonb, 'dear', reproduce
    from simcity_runs, generate_series(1, ${FAILED}::int) i where id = ${runId}`;
}

row(
  {
    row: 36,
    fault: `one token to read with the dearest queries, ${READERS} at once, and ${STREAMS} streams`,
    target: 'readyz stays 200; ingest p99 ≤ 250 ms',
  },
  async (row) => {
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    // Launched while nobody needs a token yet.
    const open = await serve(row, databaseUrl);
    const { id: runId } = await launch(open.url);
    const harness = new FakeHarness(open.url, (await launch(open.url)).id);
    await open.stop();
    await storeLongHistory(sql, runId);
    await storeFailures(sql, runId);
    await sql`analyze`;
    const server = await serve(row, databaseUrl, {
      env: { SIMCITY_TOKENS: `reader:read:${READER}`, SIMCITY_LOG_LEVEL: 'warn' },
    });
    harness.base = server.url;
    await harness.claim(sql, 600);
    const send = async () => expect((await harness.send(5)).status, 'a batch is stored').toBe(200);
    for (let warm = 0; warm < 50; warm++) await send();
    const data: DearReads = {
      url: server.url,
      token: READER,
      readers: READERS,
      paths: {
        'the city at the end': apiPath.state(runId),
        'cities along the way': `${apiPath.state(runId)}?at=$`,
        events: `${apiPath.events(runId)}?from=$&limit=10000`,
        'thinned snapshots': `${apiPath.snapshots(runId)}?every=3&limit=10000`,
        snapshots: `${apiPath.snapshots(runId)}?from=$&limit=10000`,
        'lists of failures': `${API_BASE}/runs?limit=200&status=FAIL`,
        'a campaign of failures': `${API_BASE}/runs?limit=200&campaign=dear`,
        'a run by the end of its id': apiPath.run('ffffff'),
        metrics: '/metrics',
      },
      stream: { path: apiPath.stream(runId), readers: STREAMS },
    };
    const attacker = attack(row, 'dear-reads.ts', data);
    const unready: string[] = [];
    const probes = new Pace(100, async () => {
      const answer = await fetch(`${server.url}/readyz`);
      const text = await answer.text();
      if (answer.status !== 200) unready.push(text);
    });
    const ingest = new Pace(10, send);
    const begun = performance.now();
    await until('the attack is over', ATTACK_MS * 2, () => performance.now() - begun > ATTACK_MS);
    const [stored, probed] = await Promise.all([ingest.stop(), probes.stop()]);
    const report = await attacker.end();
    row.say(`${EVENTS} events, ${FAILED} failed runs; for ${ATTACK_MS / 1_000} s: ${wordsOf(report)}`);
    row.reach(
      `p50 ${Math.round(quantile(stored, 0.5))} ms of ${stored.length} batches; readyz ${probed.length} × 200, p99 ${Math.round(quantile(probed, 0.99))} ms`,
    );
    expect(unready, 'answers of readyz').toEqual([]);
    for (const status of statusesOf(report)) expect([200, 404, 429, 503], wordsOf(report)).toContain(status);
    expect(stored.length, 'batches that were stored').toBeGreaterThanOrEqual(FEWEST_BATCHES);
    row.time('ingest p99', quantile(stored, 0.99), 250);
  },
);
