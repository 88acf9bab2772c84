/** One connection of the city to PostgreSQL, and the pool of them that tasks wait for in line. */
import type postgres from 'postgres';
import type { SqlValue } from '../../service/sql-service.ts';
import { connectOne, type Place, RESET } from './connection.ts';
import { sentValues } from './sent-values.ts';

export interface ConnectionOptions {
  place: Place;
  /** The city's schema. */
  schema: string;
  /** `read committed` and so on; for statements outside of `begin` too. */
  isolation: Isolation;
}

export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

export class Connection {
  /** The backend's process number. */
  readonly pid: number;
  readonly number: number;
  readonly #client: postgres.Sql;

  private constructor(client: postgres.Sql, pid: number, number: number) {
    this.#client = client;
    this.pid = pid;
    this.number = number;
  }

  static async open(number: number, { place, schema, isolation }: ConnectionOptions): Promise<Connection> {
    const client = connectOne(place, 'simcity-city', {
      // As for the city itself: what it holds is gone with the run.
      synchronous_commit: 'off',
      search_path: schema,
      default_transaction_isolation: isolation,
    });
    const [row] = await client<{ pid: number }[]>`select pg_backend_pid() as pid`;
    return new Connection(client, (row as { pid: number }).pid, number);
  }

  /** Sends a statement; several in a row are pipelined in order. */
  send(text: string, values: readonly SqlValue[]): Promise<Record<string, unknown>[]> {
    if (values.length === 0 && !text.includes('$')) return this.#client.unsafe(text).execute();
    return this.#client.unsafe(text, sentValues(values), { prepare: true }).execute();
  }

  /** Sends a statement whose failure shows in the one that follows it. */
  sendAhead(text: string): void {
    this.send(text, []).catch(() => {});
  }

  /** Ends whatever is open in it, and makes it forget and let go what it was told and holds. */
  async reset(): Promise<void> {
    await this.send(RESET, []);
  }

  /** Resolves when the database is through with all that was sent. */
  async settled(): Promise<void> {
    await this.send('', []);
  }

  async close(): Promise<void> {
    await this.#client.end({ timeout: 1 });
  }

  /** Gives a connection up that the server has ended. */
  abandon(): void {
    this.#client.end({ timeout: 0 }).catch(() => {});
  }
}

/** Free connections, lowest number first, so that the same history uses the same connections. */
export class ConnectionPool {
  #connections: readonly Connection[];
  #free: Connection[];
  #limit: number | null = null;

  constructor(connections: readonly Connection[]) {
    this.#connections = connections;
    this.#free = [...connections].reverse();
  }

  get connections(): readonly Connection[] {
    return this.#connections;
  }

  /** True while fewer may be in use than there are. */
  get isLimited(): boolean {
    return this.#limit !== null;
  }

  /** A free connection, unless as many are in use as may be. */
  take(): Connection | undefined {
    const inUse = this.#connections.length - this.#free.length;
    return this.#limit !== null && inUse >= this.#limit ? undefined : this.#free.pop();
  }

  give(connection: Connection): void {
    this.#free.push(connection);
    this.#free.sort((a, b) => b.number - a.number);
  }

  /** How many may be in use at once; null: all. */
  limit(connections: number | null): void {
    this.#limit = connections;
  }

  /** Other connections take the place of all. */
  replace(connections: readonly Connection[]): void {
    this.#connections = connections;
    this.#free = [...connections].reverse();
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }
}
