/** Looks for leases that ran out: runs and shards whose runner or claimant is gone go to others. */
import { CAMPAIGN_LEASE_SECONDS } from './contract/index.ts';
import { errorCode, type Sql } from './db/client.ts';
import { reapLost } from './db/runs.ts';
import { reapShards } from './db/shards.ts';
import type { Log } from './process-edge.ts';

const REAP_EVERY_MS = 1_000;
/** Nobody could renew the lease of a shard while no server was there, or the machine slept: each is as long as ever then. */
const MISSED_MS = 5_000;

/** `changed` is told of each campaign that has changed by it. */
export function keepReaping(
  sql: Sql,
  log: Log,
  changed: (campaign: string) => void,
): { stop(): Promise<void> } {
  let work: Promise<void> = Promise.resolve();
  let busy = false;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let heedsShardsAtMs = 0;
  async function reap(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - lookedAtMs > MISSED_MS) heedsShardsAtMs = nowMs + CAMPAIGN_LEASE_SECONDS * 1_000;
    lookedAtMs = nowMs;
    try {
      for (const runId of await reapLost(sql))
        log.warn({ runId }, 'a run lost its runner: it is queued again, or ended');
      const isHeeded = nowMs >= heedsShardsAtMs;
      for (const campaign of await reapShards(sql, isHeeded)) changed(campaign);
    } catch (error) {
      log.warn({ code: errorCode(error) }, 'cannot look for lost runs and shards just now');
    } finally {
      busy = false;
    }
  }
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    work = reap();
  }, REAP_EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await work;
    },
  };
}
