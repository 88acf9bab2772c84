/** Starts and stops a server: database, migrations, listeners, HTTP. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Access, DEFAULT_ACCESS, isLoopback } from './access/access.ts';
import { createApp } from './app.ts';
import type { ServerConfig } from './config.ts';
import { findCampaign } from './db/campaigns.ts';
import { connect, errorCode, gaveWay, isUnreachable, type Sql } from './db/client.ts';
import { DatabaseDisk } from './db/disk.ts';
import { migrate, readMigrations } from './db/migrate.ts';
import { refuseTransactionPooler } from './db/pooler.ts';
import { closeNumberGap } from './db/runs.ts';
import { StandbyWatch } from './db/standby.ts';
import { GroupCommit } from './ingest/group-commit.ts';
import { Metrics } from './metrics.ts';
import type { Log } from './process-edge.ts';
import { projectVersion } from './project-root.ts';
import { Readiness } from './readiness.ts';
import { keepReaping } from './reaping.ts';
import { EXIT_USAGE, StartupError } from './startup-error.ts';
import { CampaignFeeds } from './stream/campaign-feeds.ts';
import { HistoryReader } from './stream/history-reader.ts';
import { Hub } from './stream/hub.ts';
import { Notifications } from './stream/notify.ts';
import { leaveUnreadBodies } from './unread-bodies.ts';

const STOP_WITHIN_MS = 5_000;
/** What a client gets to send the head of a request, and all of it. A stream has its request whole by then. */
const HEAD_WITHIN_MS = 10_000;
const REQUEST_WITHIN_MS = 60_000;
const HEAD_LIMIT_BYTES = 16 * 1024;
/** What is read of a body before somebody wants it; a piece may be 64 KiB. */
const READ_AHEAD_BYTES = 16 * 1024;

export interface RunningServer {
  url: string;
  /** Ends the streams with a hint when to come back, and the rest within 5 s. */
  stop(): Promise<void>;
}

/** @throws StartupError when the database cannot be used or the port is taken. */
export async function startServer(config: ServerConfig, log: Log): Promise<RunningServer> {
  const sql = connect(config.databaseUrl, { max: 6 });
  // Whoever is served keeps those busy. Harnesses, tokens and leases have some of their own, and the probe has one.
  const own = connect(config.databaseUrl, { max: 4, name: 'simcity-server-own' });
  const probe = connect(config.databaseUrl, { max: 1, name: 'simcity-server-probe' });
  const closing: (() => Promise<void>)[] = [];
  const access = new Access(own, config.host, { ...DEFAULT_ACCESS, ...config.access }, log);
  try {
    if (!config.databaseFolder) await withDatabase(() => refuseTransactionPooler(config.databaseUrl));
    await applyMigrations(sql, config);
    // An embedded database is often killed with whoever hosts it; others would have to wait for this.
    if (config.databaseFolder) await withDatabase(() => closeNumberGap(sql));
    await withDatabase(() => access.tokens.start());
    refuseToBeOpen(config, access);
    const stopping = new AbortController();
    const metrics = new Metrics();
    const hub = new Hub({ history: new HistoryReader(sql), metrics, log });
    const campaigns = new CampaignFeeds({ read: (name) => findCampaign(sql, name), log });
    const notifications = new Notifications({
      databaseUrl: config.databaseUrl,
      log,
      onRun: (told) => {
        const campaign = campaigns.nameOf(told);
        if (campaign === null) hub.wake(told);
        else campaigns.wake(campaign);
      },
      onMissed: () => hub.wakeAll(),
      tellOthers: (runId) => probe`select pg_notify('simcity_run', ${runId})`,
    });
    const groupCommit = new GroupCommit({
      databaseUrl: config.databaseUrl,
      sql: own,
      log,
      onAdded: (addition) => {
        hub.publish(addition);
        notifications.announce(addition.runId);
      },
      onChanged: (runId) => hub.wake(runId),
    });
    closing.push(
      () => groupCommit.close(),
      () => notifications.close(),
    );
    const standby = new StandbyWatch(probe);
    const disk = new DatabaseDisk(config.databaseFolder ?? null);
    const app = createApp({
      sql,
      standby,
      disk,
      hub,
      campaigns,
      groupCommit,
      notifications,
      readiness: new Readiness(probe, disk, notifications, standby),
      metrics,
      log,
      guard: { host: config.host, allowedHosts: config.allowedHosts },
      access,
      version: projectVersion(),
      stopping: stopping.signal,
    });
    const headWithinMs = config.headWithinMs ?? HEAD_WITHIN_MS;
    // The guard checks the Host header itself, and says what is wrong.
    const server = createAdaptorServer({
      fetch: app.fetch,
      hostname: config.host,
      // It would read on for half a second, whatever there is.
      autoCleanupIncoming: false,
      serverOptions: {
        headersTimeout: headWithinMs,
        requestTimeout: REQUEST_WITHIN_MS,
        connectionsCheckingInterval: headWithinMs / 2,
        maxHeaderSize: HEAD_LIMIT_BYTES,
        highWaterMark: READ_AHEAD_BYTES,
      },
    }) as Server;
    leaveUnreadBodies(server);
    const port = await listen(server, config);
    const reaper = keepReaping(own, log, (name) => {
      campaigns.wake(name);
      notifications.announce(campaigns.payloadOf(name));
    });
    return {
      url: `http://${urlHost(config.host)}:${port}`,
      async stop() {
        stopping.abort();
        hub.stop();
        campaigns.stop();
        access.tokens.stop();
        await reaper.stop();
        await close(server);
        for (const end of closing) await end();
        await Promise.all([sql, own, probe].map((pool) => pool.end({ timeout: 2 })));
      },
    };
  } catch (error) {
    access.tokens.stop();
    for (const end of closing) await end();
    await Promise.all([sql, own, probe].map((pool) => pool.end({ timeout: 0 })));
    throw error;
  }
}

