/** Commits that wait for a synchronous standby (synchronous_standby_names) which does not answer. */
import type { Sql } from './client.ts';

/** For so long one may wait where the standby is there, and busy. */
const AWAITED_SECONDS = 3;
/**
 * Older ones are ended: their requests are answered, and they hold rows and connections. It must be by their end: to
 * cancel such a wait has PostgreSQL say that the commit is done. And not before their requests are answered, for the
 * word of a statement that makes up its own transaction is sent before the wait.
 */
const ENDED_AFTER_SECONDS = 15;

/** After those that waited were ended, others have to wait first. */
const REMEMBERED_MS = 6_000;

export class StandbyWatch {
  readonly #sql: Sql;
  #seenAt = Number.NEGATIVE_INFINITY;

  /** @param sql a connection that no request keeps busy */
  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** True while commits of SimCity's wait for a standby. Those that nobody waits for any more are ended. */
  async isMissing(): Promise<boolean> {
    const waiting = await this.#sql`
      select case when query_start < clock_timestamp() - make_interval(secs => ${ENDED_AFTER_SECONDS})
        then pg_terminate_backend(pid) end
      from pg_stat_activity
      where wait_event = 'SyncRep' and usename = current_user and application_name like 'simcity%'
        and query_start < clock_timestamp() - make_interval(secs => ${AWAITED_SECONDS})`;
    if (waiting.length > 0) this.#seenAt = performance.now();
    return performance.now() - this.#seenAt < REMEMBERED_MS;
  }
}
