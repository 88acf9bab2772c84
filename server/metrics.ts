/** What the server counts about itself, for Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { LOSS_KINDS, RUN_STATUSES } from './contract/index.ts';
import type { RunCounts } from './db/runs.ts';
import type { WorkCounts } from './db/shards-shown.ts';

/** What is asked of the database and of the streams at a scrape. */
export interface Scraped {
  /** Null when the database cannot be reached: what it would tell is left out then. */
  database: {
    runs: RunCounts;
    oldestQueuedSeconds: number;
    work: WorkCounts;
  } | null;
  subscribers: number;
  /** Subscribers that read at their own pace, behind the newest. */
  subscribersBehind: number;
  /** Events by which the one furthest behind is so. */
  lagEvents: number;
  /** Bytes that wait for the stream for which most do, beyond what the kernel holds. */
  backlogBytes: number;
  listenerUp: boolean;
  version: string;
}

/** Seconds; from an answer out of memory to one that waits for a busy disk. */
const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

export class Metrics {
  eventsIngested = 0;
  batchesIngested = 0;
  batchesRefused = 0;
  streamsOpened = 0;
  streamsCut = 0;
  framesDelivered = 0;
  readonly #registry = new Registry();
  readonly #requests: Histogram<'kind' | 'status'>;
  #scraped: Scraped | null = null;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Histogram({
      name: 'simcity_http_request_duration_seconds',
      help: 'From a request to its answer, by kind (telemetry is answered after its commit); streams are left out.',
      labelNames: ['kind', 'status'],
      buckets: BUCKETS,
      registers: [this.#registry],
    });
    this.#addCounters();
    this.#addGauges();
  }

  request(kind: string, status: number, seconds: number): void {
    this.#requests.observe({ kind, status: String(status) }, seconds);
  }

  async text(scraped: Scraped): Promise<string> {
    this.#scraped = scraped;
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #addCounters(): void {
    const add = (name: string, help: string, value: () => number) =>
      new Counter({
        name,
        help,
        registers: [this.#registry],
        collect() {
          this.reset();
          this.inc(value());
        },
      });
    add(
      'simcity_events_ingested_total',
      'Events taken from harnesses and committed.',
      () => this.eventsIngested,
    );
    add('simcity_batches_ingested_total', 'Telemetry batches committed.', () => this.batchesIngested);
    add('simcity_batches_refused_total', 'Telemetry batches refused or failed.', () => this.batchesRefused);
    add('simcity_streams_opened_total', 'Streams opened.', () => this.streamsOpened);
    add('simcity_streams_cut_total', 'Streams cut because their reader took nothing.', () => this.streamsCut);
    add(
      'simcity_frames_delivered_total',
      'Frames written to readers that were there, in either mode; heartbeats are left out.',
      () => this.framesDelivered,
    );
  }

  #addGauges(): void {
    const add = (name: string, help: string, value: (scraped: Scraped) => number | null) => {
      const scraped = () => this.#scraped;
      return new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          const now = scraped();
          const found = now && value(now);
          if (found === null) this.remove();
          else this.set(found);
        },
      });
    };
    add('simcity_database_up', '1 when the database answers.', ({ database }) => (database ? 1 : 0));
    add('simcity_listener_up', '1 when commits of other servers are heard of at once.', ({ listenerUp }) =>
      listenerUp ? 1 : 0,
    );
    add('simcity_stream_subscribers', 'Streams open now.', ({ subscribers }) => subscribers);
    add(
      'simcity_stream_subscribers_behind',
      'Streams that read at their own pace, behind the newest.',
      ({ subscribersBehind }) => subscribersBehind,
    );
    add(
      'simcity_stream_lag_events',
      'Events by which the stream furthest behind is so.',
      ({ lagEvents }) => lagEvents,
    );
    add(
      'simcity_stream_backlog_bytes',
      'Bytes that wait in memory for the stream for which most do, beyond what the kernel holds.',
      ({ backlogBytes }) => backlogBytes,
    );
    add(
      'simcity_queue_oldest_seconds',
      'How long the oldest queued run has waited for a runner; 0 without one.',
      ({ database }) => database?.oldestQueuedSeconds ?? null,
    );
    const addWork = (name: string, help: string, of: keyof WorkCounts) =>
      add(name, help, ({ database }) => database?.work[of] ?? null);
    addWork('simcity_campaigns', 'Campaigns that go on now.', 'campaigns');
    addWork('simcity_shards_running', 'Shards of campaigns that are executed now.', 'running');
    addWork('simcity_shards_waiting', 'Shards that were given back, and wait for a claimant.', 'open');
    addWork('simcity_shards_lost', 'Shards that were claimed three times and never came back.', 'lost');
    addWork('simcity_claimants', 'Claimants that were heard of in the last minute.', 'runners');
    this.#addLabelled();
  }

  #addLabelled(): void {
    const scraped = () => this.#scraped;
    new Gauge({
      name: 'simcity_runs',
      help: 'Runs stored, by status; those QUEUED wait for a runner.',
      labelNames: ['status'],
      registers: [this.#registry],
      collect() {
        this.reset();
        const runs = scraped()?.database?.runs.byStatus;
        for (const status of runs ? RUN_STATUSES : []) this.set({ status }, runs?.get(status) ?? 0);
      },
    });
    new Gauge({
      name: 'simcity_runs_lost',
      help: 'Runs stored that ended STOPPED because something went wrong with the run itself, by reason.',
      labelNames: ['reason'],
      registers: [this.#registry],
      collect() {
        this.reset();
        const runs = scraped()?.database?.runs.lostByReason;
        for (const reason of runs ? LOSS_KINDS : []) this.set({ reason }, runs?.get(reason) ?? 0);
      },
    });
    new Gauge({
      name: 'simcity_info',
      help: 'The version that runs.',
      labelNames: ['version'],
      registers: [this.#registry],
      collect() {
        this.set({ version: scraped()?.version ?? '' }, 1);
      },
    });
  }
}
