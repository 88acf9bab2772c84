/** One connection of the city to PostgreSQL, and the pool of them that tasks wait for in line. */
import postgres from 'postgres';
import type { SqlValue } from './sql-client.ts';

export interface SessionOptions {
  url: string;
  /** The city's schema. */
  schema: string;
  /** `read committed` and so on; for statements outside of `begin` too. */
  isolation: Isolation;
}

export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

export class Session {
  readonly pid: number;
  readonly number: number;
  readonly #client: postgres.Sql;

  private constructor(client: postgres.Sql, pid: number, number: number) {
    this.#client = client;
    this.pid = pid;
    this.number = number;
  }

  static async open(number: number, options: SessionOptions): Promise<Session> {
    const client = postgres(options.url, {
      max: 1,
      idle_timeout: 0,
      max_lifetime: null,
      fetch_types: false,
      onnotice: () => {},
      connection: {
        application_name: 'simcity-city',
        search_path: options.schema,
        default_transaction_isolation: options.isolation,
      },
    });
    const [row] = await client<{ pid: number }[]>`select pg_backend_pid() as pid`;
    return new Session(client, (row as { pid: number }).pid, number);
  }

  /** Sends a statement; several in a row are pipelined in order. */
  send(text: string, values: readonly SqlValue[]): Promise<Record<string, unknown>[]> {
    if (values.length === 0 && !text.includes('$')) return this.#client.unsafe(text).execute();
    return this.#client.unsafe(text, values as never[], { prepare: true }).execute();
  }

  async close(): Promise<void> {
    await this.#client.end({ timeout: 1 });
  }
}

/** Free sessions, lowest number first, so that the same history uses the same sessions. */
export class SessionPool {
  readonly #free: Session[];
  readonly sessions: readonly Session[];

  constructor(sessions: readonly Session[]) {
    this.sessions = sessions;
    this.#free = [...sessions].reverse();
  }

  get free(): number {
    return this.#free.length;
  }

  take(): Session | undefined {
    return this.#free.pop();
  }

  give(session: Session): void {
    this.#free.push(session);
    this.#free.sort((a, b) => b.number - a.number);
  }

  async close(): Promise<void> {
    await Promise.all(this.sessions.map((session) => session.close()));
  }
}
