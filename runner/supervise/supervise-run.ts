/** Supervises one claimed run: its harness, its lease, its stop, its limits, and what became of it. */
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createRedactor, isServiceTarget, type Modules } from '../../server/contract/index.ts';
import { withinTime } from '../../server/contract/within-time.ts';
import type { RunnerConfig } from '../config.ts';
import { HARNESS_EXIT } from '../harness/exit-codes.ts';
import type { ChildExit, HarnessChild, Launcher } from '../launch/harness-child.ts';
import { runnerSecrets } from '../secrets.ts';
import { orderOf } from './order.ts';
import { endingOf, type Interventions } from './outcome.ts';
import { Progress, UNANSWERED_LIMIT_SECONDS } from './progress.ts';
import type { ClaimedRun, Ending, Loss, Queue } from './queue.ts';

const TICK_MS = 1_000;
const RETRY_MS = 500;
const QUERY_LIMIT_MS = 10_000;
/** An orphan has not more time. */
const RELEASE_LIMIT_MS = 1_500;
const LAST_EVENTS = 50;
/**
 * Leases for which a runner that cannot ask goes on: an outage as long as a lease, and what of one had passed before it.
 * The database lengthens leases by the time in which it was away, and whoever takes the run over has another fence, so
 * that going on does no harm.
 */
const LEASES_UNHELD = 4 / 3;

/** What is left to do once a run is no longer this runner's. */
export interface Ended {
  /** The run is queued as it was, because its harness could deliver nothing. */
  isGivenBack: boolean;
  /** Its harness did not end by itself: what it made may still be there. */
  isLeft: boolean;
}

