/** Executes a schedule in a world, and knows what must come of the runs that it launched. */
import {
  API_BASE,
  apiPath,
  type Launch,
  runSchema,
  terminalStatusSchema,
} from '../../../../server/contract/index.ts';
import { prune } from '../../../../server/retention/prune.ts';
import type { ChaosDatabase } from '../database.ts';
import type { Subscriber } from '../subscriber.ts';
import type { Fate } from '../telemetry-proxy.ts';
import { pass, until } from '../until.ts';
import { Observers } from './observers.ts';
import type { Step } from './schedule.ts';
import type { World } from './world.ts';
import { WRITER, Writer } from './writer.ts';

/** A run that lasts about two seconds. */
const SHORT = { operations: 60, rate: 60 };
const ANSWER_MS = 2_000;
const RETRY_MS = 50;
const SETTLE_MS = 30_000;
/** Where nothing comes for so long, the next step is taken. */
const STALL_MS = 500;

export interface Launched {
  id: string;
  /** One at each server. */
  subscribers: readonly Subscriber[];
  stopped: boolean;
}

/** Does what a step says; a promise of it is over when that is. */
export type Strike = (composition: Composition, step: Step) => unknown;

export class Composition {
  readonly world: World;
  readonly observers = new Observers();
  readonly runs: Launched[] = [];
  readonly writers: Writer[] = [];
  /** By server: what becomes of the next batches. */
  readonly fates: readonly Fate[][];
  /** True once a runner was told to end: it ends its runs then. */
  runnerTold = false;
  #postgres: Promise<unknown> = Promise.resolve();
  #under: Promise<unknown>[] = [];
  #over = false;
  readonly #troubles: string[] = [];

  constructor(world: World) {
    this.world = world;
    this.fates = world.telemetry.map(() => []);
    for (const [n, proxy] of world.telemetry.entries()) {
      proxy.forget();
      proxy.fateOf = () => this.fates[n]?.shift() ?? 'pass';
      proxy.watch = (runId, token, batch) => this.observers.watchBatch(runId, token, batch);
    }
  }

  /** What is wrong as yet, in words: where something is, the rest need not be executed. */
  get problems(): readonly string[] {
    return [...this.#troubles, ...this.observers.problems, ...this.observers.histories.problems];
  }

  /** Takes one step after the other; resolves when what they began is over, and all is well again but for the runs. */
  async execute(steps: readonly Step[], strike: Strike): Promise<void> {
    for (const step of steps) {
      await this.#progress(step.after);
      if (this.problems.length > 0) break;
      const taken = async () => strike(this, step);
      this.#under.push(taken().catch((error) => this.#troubles.push(`step ${step.number}: ${error}`)));
    }
    await Promise.all(this.#under);
    this.world.clock.set('+0s');
    for (const fates of this.fates) fates.length = 0;
  }

  async close(): Promise<void> {
    this.#over = true;
    for (const { subscribers } of this.runs) for (const subscriber of subscribers) subscriber.close();
    await Promise.all(this.writers.map((writer) => writer.close()));
    await Promise.all(this.#under);
    await this.observers.close();
  }

  async launch(target: string, on: number, more: Launch = {}): Promise<string | null> {
    const config = { ...SHORT, ...more.config };
    const launch = { target, seed: on, ...more, config };
    const found = await this.#ask('POST', `${API_BASE}/runs`, on, launch);
    if (found === null) return null;
    const { id } = runSchema.parse(found);
    const subscribers = this.world.servers.map(({ url }) => this.observers.subscribe(url, id));
    this.runs.push({ id, subscribers, stopped: false });
    for (const { url } of this.world.servers) this.observers.read(url, id);
    return id;
  }

  async launchWriter(on: number): Promise<void> {
    const id = await this.launch('memory', on, { runner: WRITER });
    if (id === null) return;
    const { sql, telemetry } = this.world;
    const writer = new Writer(
      sql,
      telemetry.map(({ url }) => url),
      id,
      on,
    );
    this.writers.push(writer);
    writer.begin();
  }

  async stop(on: number): Promise<void> {
    const run = this.runs[on % this.runs.length];
    if (run === undefined) return;
    run.stopped = true;
    await this.#ask('POST', apiPath.stop(run.id), on, { reason: 'enough' });
  }

  async prune(keepRuns: number): Promise<void> {
    const statuses = terminalStatusSchema.options;
    const request = { keepSeconds: null, keepRuns, statuses, dryRun: false };
    await until('old runs are removed', SETTLE_MS, () => prune(this.world.sql, request));
  }

  /** PostgreSQL ends as `how` says, and is started again after so many ms. */
  withoutPostgres(how: (database: ChaosDatabase) => Promise<void>, ms: number): Promise<void> {
    const { database } = this.world;
    return this.alone(async () => {
      await how(database);
      await pass(ms);
      await database.start();
    });
  }

  /** What is done to PostgreSQL, one after the other. */
  alone(work: () => Promise<void>): Promise<void> {
    const done = this.#postgres.then(work);
    this.#postgres = done.catch(() => undefined);
    return done;
  }

  /** Resolves after so many events, or when none came for long. */
  async #progress(events: number): Promise<void> {
    const { observers } = this;
    const target = observers.events + events;
    let last = { events: observers.events, at: performance.now() };
    await until('there is progress or none', SETTLE_MS, () => {
      if (observers.events !== last.events) last = { events: observers.events, at: performance.now() };
      const isStalled = performance.now() - last.at > STALL_MS;
      return isStalled || observers.events >= target || this.problems.length > 0;
    });
  }

  /** Asks either server until one answers; null: it is refused, or the schedule is over. */
  async #ask(method: string, path: string, on: number, body: unknown): Promise<unknown> {
    for (let turn = on; !this.#over; turn++) {
      const server = this.world.servers[turn % this.world.servers.length];
      const response = await fetch(`${server?.url}${path}`, {
        method,
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
        signal: AbortSignal.timeout(ANSWER_MS),
      }).catch(() => null);
      if (response?.ok) return response.json().catch(() => null);
      this.observers.answered(`${method} ${path}`, response?.status ?? 0);
      if (response !== null && response.status < 500 && response.status !== 429) return null;
      await pass(RETRY_MS);
    }
    return null;
  }
}
