/** A gate before a PostgreSQL of a test, and who listens at it. */
import { Gate } from '../../runner/targets/pgwire/gate.ts';
import type { GateListener, GateOptions, Group, WireConnection } from '../../runner/targets/pgwire/wire.ts';
import type { TestPostgres } from './postgres.ts';
import type { Login } from './wire-usual.ts';

/** A gate, and a fresh database behind it; `sql` is run there first. */
export async function startGate(
  database: TestPostgres,
  sql: string,
  options: Partial<GateOptions> = {},
): Promise<{ gate: Gate; login: Login; listener: TestListener; direct: string }> {
  const url = new URL(await database.createDatabase({ migrated: false }));
  const pool = database.open(url.href);
  await pool.unsafe(sql);
  await pool.end();
  const upstream = {
    host: url.hostname,
    port: Number(url.port),
    user: url.username,
    password: decodeURIComponent(url.password),
    tls: false,
  };
  const gate = await Gate.listen({
    upstream,
    serverVersion: 18,
    user: 'guest',
    password: 'of-this-run',
    ...options,
  });
  gate.database = url.pathname.slice(1);
  const listener = new TestListener();
  gate.listener = listener;
  const login = {
    host: gate.host,
    port: gate.port,
    user: gate.user,
    password: gate.password,
    database: 'any',
  };
  return { gate, login, listener, direct: url.href };
}

/** Keeps what it is told, and lets one wait for it. */
export class TestListener implements GateListener {
  readonly groups: Group[] = [];
  readonly ended: WireConnection[] = [];
  readonly notes: WireConnection[] = [];
  #waiting: (() => void) | null = null;

  arrived(group: Group): void {
    this.groups.push(group);
    this.#waiting?.();
  }

  closed(connection: WireConnection): void {
    this.ended.push(connection);
    this.#waiting?.();
  }

  notified(connection: WireConnection): void {
    this.notes.push(connection);
    this.#waiting?.();
  }

  /** The next that is held. */
  async next(): Promise<Group> {
    await this.until(() => this.groups.length > 0);
    return this.groups.shift() as Group;
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }
}

/** Sends a held group and hands its answer on. */
export async function letThrough(group: Group): Promise<Group> {
  group.connection.send(group);
  await group.answered;
  group.connection.deliver(group);
  return group;
}
