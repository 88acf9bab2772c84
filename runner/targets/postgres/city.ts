/** The city's tables: built for one run from the service's DDL, and made as good as new for another. */
import type postgres from 'postgres';
import { AdapterError, errorText } from '../../modules/adapter-error.ts';
import type { SqlValue } from '../../service/sql-service.ts';
import { volatileFunctions } from '../locks/autocommit-writes.ts';
import { blockersOf, cancelBackend } from '../locks/backends.ts';
import { traitsOf } from '../locks/statement-text.ts';
import { type Place, RESET } from './connection.ts';
import { Ground } from './ground.ts';
import { dropSchema } from './left-cities.ts';
import { sentValues } from './sent-values.ts';
import { isDatabaseAway } from './sql-client.ts';
import { hasDeferrable, keepStill, renewalOf } from './tables.ts';

export class City {
  /** True when a commit may have to check what its transaction has done, and to wait for others with that. */
  readonly checksAtCommit: boolean;
  readonly version: string;
  readonly #ground: Ground;
  readonly #control: postgres.Sql;
  readonly #ddl: string;
  /** The statement that makes the city as good as new; null: that is not known yet; empty: it has to be built anew. */
  #renewal: string | null = null;
  /** A statement may have changed what the DDL made. */
  #isAltered = false;
  #leavesTraces: boolean;

  private constructor(ground: Ground, ddl: string, version: string, checksAtCommit: boolean) {
    this.#ground = ground;
    this.#control = ground.control;
    this.#ddl = ddl;
    this.version = version;
    this.checksAtCommit = checksAtCommit;
    this.#leavesTraces = traitsOf(ddl).leavesTraces;
  }

  /** Builds a city with `ddl` in it, at the database server of `url`. `name`: its name; null: a random one. */
  static async create(url: string, ddl: string, name: string | null = null): Promise<City> {
    const ground = await Ground.claim(url, name).catch((error: unknown) => {
      const message = `The city's database cannot be used: ${errorText(error)}. It is the one that SIMCITY_TARGET_URL names, else DATABASE_URL; the user in it must be allowed to create databases or schemas.`;
      throw new Error(message, { cause: error });
    });
    try {
      const { control } = ground;
      if (traitsOf(ddl).isDatabaseWide) await ground.beAlone();
      await control.unsafe(ddl).catch((error: unknown) => {
        if (isDatabaseAway(error)) throw error;
        const why = error instanceof Error ? error.message : String(error);
        const message = `PostgreSQL refuses the service's schema: ${why}`;
        throw new AdapterError(message, { phase: 'setup', role: 'target', cause: error });
      });
      await keepStill(control, ground.schema);
      const [row] = await control<{ version: string }[]>`select current_setting('server_version') as version`;
      const checksAtCommit = await hasDeferrable(control, ground.schema);
      return new City(ground, ddl, row?.version ?? 'unknown', checksAtCommit);
    } catch (error) {
      await ground.leave();
      throw error;
    }
  }

  get place(): Place {
    return this.#ground.place;
  }

  /** Its own connection, which is none of the service's. */
  get control(): postgres.Sql {
    return this.#control;
  }

  get schema(): string {
    return this.#ground.schema;
  }

  /** True when what a connection was told cannot all be taken from it again: then none may be used once more. */
  get leavesTraces(): boolean {
    return this.#leavesTraces;
  }

  /** To be told of each text before it is sent; true when `beAlone` has to come before it. */
  noticed(text: string): boolean {
    const { altersCity, leavesTraces, isDatabaseWide } = traitsOf(text);
    this.#isAltered ||= altersCity;
    this.#leavesTraces ||= leavesTraces;
    return isDatabaseWide && !this.#ground.isAlone;
  }

  /** @throws Error when the city of another run stands in the same database and uses what belongs to all of it. */
  async beAlone(): Promise<void> {
    await this.#ground.beAlone();
  }

  /** Sends a statement outside of the schedule. */
  async query(text: string, values: readonly SqlValue[] = []): Promise<Record<string, unknown>[]> {
    if (this.noticed(text)) await this.beAlone();
    return await this.#control.unsafe(text, sentValues(values), { prepare: values.length > 0 });
  }

  /** Functions of the service that may write. */
  async volatileFunctions(): Promise<readonly string[]> {
    return await volatileFunctions(this.#control, this.schema);
  }

  /** As it was when it had just been created. No other connection may have a transaction open in it. */
  async renew(): Promise<void> {
    await this.#control.unsafe(RESET);
    if (this.#renewal === null) {
      await this.#rebuild();
      this.#renewal = await renewalOf(this.#control, this.schema);
    } else if (this.#renewal === '' || this.#isAltered) {
      await this.#rebuild();
    } else {
      await this.#control.unsafe(this.#renewal);
    }
  }

  async #rebuild(): Promise<void> {
    await dropSchema(this.#control, this.schema);
    await this.#control.unsafe(`create schema ${this.schema}`);
    await this.#control.unsafe(this.#ddl);
    await keepStill(this.#control, this.schema);
    this.#isAltered = false;
  }

  /** The backends that `pid` waits for now; empty when it does not wait. */
  async blockers(pid: number): Promise<number[]> {
    return await blockersOf(this.#control, pid);
  }

  /** Whom `pid` waits for that is not of this city, in words. */
  async waitsForOthers(pid: number): Promise<string[]> {
    return await this.#ground.strangersBefore(pid);
  }

  /** Cancels the statement that one of the run's own backends waits in. */
  async cancel(pid: number): Promise<void> {
    await cancelBackend(this.#control, pid);
  }

  /** Ends the run's own backends, one after the other, and waits until they and their locks are gone. */
  async terminate(pids: readonly number[]): Promise<void> {
    const list = pids.join(',');
    await this.#control.unsafe(`select pg_terminate_backend(pid) from unnest(array[${list}]::int[]) as pid`);
    for (;;) {
      const [row] = await this.#control.unsafe(
        `select count(*)::int as left from pg_stat_activity where pid in (${list})`,
      );
      if (row?.['left'] === 0) return;
    }
  }

  /** Ends these backends and its own connection, whatever they are waiting for; it can only be dropped then. */
  async cut(pids: readonly number[]): Promise<void> {
    await this.#ground.cut(pids);
  }

  async drop(): Promise<void> {
    await this.#ground.leave();
  }
}
