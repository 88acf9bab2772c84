/** Claims queued runs as they come and as there is room, and sees to the runs of runners that are gone. */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { withinTime } from '../../server/contract/within-time.ts';
import { hasOwnCode, isGoneWorldRunner, isWorldRunner } from '../../server/contract/world-runner.ts';
import type { RunnerConfig } from '../config.ts';
import type { Launcher } from '../launch/harness-child.ts';
import { LeftCities } from './left-cities.ts';
import { OtherGenerations } from './other-generations.ts';
import type { ClaimedRun, Queue } from './queue.ts';
import { ServerWatch } from './server-watch.ts';
import { RunSupervisor } from './supervise-run.ts';

/** NOTIFY tells of queued runs at once; this is the safety net behind it, and the pace of the reaper. */
const POLL_MS = 1_000;
/** The safety net behind NOTIFY for runs that this runner may not execute. */
const LOOK_MS = 60_000;
const QUERY_LIMIT_MS = 10_000;
const CLAIM_WAIT_MS = 20;
/** By which servers, and scanners of secrets, know the token of one run. */
const INGEST_TOKEN_PREFIX = 'sci_';

export class ClaimLoop {
  readonly #queue: Queue;
  readonly #config: RunnerConfig;
  readonly #launch: Launcher;
  readonly #log: Logger;
  readonly #active = new Map<string, RunSupervisor>();
  readonly #others: OtherGenerations;
  readonly #cities: LeftCities | null;
  /** Null: the telemetry goes elsewhere. */
  readonly #server: ServerWatch | null;
  /** Runs of processes that are gone, which a runner that takes no others takes beside its own. */
  #left: readonly string[] = [];
  #poll: NodeJS.Timeout | null = null;
  #lookPoll: NodeJS.Timeout | null = null;
  #claiming = false;
  #claimAgain = false;
  #reaping = false;
  readonly #closing = new AbortController();

  constructor(queue: Queue, config: RunnerConfig, launch: Launcher, log: Logger) {
    this.#launch = launch;
    this.#queue = queue;
    this.#config = config;
    this.#log = log;
    this.#others = new OtherGenerations(queue, config.onlyRun, log);
    this.#cities = config.targetUrl === null ? null : new LeftCities(queue, config.targetUrl, log);
    this.#server = config.supabase === null ? new ServerWatch(config.serverUrl, log) : null;
  }