/** @throws StartupError `tokens_needed` for an address that others can reach while nobody has a token. */
function refuseToBeOpen({ host }: ServerConfig, { tokens }: Access): void {
  if (isLoopback(host) || tokens.any) return;
  throw new StartupError(
    'tokens_needed',
    `other machines can reach ${host}, and there is no token yet: everybody could start and stop runs`,
    {
      hint: 'Make one first: simcity token create --name me --scope read,control (or set SIMCITY_TOKENS).',
      exitCode: EXIT_USAGE,
    },
  );
}

/** Applies what is pending. @throws StartupError in words for people when the database cannot be used. */
export async function applyMigrations(
  sql: Sql,
  { databaseFolder }: Pick<ServerConfig, 'databaseFolder'>,
): ReturnType<typeof migrate> {
  return withDatabase(async () => migrate(sql, await readMigrations(), databaseFolder));
}

/** Runs `work`; a database that cannot be used becomes a StartupError that says so. */
export async function withDatabase<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StartupError) throw error;
    const why = error instanceof Error ? error.message || errorCode(error) : String(error);
    if (gaveWay(error))
      throw new StartupError('database_gave_way', `the database ended a statement: ${why}`, {
        hint: 'Start again when it has time, or give the role longer limits: alter role … set statement_timeout, lock_timeout.',
        cause: error,
      });
    const unreachable = isUnreachable(error);
    throw new StartupError(
      unreachable ? 'database_unreachable' : 'database_unusable',
      unreachable ? `the database cannot be reached: ${why}` : `the database cannot be used: ${why}`,
      { hint: 'Check DATABASE_URL; unset it to use the embedded PostgreSQL.', cause: error },
    );
  }
}

async function listen(server: Server, config: ServerConfig): Promise<number> {
  server.listen(config.port, config.host === '*' ? '::' : config.host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const code = errorCode(cause);
    const place = `${config.host}:${config.port}`;
    throw new StartupError(
      code === 'EADDRINUSE' ? 'port_in_use' : 'cannot_listen',
      code === 'EADDRINUSE' ? `${place} is in use by another program` : `cannot listen on ${place}: ${code}`,
      { hint: 'Choose another --port or --host (--port 0 takes any free port).', cause },
    );
  }
  return (server.address() as AddressInfo).port;
}

/** The address under which this machine reaches a server that listens on `host`. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '*') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const force = setTimeout(() => server.closeAllConnections(), STOP_WITHIN_MS - 1_000);
  // Connections that become idle while we wait are kept open by their clients otherwise.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  await closed;
  clearTimeout(force);
  clearInterval(idle);
}
