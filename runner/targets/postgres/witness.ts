/**
 * A transaction that is open beside those of a serializable run and does nothing. PostgreSQL judges whether two
 * serializable transactions overlapped by the oldest transaction that ran anywhere on the server, and forgets
 * what finished ones have read by the same measure: so what goes on beside a run (telemetry, autovacuum, another
 * run) would decide whether one of its transactions fails. While this one is open it is older than all of the
 * run, and the measure the same every time.
 */
import type postgres from 'postgres';
import { connectOne, type Place } from './connection.ts';

export class Witness {
  readonly #client: postgres.Sql;

  constructor(place: Place) {
    this.#client = connectOne(place, 'simcity-witness', { default_transaction_isolation: 'read committed' });
  }

  /** Begins anew, while none of the run's transactions is open, so that what has finished can be forgotten. */
  async renew(): Promise<void> {
    await this.#client.unsafe('rollback');
    await this.#client.unsafe('begin');
    await this.#client.unsafe('select pg_current_xact_id()');
  }

  async close(): Promise<void> {
    await this.#client.end({ timeout: 1 });
  }
}
