/** Two servers, three runners, one PostgreSQL, and proxies on the ways between them: what schedules are executed in. */
import { join } from 'node:path';
import type { Sql } from '../../../../server/db/client.ts';
import { TcpProxy } from '../../../helpers/tcp-proxy.ts';
import { Clock, lacksClock } from '../clock.ts';
import { ChaosDatabase } from '../database.ts';
import { type Command, runner, type Serving, serve } from '../parts.ts';
import { Row } from '../row.ts';
import { TelemetryProxy } from '../telemetry-proxy.ts';

/** A runner that is gone has lost its runs after so long. */
const LEASE_SECONDS = '3';

export class World {
  /** PostgreSQL goes by it, where clocks can be set. */
  readonly clock: Clock;
  readonly database: ChaosDatabase;
  readonly sql: Sql;
  readonly servers: readonly Serving[];
  readonly runners: readonly Command[];
  /** One in front of each server. */
  readonly telemetry: readonly TelemetryProxy[];
  /** Between PostgreSQL and: each server, all runners. */
  readonly links: readonly TcpProxy[];
  readonly #scope: Row;

  private constructor(scope: Row, parts: Omit<World, 'close' | 'tag'>) {
    this.#scope = scope;
    this.clock = parts.clock;
    this.database = parts.database;
    this.sql = parts.sql;
    this.servers = parts.servers;
    this.runners = parts.runners;
    this.telemetry = parts.telemetry;
    this.links = parts.links;
  }

  static async start(): Promise<World> {
    const scope = new Row(0);
    try {
      return new World(scope, await startParts(scope));
    } catch (error) {
      await scope.cleanUp();
      throw error;
    }
  }

  /** In the environment of all its processes. */
  get tag(): string {
    return this.#scope.tag;
  }

  close(): Promise<void> {
    return this.#scope.cleanUp();
  }
}

async function startParts(scope: Row): Promise<Omit<World, 'close' | 'tag'>> {
  const clock = new Clock(join(process.env['TMPDIR'] ?? '/tmp', `${scope.tag}.clock`));
  const database = await ChaosDatabase.start(undefined, lacksClock() === null ? clock.environment : {});
  scope.defer(() => database.close());
  const databaseUrl = await database.create();
  const closing = <T extends { close(): Promise<void> }>(proxy: T): T => {
    scope.defer(() => proxy.close());
    return proxy;
  };
  const links = await Promise.all([1, 2, 3].map(async () => closing(await TcpProxy.start(database.port))));
  const [first, second, third] = links.map((link) => link.inFrontOf(databaseUrl)) as [string, string, string];
  const servers = await Promise.all([first, second].map((url) => serve(scope, url)));
  const telemetry = await Promise.all(
    servers.map(async ({ url }) => closing(await TelemetryProxy.start(url))),
  );
  const env = { SIMCITY_LEASE_SECONDS: LEASE_SECONDS };
  const runners = await Promise.all(
    [0, 1, 0].map((n) =>
      runner(scope, (telemetry[n] as TelemetryProxy).url, third, { args: ['--parallel', '2'], env }),
    ),
  );
  return { clock, database, sql: database.open(scope, databaseUrl), servers, runners, telemetry, links };
}
