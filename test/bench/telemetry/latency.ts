/** From the commit of an event to its receipt by a subscriber, at 1,000 events a second, on a real server and database. */
import { setTimeout as delay } from 'node:timers/promises';
import { apiPath } from '../../../server/contract/index.ts';
import { startTestPostgres } from '../../helpers/postgres.ts';
import { openReader, sentNow } from './event-reader.ts';
import { startPart } from './processes.ts';
import { claimedRun, eventsOf, TOKEN } from './runs.ts';

const SECONDS = 10;
const EVERY_MS = 10;
const RATE = 1_000;

export async function latency(): Promise<string> {
  const postgres = await startTestPostgres();
  const url = await postgres.createDatabase();
  const server = await startPart('server', { DATABASE_URL: url });
  const sinceSent: number[] = [];
  const reader = { current: null as ReturnType<typeof openReader> | null };
  try {
    const runId = await claimedRun(postgres.open(url));
    const base = server.url + apiPath.stream(runId);
    /** When the last event of each batch was received, by its index. */
    const receivedAt = new Map<number, number>();
    let seen = -1;
    reader.current = openReader(base, (ms) => {
      seen += 1;
      sinceSent.push(ms);
      receivedAt.set(seen, performance.now());
    });
    while (!reader.current.connected) await delay(5);
    const answeredAt = new Map<number, number>();
    const begun = performance.now();
    // One batch under way at a time, as a harness does it: it carries whatever has become due meanwhile.
    let sent = 0;
    for (let elapsedMs = 0; elapsedMs < SECONDS * 1_000; elapsedMs = performance.now() - begun) {
      const due = Math.floor((elapsedMs * RATE) / 1_000) - sent;
      if (due > 0) {
        const answered = await send(server.url, runId, sent, due);
        sent += due;
        answeredAt.set(sent - 1, answered);
      }
      await delay(Math.max(0, EVERY_MS - (performance.now() - begun - elapsedMs)));
    }
    const elapsed = performance.now() - begun;
    while (receivedAt.size < sent) await delay(5);
    // What was received before the answer to the commit came has waited for nothing.
    const sinceCommit = [...answeredAt].map(([last, at]) =>
      Math.max(0, (receivedAt.get(last) as number) - at),
    );
    const rate = Math.round((sinceSent.length * 1_000) / elapsed);
    return [
      `Latency at ${rate} events/s in ${answeredAt.size} batches; ${reader.current.gaps} gaps`,
      `  from the answer that says committed to the receipt: p50 ${quantile(sinceCommit, 0.5)}, p99 ${quantile(sinceCommit, 0.99)} ms`,
      `  from before the batch was sent, its commit included: p50 ${quantile(sinceSent, 0.5)}, p99 ${quantile(sinceSent, 0.99)} ms`,
    ].join('\n');
  } finally {
    reader.current?.socket.destroy();
    await server.stop();
    await postgres.close();
  }
}

/** Resolves with the time at which the answer came. */
async function send(base: string, runId: string, from: number, count: number): Promise<number> {
  const sent = sentNow();
  const events = eventsOf(from, count).map((event) => ({ ...event, data: { sent, ...event.data } }));
  const answer = await fetch(base + apiPath.telemetry(runId), {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ events }),
  });
  const answered = performance.now();
  if (answer.status !== 200) throw new Error(await answer.text());
  await answer.arrayBuffer();
  return answered;
}

function quantile(values: number[], share: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(1);
}