  /** Begins to listen and to claim; resolves once the runner hears of queued runs and stops. */
  async start(): Promise<void> {
    await this.#queue.listen('simcity_queue', () => {
      void this.#claim();
      void this.#others.look();
    });
    await this.#queue.listen('simcity_stop', (runId) => void this.#active.get(runId)?.renew());
    await this.#queue.listen('simcity_lost', (runId) => this.#cities?.look(runId));
    this.#poll = setInterval(() => {
      void this.#claim();
      void this.#reap();
    }, POLL_MS);
    this.#lookPoll = setInterval(() => void this.#others.look(), LOOK_MS);
    void this.#claim();
    void this.#reap();
    void this.#others.look();
    this.#cities?.look();
  }

  /** Stops claiming and asks what runs to end; `killAll` makes it. Resolves when no harness is left. */
  async close(reason: string): Promise<void> {
    if (!this.#isClosing) this.#log.info({ reason, runs: this.#active.size }, 'the runner ends');
    this.#closing.abort();
    for (const timer of [this.#poll, this.#lookPoll]) if (timer) clearInterval(timer);
    for (const run of this.#active.values()) this.#leave(run, reason);
    while (this.#claiming || this.#active.size > 0) {
      await Promise.all([...this.#active.values()].map((run) => run.done));
      // A claim that was under way may still bring a run, which is stopped as it starts.
      if (this.#claiming) await delay(CLAIM_WAIT_MS);
    }
    await this.#cities?.done();
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** In a directory that others share, runs that are not this runner's own go on with theirs; all others are stopped. */
  #leave(run: RunSupervisor, reason: string): void {
    const { name } = this.#config;
    if (isWorldRunner(name) && run.mayGoOnWithout(name)) void run.release(reason);
    else run.stop(reason);
  }

  killAll(): void {
    for (const run of this.#active.values()) run.kill();
  }

  /** Fills the free places. A call during another makes that one look once more. */
  async #claim(): Promise<void> {
    this.#claimAgain = true;
    if (this.#claiming) return;
    this.#claiming = true;
    try {
      while (this.#claimAgain && !this.#isClosing) {
        this.#claimAgain = false;
        if (await this.#claimOne()) this.#claimAgain = true;
      }
    } catch (error) {
      this.#log.warn({ err: error }, 'no run could be claimed; the next try is in a second');
    } finally {
      this.#claiming = false;
    }
  }

  /** The first run takes no place. */
  #hasRoom(): boolean {
    const { firstRun, onlyRun, parallel } = this.#config;
    const first = firstRun ?? onlyRun;
    const beside = first !== null && this.#active.has(first) ? 1 : 0;
    return this.#active.size - beside < parallel;
  }

  async #claimOne(): Promise<boolean> {
    if (this.#server !== null && !(await this.#server.answers(this.#closing.signal))) return false;
    const { firstRun, onlyRun } = this.#config;
    // Again after each loss of it, too.
    const isFirstWanted = firstRun !== null && !this.#active.has(firstRun);
    if (isFirstWanted && (await this.#claimNext(firstRun))) return true;
    if (!this.#hasRoom()) return false;
    if (await this.#claimNext(onlyRun)) return true;
    for (const id of this.#left) if (await this.#claimNext(id)) return true;
    return false;
  }

  async #claimNext(only: string | null): Promise<boolean> {
    const token = `${INGEST_TOKEN_PREFIX}${randomBytes(32).toString('base64url')}`;
    const tokenHash = createHash('sha256').update(token).digest();
    const claimed = this.#queue.claim(tokenHash, only);
    // Of a connection that is half gone nothing may ever come: others are there.
    const run = await withinTime(claimed, QUERY_LIMIT_MS).catch((error) => {
      void this.#giveBackLate(claimed);
      throw error;
    });
    if (!run) return false;
    this.#supervise(run, token);
    return true;
  }

  /** A run for whose claim nobody waits any more goes back, should it come after all. Never rejects. */
  async #giveBackLate(claimed: Promise<ClaimedRun | null>): Promise<void> {
    try {
      const run = await claimed;
      if (run) await this.#queue.giveBack(run);
    } catch (error) {
      this.#log.debug({ err: error }, 'a claim that was given up has failed');
    }
  }

  #supervise(run: ClaimedRun, token: string): void {
    const supervisor = new RunSupervisor(run, token, this.#queue, this.#config, this.#launch, this.#log);
    this.#active.set(run.id, supervisor);
    if (this.#isClosing) supervisor.stop('the runner is shutting down');
    void supervisor.done.then(({ isGivenBack, isLeft }) => {
      this.#active.delete(run.id);
      if (isGivenBack) this.#server?.doubt();
      if (isLeft) this.#cities?.look(run.id);
      void this.#claim();
    });
  }

  async #reap(): Promise<void> {
    if (this.#reaping) return;
    this.#reaping = true;
    try {
      if (isWorldRunner(this.#config.name)) await withinTime(this.#forsakeGone(), QUERY_LIMIT_MS);
      const lost = await withinTime(this.#queue.reap(), QUERY_LIMIT_MS);
      for (const run of lost) this.#log.warn({ run }, 'a run lost its runner: it is queued again, or ended');
    } catch (error) {
      this.#log.warn({ err: error }, 'lost runs could not be looked for');
    } finally {
      this.#reaping = false;
    }
  }

  async #forsakeGone(): Promise<void> {
    const { name, onlyRun } = this.#config;
    // Its file or command is for its own run alone.
    if (hasOwnCode(name)) return;
    const gone = (await this.#queue.neededRunners()).filter(isGoneWorldRunner);
    if (gone.length > 0) {
      this.#log.warn({ gone }, 'processes of this directory are gone: their runs go on here');
      await this.#queue.forsake(gone, onlyRun === null ? null : name);
      this.#cities?.look();
    }
    if (onlyRun !== null) this.#left = await this.#queue.leftBy(gone);
  }
}
