/**
 * The process that outlives SimCity when it is killed: it is told at its start what there is to clear away, and does
 * so when the other end of its stdin is gone. Told "over", it has nothing to do.
 */
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { connectOne } from '../../postgres/connection.ts';
import { type JanitorOrder, janitorOrderSchema } from './janitor-order.ts';
import { clear, endKeeper } from './sweep.ts';

/** Ten seconds after SimCity nothing of it is there any more. Where the database is away so long, the next run sweeps. */
const PATIENCE_MS = 8_000;
const AGAIN_AFTER_MS = 200;

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);

let order: JanitorOrder | null = null;
let isOver = false;
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'over') isOver = true;
  else order = janitorOrderSchema.parse(JSON.parse(line));
}
if (order !== null && !isOver) await cleared(order);

/** As often as it takes, within its patience. */
async function cleared({ url, database, id, folder }: JanitorOrder): Promise<void> {
  if (folder !== null) await rm(folder, { recursive: true, force: true });
  const untilMs = performance.now() + PATIENCE_MS;
  while (performance.now() < untilMs) {
    const sql = connectOne({ url, database }, 'simcity-janitor');
    try {
      await endKeeper(sql, id);
      await clear(sql, id);
      return;
    } catch {
      await delay(AGAIN_AFTER_MS);
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
}
