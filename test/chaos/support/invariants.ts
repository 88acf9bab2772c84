/** The invariants that must hold after every fault: I1 (subscribers), I2 (acknowledged is stored), I3 (one end). */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { LostAttempt } from '../../../server/contract/index.ts';
import type { Sql } from '../../../server/db/client.ts';
import type { Row } from './row.ts';
import type { Subscriber } from './subscriber.ts';

const PAGE = 2_000;

/** The stored history of a run, each event composed as it was sent. */
export async function* storedEvents(
  sql: Sql,
  runId: string,
): AsyncGenerator<{ index: number; json: string }> {
  for (let from = 0; ; from += PAGE) {
    const rows = await sql<
      { idx: number; at: string; ms: number; type: string; actor: string; data: string }[]
    >`
      select idx, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, virtual_ms as ms,
        type, actor, data::text as data
      from simcity_run_events where run_id = ${runId} and idx >= ${from} order by idx limit ${PAGE}`;
    for (const { idx, at, ms, type, actor, data } of rows) {
      const head = `{"index":${idx},"at":"${at}","virtualMs":${ms}`;
      const json = `${head},"type":${JSON.stringify(type)},"actor":${JSON.stringify(actor)},"data":${data}}`;
      yield { index: idx, json };
    }
    if (rows.length < PAGE) return;
  }
}

export interface Observed {
  sql: Sql;
  runId: string;
  subscribers?: readonly Subscriber[];
  /** What the harness was told to be stored, by index. */
  acknowledged?: ReadonlyMap<number, string> | undefined;
}

const AT = /"at":"[^"]*",/;

/** Events below this index were stored by attempts that were lost. */
async function repeatedBelowOf(sql: Sql, runId: string): Promise<number> {
  const [run] = await sql<{ lost: LostAttempt[] }[]>`
    select lost_attempts as lost from simcity_runs where id = ${runId}`;
  return Math.max(0, ...(run?.lost ?? []).map(({ eventIndex }) => eventIndex + 1));
}

/** Checks I1, I2 and I3 of a run that has ended; answers the number of its events. */
export async function assertInvariants(row: Row, observed: Observed): Promise<number> {
  const { sql, runId, subscribers = [], acknowledged } = observed;
  const hash = createHash('sha256');
  let count = 0;
  let ends = 0;
  const missing = new Map(acknowledged ?? []);
  const repeatedBelow = await repeatedBelowOf(sql, runId);
  for await (const { index, json } of storedEvents(sql, runId)) {
    expect(index, 'the stored history has no gap').toBe(count);
    hash.update(`${json}\n`);
    const sent = missing.get(index);
    // What a later attempt sent of it had another time, by which it is not stored again.
    const same = index < repeatedBelow ? (text: string) => text.replace(AT, '') : (text: string) => text;
    if (sent !== undefined && same(sent) !== same(json))
      throw new Error(`I2: event ${index} was sent as ${sent} and is stored as ${json}`);
    missing.delete(index);
    if (/"type":"end"/.test(json)) ends += 1;
    count += 1;
  }
  expect([...missing.keys()], 'I2: acknowledged events that are not stored').toEqual([]);
  const digest = hash.digest('hex');
  for (const [number, subscriber] of subscribers.entries()) {
    expect(subscriber.problems, `I1: subscriber ${number}`).toEqual([]);
    expect(subscriber.others, `I1: subscriber ${number}`).toEqual([]);
    expect(subscriber.next, `I1: events of subscriber ${number}`).toBe(count);
    expect(subscriber.digest(), `I1: content of subscriber ${number}`).toBe(digest);
    expect(subscriber.end, `I1: the end of subscriber ${number}`).not.toBeNull();
  }
  const [run] = await sql<{ status: string; pass: boolean | null; next: number }[]>`
    select status, pass, next_index as next from simcity_runs where id = ${runId}`;
  expect(['PASS', 'FAIL', 'STOPPED'], 'I3').toContain(run?.status);
  expect(run?.next, 'I3: the counted history').toBe(count);
  expect(ends, 'I3: events of type end').toBe(1);
  for (const subscriber of subscribers) expect(subscriber.end?.['status'], 'I3: told').toBe(run?.status);
  const held = [subscribers.length > 0 ? 'I1' : '', acknowledged ? 'I2' : '', 'I3', 'I4'].filter(Boolean);
  const words = `${held.join(', ')} hold`;
  if (!row.reached.includes(words)) row.reach(words);
  return count;
}
