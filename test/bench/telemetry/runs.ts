/** Runs to send telemetry to, and the events that a harness would send. */
import { createHash } from 'node:crypto';
import type { Sql } from '../../../server/db/client.ts';
import { newRunId } from '../../../server/runs/run-id.ts';

export const TOKEN = 'bench';
export const TOKEN_HASH = createHash('sha256').update(TOKEN).digest();

/** Launched and claimed, for who holds TOKEN. */
export async function claimedRun(sql: Sql): Promise<string> {
  const id = newRunId();
  await sql`insert into simcity_runs (id, scenario, target, seed) values (${id}, 'bookings', 'memory', 1)`;
  await sql`select simcity_claim_run('bench', 86400, ${TOKEN_HASH}, ${id})`;
  return id;
}

const START_MS = Date.parse('2026-01-01T00:00:00.000Z');

/** About 380 bytes, as events of `bookings` are. */
export function eventOf(index: number) {
  return {
    index,
    at: new Date(START_MS + index).toISOString(),
    virtualMs: index / 4,
    type: index % 2 ? 'book.ok' : 'book.invoke',
    actor: `citizen-${String(index % 40).padStart(3, '0')}`,
    data: {
      op: index >> 1,
      slot: `slot-${String(index % 12).padStart(3, '0')}`,
      key: `k-${index}-${(index * 2_654_435_761) % 4_294_967_296}`,
      booking: `b-${index}`,
      attempt: 1,
      latencyMs: (index % 70) / 10,
      seats: { capacity: 20, active: index % 20, waiting: [] },
      note: 'what a service says of it, in as many words as it usually takes',
    },
  };
}

export const eventsOf = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => eventOf(from + i));
