/** Hears from the database what other servers committed, and tells the hub. */
import { connect } from '../db/client.ts';
import type { Log } from '../process-edge.ts';
import type { Hub } from './hub.ts';

const RETRY_MS = 1_000;

/**
 * Listens on a connection of its own, which is made again when it breaks; each time it is made,
 * everybody is woken, since something may have been missed. Subscribers poll besides, so this only
 * makes them quicker.
 */
export function listenForRuns(databaseUrl: string, hub: Hub, log: Log): { close(): Promise<void> } {
  const sql = connect(databaseUrl, { max: 1, name: 'simcity-server-listen' });
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  async function listen(): Promise<void> {
    try {
      await sql.listen(
        'simcity_run',
        (runId) => hub.wake(runId),
        () => hub.wakeAll(),
      );
    } catch (error) {
      if (closed) return;
      log.warn({ err: error }, 'cannot listen for notifications; subscribers are served by polling');
      timer = setTimeout(() => void listen(), RETRY_MS);
    }
  }

  void listen();
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await sql.end({ timeout: 1 });
    },
  };
}
