/** Whether this server can do its work just now, and what is in the way. */
import { isLate, withinTime } from './contract/within-time.ts';
import type { Sql } from './db/client.ts';
import { isUnreachable } from './db/client.ts';
import type { DatabaseDisk } from './db/disk.ts';
import { listMigrations, type Migration, readMigrations } from './db/migrate.ts';
import type { StandbyWatch } from './db/standby.ts';
import { StartupError } from './startup-error.ts';
import type { Notifications } from './stream/notify.ts';

const ANSWER_WITHIN_MS = 2_000;
/** A listener that is made again meanwhile is nothing to take a server out of service for. */
const LISTENER_LOST_MS = 5_000;

export class Readiness {
  readonly #sql: Sql;
  readonly #disk: DatabaseDisk;
  readonly #notifications: Pick<Notifications, 'lostForMs'>;
  readonly #standby: Pick<StandbyWatch, 'isMissing'>;
  #asked: Promise<string[]> | null = null;
  #own: Migration[] | null = null;

  constructor(
    sql: Sql,
    disk: DatabaseDisk,
    notifications: Pick<Notifications, 'lostForMs'>,
    standby: Pick<StandbyWatch, 'isMissing'>,
  ) {
    this.#sql = sql;
    this.#disk = disk;
    this.#notifications = notifications;
    this.#standby = standby;
  }

  /** What is in the way, a sentence each; none: it is ready. Anybody may ask: who does so at once gets one answer. */
  problems(): Promise<string[]> {
    this.#asked ??= this.#look().finally(() => {
      this.#asked = null;
    });
    return this.#asked;
  }

  async #look(): Promise<string[]> {
    const database = await this.#databaseProblem();
    const lostSeconds = Math.round(this.#notifications.lostForMs / 1_000);
    const listener =
      this.#notifications.lostForMs > LISTENER_LOST_MS
        ? [
            `the connection that listens for the commits of other servers has been lost for ${lostSeconds} s (a transaction pooler in DATABASE_URL does not carry LISTEN)`,
          ]
        : [];
    return [...(database === null ? [] : [database]), ...listener];
  }

  async #databaseProblem(): Promise<string | null> {
    try {
      const { pending } = await withinTime(this.#migrations(), ANSWER_WITHIN_MS);
      if (pending.length === 0) return await this.#standbyProblem();
      return `${pending.length} migration(s) of the database are missing: ${pending.join(', ')} (simcity migrate)`;
    } catch (error) {
      if (isLate(error)) return `the database did not answer within ${ANSWER_WITHIN_MS} ms`;
      if (error instanceof StartupError) return error.message;
      if (!isUnreachable(error)) return 'the database cannot be used; the log says why';
      return AWAY[this.#disk.whyAway ?? 'unknown'];
    }
  }

  async #standbyProblem(): Promise<string | null> {
    const isMissing = await withinTime(this.#standby.isMissing(), ANSWER_WITHIN_MS);
    return isMissing
      ? 'commits wait for a synchronous standby of the database that does not answer (synchronous_standby_names)'
      : null;
  }

  async #migrations(): Promise<{ pending: string[] }> {
    this.#own ??= await readMigrations();
    return listMigrations(this.#sql, this.#own);
  }
}

const AWAY = {
  full: 'the disk of the database is full',
  'said-full': 'the database cannot be reached, and the last it said was that its disk is full',
  unknown: 'the database cannot be reached',
};
