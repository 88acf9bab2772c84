/**
 * The connection from which the databases of a stage come and go. As long as it is there, others take them for in
 * use; where it breaks, it is opened again at once.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type postgres from 'postgres';
import { maskCredentials } from '../../../../server/contract/index.ts';
import { refuseTransactionPooler } from '../../../pooler.ts';
import { sqlState } from '../../../service/sql-service.ts';
import { connectOne } from '../../postgres/connection.ts';
import type { Names } from './names.ts';
import { reasonOf } from './reason.ts';

/** Nobody is asked at every moment whether the server is back. */
const AGAIN_AFTER_MS = 100;
/** What has to survive the end of the server is made by others. */
const FAST = { synchronous_commit: 'off' };
/** No such database, and none that this role may enter. */
const NOT_THERE = new Set(['3D000', '28000', '42501']);
/** On every server there is this one, and nobody makes copies of it. */
const COMMON_DATABASE = 'postgres';

export function cannotConnect(url: string, error: unknown): Error {
  return new Error(
    `The gate cannot connect to ${maskCredentials(url)}: ${reasonOf(error)}. Start that server, or name another database with --gate.`,
    { cause: error },
  );
}

export class Keeper {
  readonly sql: postgres.Sql;
  /** The database that it is connected to; null: that of the URL. */
  readonly database: string | null;
  #isOver = false;
  #comesBack = false;

  private constructor(url: string, database: string | null, { keeper }: Names) {
    this.database = database;
    this.sql = connectOne({ url, database }, keeper, FAST, () => void this.#comeBack());
  }

  /**
   * In the database of the URL, or, where that is to be copied, in another one of its server: who copies a database
   * has to be alone there.
   * @throws Error that says what to do when the server cannot be reached, or does not let anybody in.
   */
  static async open(url: string, names: Names, beside: boolean): Promise<Keeper> {
    try {
      // Whoever goes on to use a database that is not there says so.
      await refuseTransactionPooler(url).catch((error: unknown) => {
        if (!NOT_THERE.has(sqlState(error) ?? '')) throw error;
      });
      if (!beside) return await Keeper.#at(url, null, names);
      return await Keeper.#at(url, COMMON_DATABASE, names).catch((error: unknown) => {
        if (!NOT_THERE.has(sqlState(error) ?? '')) throw error;
        return Keeper.#at(url, null, names);
      });
    } catch (error) {
      throw cannotConnect(url, error);
    }
  }

  static async #at(url: string, database: string | null, names: Names): Promise<Keeper> {
    const keeper = new Keeper(url, database, names);
    try {
      await keeper.sql`select 1`;
      return keeper;
    } catch (error) {
      await keeper.close();
      throw error;
    }
  }

  async #comeBack(): Promise<void> {
    if (this.#comesBack) return;
    this.#comesBack = true;
    while (!this.#isOver) {
      const isBack = await this.sql`select 1`.then(
        () => true,
        () => false,
      );
      if (isBack) break;
      await delay(AGAIN_AFTER_MS, undefined, { ref: false });
    }
    this.#comesBack = false;
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.sql.end({ timeout: 0 });
  }
}
