/** Tells other servers on the database which runs have something new, and hears it from them. */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { withinTime } from '../contract/within-time.ts';
import type { Log } from '../process-edge.ts';

const CHANNEL = 'simcity_run';
/** No id of a run begins like that. */
const PROBE = 'probe ';
const CONNECT_WITHIN_MS = 5_000;
const RETRY_FIRST_MS = 250;
const RETRY_LAST_MS = 5_000;
/** Commits with a notification queue up behind one lock of the whole cluster, so a run gets at most ten a second. */
const ANNOUNCE_EVERY_MS = 100;

export interface NotificationOptions {
  databaseUrl: string;
  log: Log;
  /** Another server, a runner or a function of the database has changed the run. */
  onRun(runId: string): void;
  /** The connection was made, at first or again: something may have been missed. */
  onMissed(): void;
  /** Notifies from another connection, as another server does: what this one hears of it, it hears of those. */
  tellOthers?: (payload: string) => Promise<unknown>;
  /** How often the connection is asked whether it is still there; a dead one says nothing by itself. */
  probeEveryMs?: number;
  /** An answer that takes longer does not come any more. */
  probeWithinMs?: number;
}

/**
 * One connection that listens, notifies and is probed; it is made again when it breaks or falls silent.
 * It is only a hint: subscribers poll besides, so all that it brings is speed.
 */
export class Notifications {
  readonly #options: NotificationOptions;
  readonly #closed = new AbortController();
  readonly #running: Promise<void>;
  #client: pg.Client | null = null;
  /** Settled once the connection has answered all that it was asked. */
  #asked: Promise<unknown> = Promise.resolve();
  /** Since when nothing is heard, by the monotonic clock; null while it listens. */
  #lostSinceMs: number | null = performance.now();
  /** Runs to be told of with the next notification. */
  readonly #due = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  /** Called with the probes that arrive, those of other servers too. */
  #heard: (payload: string) => void = () => {};

  constructor(options: NotificationOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** For how long nothing has been heard; 0 while it listens. */
  get lostForMs(): number {
    return this.#lostSinceMs === null ? 0 : performance.now() - this.#lostSinceMs;
  }

  /** Tells the others of a run: at once when nothing was told lately, else together with what else comes. */
  announce(runId: string): void {
    if (this.#closed.signal.aborted) return;
    this.#due.add(runId);
    // Whoever is without a connection is not heard; the others poll.
    this.#timer ??= setTimeout(() => this.#tell(), 0);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    if (this.#timer) clearTimeout(this.#timer);
    cut(this.#client);
    await this.#running;
  }

  #tell(): void {
    const runs = [...this.#due];
    this.#due.clear();
    if (runs.length === 0) {
      this.#timer = null;
      return;
    }
    this.#timer = setTimeout(() => this.#tell(), ANNOUNCE_EVERY_MS);
    if (!this.#client) return;
    this.#ask(this.#client, `select pg_notify('${CHANNEL}', id) from unnest($1::text[]) as id`, [runs]).catch(
      (error: unknown) => this.#options.log.debug({ err: error }, 'a notification was not sent'),
    );
  }

  /** One query after the other: pg's own queue is to go. */
  #ask(client: pg.Client, query: string, values: unknown[] = []): Promise<unknown> {
    const answer = this.#asked.then(() => client.query(query, values));
    this.#asked = answer.catch(() => undefined);
    return answer;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.#listen(() => {
          attempt = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        this.#options.log.warn(
          { err: error },
          'the connection that listens for notifications is lost; subscribers are served by polling',
        );
      }
      const longest = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** Math.min(attempt, 16));
      await delay(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Listens until the connection ends; resolves never otherwise. */
  async #listen(onListening: () => void): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#options.databaseUrl,
      application_name: 'simcity-server-listen',
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      keepAlive: true,
    });
    const lost = new Promise<never>((_, reject) => {
      client.on('error', reject);
      client.on('end', () => reject(new Error('the connection was closed')));
    });
    // Also when it is lost while nobody waits for that yet.
    lost.catch(() => undefined);
    const pid = () => (client as unknown as { processID: number }).processID;
    client.on('notification', ({ channel, payload, processId }) => {
      // What this server told itself it knows.
      if (channel !== CHANNEL || !payload || processId === pid()) return;
      if (payload.startsWith(PROBE)) this.#heard(payload);
      else this.#options.onRun(payload);
    });
    this.#client = client;
    this.#asked = client.connect();
    // Whoever waits for it hears of it.
    this.#asked.catch(() => undefined);
    try {
      await Promise.race([this.#askWithin(client, `listen ${CHANNEL}`), lost]);
      this.#lostSinceMs = null;
      onListening();
      this.#options.onMissed();
      await Promise.race([this.#keepProbing(client), lost]);
    } finally {
      this.#lostSinceMs ??= performance.now();
      this.#client = null;
      cut(client);
    }
  }

  async #keepProbing(client: pg.Client): Promise<never> {
    const { probeEveryMs = 10_000 } = this.#options;
    for (;;) {
      await delay(probeEveryMs, undefined, { signal: this.#closed.signal });
      await this.#askWithin(client, 'select 1');
      await this.#hearWithin();
    }
  }

  /** @throws when what another connection notifies does not arrive: a pooler, or a proxy, may answer and not tell. */
  async #hearWithin(): Promise<void> {
    const { tellOthers } = this.#options;
    if (tellOthers === undefined) return;
    const payload = `${PROBE}${randomUUID()}`;
    const heard = new Promise<void>((resolve) => {
      this.#heard = (told) => told === payload && resolve();
    });
    await withinTime(Promise.all([tellOthers(payload), heard]), this.#probeWithinMs, 'notification');
  }

  /** @throws when there is no answer in time: a connection may fall silent before it listens, too. */
  async #askWithin(client: pg.Client, query: string): Promise<void> {
    await withinTime(this.#ask(client, query), this.#probeWithinMs);
  }

  get #probeWithinMs(): number {
    return this.#options.probeWithinMs ?? 5_000;
  }
}

/** end() would wait for an answer that a dead connection never gives. */
function cut(client: pg.Client | null): void {
  (client as unknown as { connection: { stream: Socket } } | null)?.connection.stream.destroy();
}