export class RunSupervisor {
  readonly runId: string;
  /** Resolves when the run has its verdict or is no longer ours, and its harness is gone. Never rejects. */
  readonly done: Promise<Ended>;
  readonly #run: ClaimedRun;
  readonly #queue: Queue;
  readonly #config: RunnerConfig;
  readonly #log: Logger;
  readonly #token: string;
  readonly #child: HarnessChild;
  readonly #modules: Modules;
  readonly #hasCity: boolean;
  readonly #interventions: Interventions = {
    stopRequested: false,
    stopReason: null,
    terminated: false,
    killed: false,
    givenUp: null,
  };
  readonly #timers = new Set<NodeJS.Timeout>();
  /**
   * Since when it is not known whether the lease is still ours, in ticks of this process: what it slept through, it
   * could not have asked in.
   */
  #unheldSeconds = 0;
  #renewing = false;
  #renewAgain = false;
  #leaseLost = false;
  #givingBack = false;
  #isGivenBack = false;
  #gone = false;
  readonly #progress: Progress;

  constructor(
    run: ClaimedRun,
    token: string,
    queue: Queue,
    config: RunnerConfig,
    launch: Launcher,
    log: Logger,
  ) {
    this.runId = run.id;
    this.#run = run;
    this.#token = token;
    this.#queue = queue;
    this.#config = config;
    this.#log = log.child({ run: run.id });
    const order = orderOf(run, token, config);
    this.#modules = order.modules;
    this.#hasCity = order.targetUrl !== null && order.gate === null;
    // Signs of life come later than this constructor ends.
    this.#child = launch(order, (alive) => this.#progress.heard(alive));
    this.#progress = new Progress({
      ...run.config,
      startLimitSeconds: this.#child.startLimitSeconds,
      repeatedSeconds: order.repeat?.elapsedSeconds ?? 0,
    });
    const { scenario, target, seed, attempts: attempt } = run;
    this.#log.info(
      { harnessPid: this.#child.pid, scenario, target, seed, attempt },
      'the harness is started',
    );
    this.#every(TICK_MS, () => this.#tick());
    this.#every((config.leaseSeconds * 1_000) / 6, () => void this.renew());
    this.done = this.#settle();
  }

  /** Passes a stop on, and makes sure that it is obeyed within the grace period. Idempotent. */
  stop(reason: string | null): void {
    if (this.#interventions.stopRequested || this.#gone) return;
    this.#interventions.stopRequested = true;
    this.#interventions.stopReason = reason;
    this.#log.info({ reason }, 'the harness is asked to stop');
    this.#child.stop(reason);
    this.#killAfterGrace();
  }

  /** True for a run that was not launched for `runner` alone. */
  mayGoOnWithout(runner: string): boolean {
    return this.#run.assigned_runner !== runner;
  }

  /** Gives the run up so that another runner goes on with it; where none may, it is stopped. Never rejects. */
  async release(reason: string): Promise<void> {
    const released = this.#queue.release(this.#run, `Its runner left: ${reason}.`);
    try {
      if (!(await withinTime(released, RELEASE_LIMIT_MS))) return this.stop(reason);
    } catch (error) {
      // The database goes with the same parent, mostly. Whoever starts it again sees that this runner is gone.
      this.#log.warn({ err: error }, 'the run could not be given up');
    }
    this.#loseLease('it was given up for others to go on with');
  }

  /** Ends the harness at once. */
  kill(): void {
    if (this.#gone) return;
    this.#interventions.killed = true;
    this.#child.kill('SIGKILL');
  }

  /** Renews the lease now, and learns of a stop by it. A call during another makes that one run once more. */
  async renew(): Promise<void> {
    if (this.#gone || this.#leaseLost) return;
    if (this.#renewing) {
      this.#renewAgain = true;
      return;
    }
    this.#renewing = true;
    try {
      do {
        this.#renewAgain = false;
        await this.#renewOnce();
      } while (this.#renewAgain && !this.#gone);
    } finally {
      this.#renewing = false;
    }
  }

  async #renewOnce(): Promise<void> {
    try {
      const answerMs = (this.#config.leaseSeconds * 1_000) / 3;
      const renewal = await withinTime(this.#queue.renew(this.#run), answerMs);
      if (this.#gone) return;
      if (renewal.state === 'lost') return this.#loseLease('the database says that it is not ours any more');
      this.#unheldSeconds = 0;
      // The verdict is in: what is left is a harness that tidies up, and it gets the grace period for that.
      if (renewal.state === 'ended') this.#killAfterGrace();
      else if (renewal.stopping) this.stop(renewal.stopReason);
    } catch (error) {
      this.#log.warn({ err: error }, 'the lease could not be renewed');
    }
  }

  /** Puts the run back where nothing of it is stored; it is tried again with the next tick where that fails. */
  async #giveBack(): Promise<void> {
    if (this.#givingBack || this.#leaseLost || this.#gone) return;
    this.#givingBack = true;
    try {
      if (!(await withinTime(this.#queue.giveBack(this.#run), QUERY_LIMIT_MS))) return;
      const { serverUrl, supabase } = this.#config;
      this.#log.warn(
        { server: new URL(supabase?.url ?? serverUrl).origin },
        `the server took nothing of the run for ${UNANSWERED_LIMIT_SECONDS} s: it is given back to the queue`,
      );
      this.#isGivenBack = true;
      this.#leaseLost = true;
      this.kill();
    } catch (error) {
      this.#log.warn({ err: error }, 'the run could not be given back');
    } finally {
      this.#givingBack = false;
    }
  }

  #loseLease(why: string): void {
    this.#log.error({ why }, 'the lease is lost: the harness is killed');
    this.#leaseLost = true;
    this.kill();
  }

  #killAfterGrace(): void {
    const graceMs = this.#config.stopGraceSeconds * 1_000;
    this.#once(graceMs / 2, () => {
      this.#interventions.terminated = true;
      this.#child.kill('SIGTERM');
    });
    this.#once(graceMs, () => {
      this.#log.warn('the harness did not end in the grace period: it is killed');
      this.kill();
    });
  }

  #tick(): void {
    this.#unheldSeconds += TICK_MS / 1_000;
    if (this.#unheldSeconds > LEASES_UNHELD * this.#config.leaseSeconds && !this.#leaseLost)
      this.#loseLease('it could not be renewed in time');
    const givenUp = this.#progress.tick(TICK_MS / 1_000);
    if (this.#progress.isUnanswered) void this.#giveBack();
    if (givenUp === null || this.#interventions.givenUp !== null) return;
    this.#log.error({ givenUp }, 'the harness is given up and killed');
    this.#interventions.givenUp = givenUp;
    this.kill();
  }

  async #settle(): Promise<Ended> {
    const exit = await this.#child.done;
    this.#gone = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#log.info({ code: exit.code, signal: exit.signal }, 'the harness is gone');
    const isUnsaid = !this.#leaseLost && (await this.#writeEnd(exit));
    const isLeft = this.#hasCity && (isUnsaid || exit.code !== HARNESS_EXIT.delivered);
    return { isGivenBack: this.#isGivenBack, isLeft };
  }

  /** False: the harness had reported the end of its run, or somebody else has it. */
  async #writeEnd(exit: ChildExit): Promise<boolean> {
    const redactor = createRedactor([this.#token, ...runnerSecrets(this.#config, process.env)]);
    // Written again until it is known to be committed, for as long as the lease can still be ours.
    const untilMs = performance.now() + LEASES_UNHELD * this.#config.leaseSeconds * 1_000;
    while (performance.now() < untilMs) {
      try {
        const lastEvents = await withinTime(this.#queue.lastEvents(this.runId, LAST_EVENTS), QUERY_LIMIT_MS);
        const ending = endingOf({
          run: this.#run,
          modules: this.#modules,
          exec: isServiceTarget(this.#run.target) ? this.#config.exec : null,
          gate: this.#config.gate,
          exit,
          interventions: this.#interventions,
          isDelivered: this.#progress.isDelivered,
          lastEvents,
          redactor,
        });
        return await withinTime(this.#write(ending), QUERY_LIMIT_MS);
      } catch (error) {
        this.#log.warn({ err: error }, 'the end of the run could not be written');
        await delay(RETRY_MS);
      }
    }
    this.#log.error('the end of the run could not be written within the lease: it will be marked as lost');
    return true;
  }

  /** False: the run has ended already, or is no longer this runner's. */
  async #write(ending: Ending | Loss): Promise<boolean> {
    if ('lost' in ending) {
      const became = await this.#queue.lose(this.#run, ending);
      const { kind, message } = ending.lost;
      if (became) this.#log.warn({ kind, message, became }, 'the attempt at the run is lost');
      return became !== null;
    }
    const { status, reason } = ending;
    const isEnded = await this.#queue.end(this.#run, ending);
    if (isEnded) this.#log.warn({ status, reason }, 'the run is ended for it');
    return isEnded;
  }

  #every(periodMs: number, work: () => void): void {
    this.#timers.add(setInterval(work, periodMs));
  }

  #once(afterMs: number, work: () => void): void {
    this.#timers.add(setTimeout(work, afterMs));
  }
}
