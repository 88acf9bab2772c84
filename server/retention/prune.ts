/**
 * Removes old runs: first each run, leaving a tombstone, so that no reader begins any more; then history, by
 * dropping the days of which no run is left, and row by row where other runs of the day stay. It can be broken
 * off anywhere: the next one goes on.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { PruneReport, PruneRequest } from '../contract/index.ts';
import type { Sql } from '../db/client.ts';
import {
  countGoing,
  countOldCampaigns,
  dropDay,
  forgetOldTombstones,
  partitionDays,
  purgeSome,
  removeCampaigns,
  retireSome,
  type Selection,
  selectionOf,
  unpurged,
} from '../db/retention.ts';

const RETIRE_RUNS = 200;
const PURGE_ROWS = 10_000;
const PURGE_RUNS = 100;
const DROP_ATTEMPTS = 5;
const DROP_PAUSE_MS = 500;
const LOWEST_ID = '00000000-0000-0000-0000-000000000000';

export async function prune(sql: Sql, request: PruneRequest): Promise<PruneReport> {
  const selection = await selectionOf(sql, request);
  const report = await describe(sql, selection, request.dryRun);
  if (request.dryRun) return report;
  const runs = await retire(sql, selection);
  const daysDropped = await dropDays(sql);
  const rowsRemoved = await purge(sql);
  await forgetOldTombstones(sql);
  const campaigns = await removeCampaigns(sql, selection);
  return { ...report, runs, campaigns, daysDropped, rowsRemoved };
}

async function describe(sql: Sql, selection: Selection, dryRun: boolean): Promise<PruneReport> {
  const counted = await countGoing(sql, selection);
  const times = counted.flatMap(({ oldest, newest }) => [oldest.getTime(), newest.getTime()]);
  const at = (ms: number) => (times.length === 0 ? null : new Date(ms).toISOString());
  return {
    dryRun,
    runs: counted.reduce((sum, { runs }) => sum + runs, 0),
    byStatus: Object.fromEntries(counted.map(({ status, runs }) => [status, runs])),
    events: counted.reduce((sum, { events }) => sum + events, 0),
    oldest: at(Math.min(...times)),
    newest: at(Math.max(...times)),
    campaigns: await countOldCampaigns(sql, selection),
    daysDropped: 0,
    rowsRemoved: 0,
  };
}

async function retire(sql: Sql, selection: Selection): Promise<number> {
  let total = 0;
  let after: string | null = LOWEST_ID;
  while (after !== null) {
    const { retired, last } = await retireSome(sql, selection, after, RETIRE_RUNS);
    total += retired;
    after = last;
  }
  return total;
}

async function dropDays(sql: Sql): Promise<number> {
  let dropped = 0;
  for (const day of await partitionDays(sql)) {
    for (let attempt = 1; attempt <= DROP_ATTEMPTS; attempt++) {
      const outcome = await dropDay(sql, day);
      if (outcome === 'dropped') dropped += 1;
      if (outcome !== 'busy') break;
      // What waits for this drop waits as long as it does, so they get a turn.
      await delay(DROP_PAUSE_MS);
    }
  }
  return dropped;
}

async function purge(sql: Sql): Promise<number> {
  let removed = 0;
  for (let ids = await unpurged(sql, PURGE_RUNS); ids.length > 0; ids = await unpurged(sql, PURGE_RUNS)) {
    for (const id of ids) {
      for (let rows = -1; rows !== 0; removed += rows) rows = await purgeSome(sql, id, PURGE_ROWS);
    }
  }
  return removed;
}
