/**
 * Where a city stands: in a database of its own beside the one that was given, because advisory locks, extensions and
 * more belong to a whole database and no two cities may meet in them; where the role may not create databases, in a
 * schema of the given one. Both are gone after the run; the runner drops them when its harness could not.
 */
import type postgres from 'postgres';
import { withinTime } from '../../../server/contract/within-time.ts';
import { refuseTransactionPooler } from '../../pooler.ts';
import { sqlState } from '../../service/sql-service.ts';
import { freshCityName } from './city-name.ts';
import { connectOne, type Place, quoted } from './connection.ts';
import { dropDatabase, dropSchema, sweep } from './left-cities.ts';
import { createLike, installExtensions, likenessOf } from './like-database.ts';

/** The lock of a city that does, in a database that it shares: the first number is SimCity's own. */
const ALONE = [0x51_c1_7e, 1] as const;
/** How often another database is made when a sweeper took one for left behind before its owner had connected to it. */
const TRIES = 3;
const CUT_LIMIT_MS = 2_000;
const DROP_LIMIT_MS = 15_000;
const FAST = { synchronous_commit: 'off' };

export class Ground {
  readonly place: Place;
  /** Its name; it is there and empty. */
  readonly schema: string;
  /** A connection to the city's database, with its schema as the search path. */
  readonly control: postgres.Sql;
  /** A connection to the given database, from which the city comes and goes. */
  readonly #keeper: postgres.Sql;
  #isAlone: boolean;
  #controlPid = 0;

  private constructor(keeper: postgres.Sql, place: Place, schema: string) {
    this.#keeper = keeper;
    this.place = place;
    this.schema = schema;
    this.#isAlone = place.database !== null;
    // A city does not outlive its run, so that nothing of it has to survive the end of the server.
    this.control = connectOne(place, 'simcity-control', { search_path: schema, ...FAST });
  }

  /** `name`: of the city; null: a random one. */
  static async claim(url: string, name: string | null = null): Promise<Ground> {
    await refuseTransactionPooler(url);
    const keeper = connectOne({ url, database: null }, 'simcity-keeper', FAST);
    try {
      await sweep(keeper);
      for (let i = 0; i < TRIES; i++) {
        const ground = await Ground.#inOwnDatabase(keeper, url, name ?? freshCityName());
        if (ground === 'none') break;
        if (ground !== 'swept') return ground;
      }
      return await Ground.#inSchema(keeper, url, name ?? freshCityName());
    } catch (error) {
      await keeper.end({ timeout: 1 });
      throw error;
    }
  }

  static async #inOwnDatabase(
    keeper: postgres.Sql,
    url: string,
    name: string,
  ): Promise<Ground | 'none' | 'swept'> {
    const likeness = await likenessOf(keeper);
    if (!(await createLike(keeper, name, likeness))) return 'none';
    const ground = new Ground(keeper, { url, database: name }, name);
    try {
      await ground.control.unsafe(`create schema ${name}`);
      await ground.#know();
      await installExtensions(ground.control, likeness);
      return ground;
    } catch (error) {
      // A pooler, or the rules of who may connect, may know the given database alone.
      await ground.control.end({ timeout: 1 });
      await dropDatabase(keeper, name).catch(() => {});
      return sqlState(error) === '3D000' ? 'swept' : 'none';
    }
  }

  static async #inSchema(keeper: postgres.Sql, url: string, name: string): Promise<Ground> {
    // Held as long as the connection lasts, it tells a city in use from one left behind.
    await keeper`select pg_advisory_lock(hashtext(${name}))`;
    await keeper.unsafe(`create schema ${name}`);
    const ground = new Ground(keeper, { url, database: null }, name);
    await ground.#know();
    return ground;
  }

  async #know(): Promise<void> {
    const [row] = await this.control`select pg_backend_pid() as pid`;
    this.#controlPid = Number(row?.['pid']);
  }

  /** True when no other city uses what belongs to the whole database. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  /** @throws Error when the city of another run stands in the same database and has asked for the same. */
  async beAlone(): Promise<void> {
    if (this.#isAlone) return;
    const [row] = await this.#keeper`
      select pg_try_advisory_lock(${ALONE[0]}::int, ${ALONE[1]}::int) as mine, current_user as role`;
    if (!row?.['mine']) throw new Error(notAlone(String(row?.['role'])));
    this.#isAlone = true;
  }

  /** Those outside of the city whom the backend `pid` waits for, in words. */
  async strangersBefore(pid: number): Promise<string[]> {
    const rows = await this.#keeper.unsafe(
      `select pid, coalesce(nullif(application_name, ''), backend_type) as name from pg_stat_activity
       where pid = any(pg_blocking_pids($1::int)) and application_name <> 'simcity-city'`,
      [pid],
    );
    return rows.map((row) => `process ${row['pid']} (${row['name']})`);
  }

  /** Ends backends of the run's own, and the control connection, whatever they are waiting for. */
  async cut(pids: readonly number[]): Promise<void> {
    const list = [...pids, this.#controlPid].join(',');
    const ended = this.#keeper.unsafe(
      `select pg_terminate_backend(pid) from unnest(array[${list}]::int[]) as pid`,
    );
    await withinTime(ended, CUT_LIMIT_MS).catch(() => {});
    await this.control.end({ timeout: 0 });
  }

  /** The city is over. Should it not let itself be dropped now, a runner or a later run sweeps it up. */
  async leave(): Promise<void> {
    await this.control.end({ timeout: 1 });
    const { database } = this.place;
    const dropped =
      database === null ? dropSchema(this.#keeper, this.schema) : dropDatabase(this.#keeper, database);
    await withinTime(dropped, DROP_LIMIT_MS).catch(() => {});
    await this.#keeper.end({ timeout: 0 });
  }
}

function notAlone(role: string): string {
  return (
    'The service uses advisory locks or an extension, which belong to a whole database, and the city of another run ' +
    `that does so stands in this one. The role ${role} may not create databases, or each city would have one of its ` +
    'own. Execute one run at a time here (a campaign with --parallel 1), or let it: ' +
    `alter role ${quoted(role)} createdb.`
  );
}
