/** Supervises one claimed run: its harness, its lease, its stop, its limits, and what became of it. */
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import {
  createRedactor,
  isModuleLabel,
  isServiceTarget,
  type Modules,
  type Repeat,
} from '../../server/contract/index.ts';
import type { RunnerConfig } from '../config.ts';
import type { HarnessChild, Launcher } from '../launch/harness-child.ts';
import { runnerSecrets } from '../secrets.ts';
import { withCredentials } from '../targets/http/credentials.ts';
import { endingOf, type Interventions } from './outcome.ts';
import { Progress } from './progress.ts';
import type { ClaimedRun, Ending, Loss, Queue } from './queue.ts';
import { withinTime } from './within-time.ts';

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

export class RunSupervisor {
  readonly runId: string;
  /** Resolves when the run has its verdict or is no longer ours, and its harness is gone. Never rejects. */
  readonly done: Promise<void>;
  readonly #run: ClaimedRun;
  readonly #queue: Queue;
  readonly #config: RunnerConfig;
  readonly #log: Logger;
  readonly #token: string;
  readonly #child: HarnessChild;
  readonly #modules: Modules;
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
    const { scenario, seed } = run;
    const target = withCredentials(run.target, config.credentials);
    const gate = isServiceTarget(target) && run.config.gate !== null ? config.gate : null;
    const needsDatabase = target === 'postgres' || isModuleLabel(target) || gate !== null;
    const targetUrl = needsDatabase ? config.targetUrl : null;
    const modules = {
      target: isModuleLabel(target) ? config.modules.target : null,
      scenario: isModuleLabel(scenario) ? config.modules.scenario : null,
      adapter: isServiceTarget(target) ? config.modules.adapter : null,
    };
    this.#modules = modules;
    const repeat = repeatOf(run);
    const exec = isServiceTarget(target) ? config.exec : null;
    const targets = run.config.targets.map((each) => withCredentials(each, config.credentials));
    const order = {
      runId: run.id,
      scenario,
      target,
      seed,
      config: run.config,
      repeat,
      generation: run.generation,
      serverUrl: config.serverUrl,
      supabase: config.supabase,
    };
    // Signs of life come later than this constructor ends.
    this.#child = launch({ ...order, token, targetUrl, exec, gate, targets, modules }, (alive) =>
      this.#progress.heard(alive),
    );
    this.#progress = new Progress({
      ...run.config,
      startLimitSeconds: this.#child.startLimitSeconds,
      repeatedSeconds: repeat?.elapsedSeconds ?? 0,
    });
    this.#log.info(
      { harnessPid: this.#child.pid, scenario, target: run.target, seed, attempt: run.attempts },
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
    if (givenUp === null || this.#interventions.givenUp !== null) return;
    this.#log.error({ givenUp }, 'the harness is given up and killed');
    this.#interventions.givenUp = givenUp;
    this.kill();
  }

  async #settle(): Promise<void> {
    const exit = await this.#child.done;
    this.#gone = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#log.info({ code: exit.code, signal: exit.signal }, 'the harness is gone');
    if (this.#leaseLost) return;
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
          lastEvents,
          redactor,
        });
        await withinTime(this.#write(ending), QUERY_LIMIT_MS);
        return;
      } catch (error) {
        this.#log.warn({ err: error }, 'the end of the run could not be written');
        await delay(RETRY_MS);
      }
    }
    this.#log.error('the end of the run could not be written within the lease: it will be marked as lost');
  }

  async #write(ending: Ending | Loss): Promise<void> {
    if ('lost' in ending) {
      const became = await this.#queue.lose(this.#run, ending);
      const { kind, message } = ending.lost;
      if (became) this.#log.warn({ kind, message, became }, 'the attempt at the run is lost');
    } else if (await this.#queue.end(this.#run, ending)) {
      const { status, reason } = ending;
      this.#log.warn({ status, reason }, 'the run is ended for it');
    }
  }

  #every(periodMs: number, work: () => void): void {
    this.#timers.add(setInterval(work, periodMs));
  }

  #once(afterMs: number, work: () => void): void {
    this.#timers.add(setTimeout(work, afterMs));
  }
}

/** What of the run an attempt before this one has stored; null: nothing. */
function repeatOf({ repeat_below: below, elapsed_seconds, healed_ms: healedMs }: ClaimedRun): Repeat | null {
  return below === 0 ? null : { below, elapsedSeconds: elapsed_seconds ?? 0, healedMs };
}
