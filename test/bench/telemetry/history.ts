/** A page of 1,000 events over HTTP from the start, the middle and the end of a long history. */
import { apiPath } from '../../../server/contract/index.ts';
import { startTestPostgres } from '../../helpers/postgres.ts';
import { median } from '../measure.ts';
import { startPart } from './processes.ts';
import { claimedRun } from './runs.ts';

const ROWS = Number(process.env['SIMCITY_BENCH_ROWS'] ?? 10_000_000);
const STEP = 1_000_000;
const PAGE = 1_000;
const ROUNDS = 60;

export async function history(): Promise<string> {
  const postgres = await startTestPostgres();
  const url = await postgres.createDatabase();
  const sql = postgres.open(url);
  const server = await startPart('server', { DATABASE_URL: url });
  try {
    const runId = await claimedRun(sql);
    for (let from = 0; from < ROWS; from += STEP) {
      await sql`insert into simcity_run_events (run_id, idx, at, virtual_ms, type, actor, data)
        select ${runId}, i, timestamptz '2026-01-01' + i * interval '1 ms', i / 4.0, 'book.ok', 'citizen-' || i % 40,
          json_build_object('op', i / 2, 'slot', 'slot-' || i % 12, 'booking', 'b-' || i, 'latencyMs', i % 70 / 10.0,
            'note', 'what a service says of it, in as many words as it usually takes')
        from generate_series(${from}::bigint, ${Math.min(ROWS, from + STEP) - 1}::bigint) as i`;
    }
    await sql`update simcity_runs set next_index = ${ROWS} where id = ${runId}`;
    await sql`vacuum analyze simcity_run_events`;
    const places = { start: 0, middle: Math.floor(ROWS / 2), end: ROWS - PAGE };
    const times = new Map<string, number[]>(Object.keys(places).map((name) => [name, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, from] of Object.entries(places)) {
        const begun = performance.now();
        // Another page each time, near the place.
        const near = name === 'end' ? from - round : from + round;
        const answer = await fetch(
          `${server.url}${apiPath.events(runId)}?from=${Math.max(0, near)}&limit=${PAGE}`,
        );
        await answer.arrayBuffer();
        if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`);
        if (round >= ROUNDS / 6) times.get(name)?.push(performance.now() - begun);
      }
    }
    const start = median(times.get('start') as number[]);
    const lines = [...times].map(
      ([name, all]) =>
        `  ${name.padEnd(8)} median ${median(all).toFixed(2)} ms  ratio ${(median(all) / start).toFixed(2)}`,
    );
    return [
      `A page of ${PAGE} events of a history of ${ROWS.toLocaleString('en')}, over HTTP`,
      ...lines,
    ].join('\n');
  } finally {
    await server.stop();
    await postgres.close();
  }
}
