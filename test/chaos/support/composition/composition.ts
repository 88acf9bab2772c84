/** Executes a schedule in a world, and knows what must come of the runs that it launched. */
import {
  API_BASE,
  apiPath,
  type Launch,
  type RunEvent,
  runSchema,
} from '../../../../server/contract/index.ts';
import { prune } from '../../../../server/retention/prune.ts';
import type { ChaosDatabase } from '../database.ts';
import { Subscriber } from '../subscriber.ts';
import type { Fate } from '../telemetry-proxy.ts';
import { pass, until } from '../until.ts';
import type { Step } from './schedule.ts';
import { contentOf, StreamHistories } from './stream-histories.ts';
import type { StreamAnswer } from './stream-model.ts';
import type { World } from './world.ts';
import { WRITER, Writer } from './writer.ts';

/** A run that lasts about two seconds. */
const SHORT = { operations: 60, rate: 60 };
const ANSWER_MS = 2_000;
const RETRY_MS = 50;
const SETTLE_MS = 30_000;
/** Where nothing comes for so long, the next step is taken. */
const STALL_MS = 500;
const SEEN_AT_ONCE = 10;
const PAGE = 10_000;

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
  readonly histories = new StreamHistories();
  readonly runs: Launched[] = [];
  readonly writers: Writer[] = [];
  /** By server: what becomes of the next batches. */
  readonly fates: readonly Fate[][];
  /** True once a runner was told to end: it ends its runs then. */
  runnerTold = false;
  /** What went wrong, in words. */
  readonly problems: string[] = [];
  #postgres: Promise<unknown> = Promise.resolve();
  #under: Promise<unknown>[] = [];
  #over = false;
  #events = 0;

  constructor(world: World) {
    this.world = world;
    this.fates = world.telemetry.map(() => []);
    for (const [n, proxy] of world.telemetry.entries()) {
      proxy.forget();
      proxy.fateOf = () => this.fates[n]?.shift() ?? 'pass';
      proxy.watch = (runId, token, batch) => this.#watch(runId, token, batch);
    }
  }

  /** True once there is something wrong: the rest need not be executed. */
  get failed(): boolean {
    return this.problems.length > 0 || this.histories.problems.length > 0;
  }

  /** Takes one step after the other; resolves when what they began is over, and all is well again but for the runs. */
  async execute(steps: readonly Step[], strike: Strike): Promise<void> {
    for (const step of steps) {
      await this.#progress(step.after);
      if (this.failed) break;
      const taken = async () => strike(this, step);
      this.#under.push(taken().catch((error) => this.problems.push(`step ${step.number}: ${error}`)));
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
  }

  async launch(target: string, on: number, more: Launch = {}): Promise<string | null> {
    const config = { ...SHORT, ...more.config };
    const launch = { target, seed: on, ...more, config };
    const found = await this.#ask('POST', `${API_BASE}/runs`, on, launch);
    if (found === null) return null;
    const { id } = runSchema.parse(found);
    const subscribers = this.world.servers.map(({ url }) => this.#subscribe(url, id));
    this.runs.push({ id, subscribers, stopped: false });
    for (const n of this.world.servers.keys()) this.#under.push(this.#read(id, n));
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
    const request = {
      keepSeconds: null,
      keepRuns,
      statuses: ['PASS', 'FAIL', 'STOPPED'] as const,
      dryRun: false,
    };
    await until('old runs are removed', SETTLE_MS, () =>
      prune(this.world.sql, { ...request, statuses: [...request.statuses] }),
    );
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
    const target = this.#events + events;
    let last = { events: this.#events, at: performance.now() };
    await until('there is progress or none', SETTLE_MS, () => {
      if (this.#events !== last.events) last = { events: this.#events, at: performance.now() };
      return this.failed || this.#events >= target || performance.now() - last.at > STALL_MS;
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
      this.#assertNoFault(`${method} ${path}`, response?.status ?? 0);
      if (response !== null && response.status < 500 && response.status !== 429) return null;
      await pass(RETRY_MS);
    }
    return null;
  }

  #subscribe(url: string, id: string): Subscriber {
    let waiting: RunEvent[] = [];
    return new Subscriber(url, id, {
      onEvent: (index, text) => {
        this.#events += 1;
        const event = JSON.parse(text) as RunEvent;
        waiting.push(event);
        if (waiting.length < SEEN_AT_ONCE && event.type !== 'end') return;
        this.histories.see(id, index + 1 - waiting.length, waiting);
        waiting = [];
      },
    });
  }

  /** Reads what is stored at one of the servers, again and again until the end. */
  async #read(id: string, server: number): Promise<void> {
    for (let from = 0; !this.#over; await pass(RETRY_MS)) {
      const settle = this.histories.begin(id, { kind: 'read', from });
      const path = `${apiPath.events(id)}?from=${from}&limit=${PAGE}`;
      const response = await fetch(`${this.world.servers[server]?.url}${path}`, {
        signal: AbortSignal.timeout(ANSWER_MS),
      }).catch(() => null);
      const page = response?.ok
        ? ((await response.json().catch(() => null)) as { events: RunEvent[] })
        : null;
      settle(page === null ? null : { kind: 'page', ...contentOf(page.events) });
      if (response !== null) this.#assertNoFault(`GET ${path}`, response.status);
      if (page?.events.at(-1)?.type === 'end' || response?.status === 410) return;
      from += page?.events.length ?? 0;
    }
  }

  #watch(runId: string, token: string, body: Buffer) {
    const { events = [] } = JSON.parse(body.toString()) as { events?: RunEvent[] };
    const [first] = events;
    const settle = first
      ? this.histories.begin(runId, { kind: 'append', token, from: first.index, ...contentOf(events) })
      : () => undefined;
    return (answer: { status: number; body: Buffer } | null) => {
      if (answer !== null)
        this.#assertNoFault(`a batch of run ${runId}`, answer.status, answer.body.toString());
      settle(answer === null ? null : answerOf(answer.status, answer.body));
    };
  }

  /** Whatever happens, nobody is told that the server is at fault. */
  #assertNoFault(what: string, status: number, body = ''): void {
    if (status === 500) this.problems.push(`${what} was answered with 500 ${body}`);
  }
}

/** Null: it may have been stored. */
function answerOf(status: number, body: Buffer): StreamAnswer | null {
  if (status === 200) return { kind: 'stored', next: (JSON.parse(body.toString()) as { next: number }).next };
  return status >= 500 ? null : { kind: 'refused' };
}
