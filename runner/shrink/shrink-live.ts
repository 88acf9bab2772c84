/**
 * Makes a failing run against a live service small. The interleaving is the world's there, so that each
 * candidate is executed several times before it is said not to fail, and the result is told with the rate at
 * which it fails.
 */
import type { RunEvent } from '../../server/contract/index.ts';
import { executeLive } from '../harness/live/execute-live.ts';
import { groupOf, type LiveTrace } from '../harness/live/group-cursor.ts';
import { ONE_BY_ONE } from '../harness/live/live-run.ts';
import { StopControl } from '../harness/stop-control.ts';
import { MemorySink } from '../telemetry/memory.ts';
import { ddmin } from './ddmin.ts';
import type { ShrinkOptions, Shrunk } from './shrink.ts';
import { sameSignature, signatureOf, whyNotShrinkable } from './signature.ts';
import { type Candidate, configOf, overtimeOf, type Subject, type Trial } from './trials.ts';

/** The whole run is executed so often until it fails again. */
const WHOLE_TRIES = 5;
/** A candidate that did not fail in so many executions is taken not to: for small ones, and for larger ones. */
const TRIES = { small: 6, large: 3 } as const;
const SMALL = 40;
/** The result without one of its requests is executed so often to say that it does not fail. */
const MINIMAL_TRIES = 8;

export interface LiveSubject extends Subject {
  /** The command that starts the service; null: it runs already. */
  exec: string | null;
}

interface LiveTrial extends Trial {
  requests: LiveTrace['begun'];
}

/** The smallest part found within the budget, or why there is none. */
export async function shrinkLive(subject: LiveSubject, options: ShrinkOptions): Promise<Shrunk | string> {
  const trials = new LiveTrials(subject, options);
  try {
    return await searched(subject, trials, options);
  } finally {
    trials.close();
  }
}

async function searched(
  subject: LiveSubject,
  trials: LiveTrials,
  options: ShrinkOptions,
): Promise<Shrunk | string> {
  const whole = await trials.whole();
  if (!whole) return `the plan of seed ${subject.seed} did not fail again in ${trials.executions} executions`;
  const why = whyNot(whole);
  if (why) return why;
  const search = new LiveSearch(trials, whole, options);
  await search.parts();
  await search.operations();
  await search.faults();
  await search.operations();
  return await search.conclude();
}

function whyNot({ forensic }: LiveTrial): string | null {
  if (!forensic) return 'it did not fail';
  if (forensic.operation === null && forensic.kind === 'invariant') {
    return 'it showed in the first look at the service, which is a handful of requests: the bundle names them';
  }
  return whyNotShrinkable(forensic.kind);
}

class LiveTrials {
  readonly #subject: LiveSubject;
  readonly #options: ShrinkOptions;
  readonly #startedMs = performance.now();
  /** Ends an execution that is under way: when that is asked for, and when not even a confirmation may go on. */
  readonly #stop = new StopControl();
  readonly #timer: NodeJS.Timeout;
  #whole: LiveTrial | null = null;
  executions = 0;

  constructor(subject: LiveSubject, options: ShrinkOptions) {
    this.#subject = subject;
    this.#options = options;
    const seconds = options.maxSeconds + overtimeOf(options);
    this.#timer = setTimeout(
      () => this.#stop.request('its time is up'),
      Math.min(seconds * 1_000, 2 ** 31 - 1),
    );
    options.signal.onRequest(() => this.#stop.request(options.signal.reason));
  }

  /** True once nothing may be executed any more. */
  get over(): boolean {
    return this.#stop.requested;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  get seconds(): number {
    return (performance.now() - this.#startedMs) / 1_000;
  }

  get spent(): boolean {
    const { signal, maxExecutions, maxSeconds } = this.#options;
    return signal.requested || this.executions >= maxExecutions || this.seconds >= maxSeconds;
  }

  /** The whole run, as soon as it fails again. */
  async whole(): Promise<LiveTrial | null> {
    const { config } = this.#subject;
    const { operations = [], muted = [], variant = 0 } = config.reduction ?? {};
    const { concurrency } = config;
    const candidate: Candidate = { operations, muted, variant, schedule: null, concurrency, faults: true };
    for (let i = 0; i < WHOLE_TRIES && !this.spent; i++) {
      const trial = await this.#execute(config, candidate);
      if (!trial.forensic) continue;
      this.#whole = { ...trial, fails: 'same' };
      return this.#whole;
    }
    return null;
  }

  async run(candidate: Candidate): Promise<LiveTrial> {
    return await this.#execute(configOf(this.#subject.config, candidate), candidate);
  }

  async #execute(config: LiveSubject['config'], candidate: Candidate): Promise<LiveTrial> {
    this.executions++;
    const sink = new MemorySink();
    const trace: LiveTrace = { begun: [], struck: [] };
    const { scenario, target, seed, exec } = this.#subject;
    const signal = this.#stop;
    const live = { scenario, target, seed, config, exec, sink, signal, trace, retries: 0 };
    const { failForensic: forensic } = await executeLive(live);
    const events = sink.events.filter(isTold);
    const begun = trace.begun.map(({ n }) => n);
    const told = { picks: [], struck: trace.struck, begun };
    return { candidate, fails: this.#judge(forensic), forensic, events, trace: told, requests: trace.begun };
  }

  /** One bug shows in several ways when the interleaving differs: on the same slot that is the same failure. */
  #judge(forensic: LiveTrial['forensic']): Trial['fails'] {
    if (!forensic) return 'no';
    const first = this.#whole?.forensic;
    if (!first) return 'same';
    if (sameSignature(signatureOf(first), signatureOf(forensic))) return 'same';
    const ofSlot = ['invariant', 'linearizability'];
    const alike = ofSlot.includes(first.kind) && ofSlot.includes(forensic.kind);
    return alike && first.object === forensic.object ? 'same' : 'otherwise';
  }
}

/** What a story has no use for. */
function isTold({ type, data }: RunEvent): boolean {
  return type !== 'note' || (data['what'] !== 'phase' && typeof data['afterMs'] === 'number');
}

class LiveSearch {
  readonly #trials: LiveTrials;
  readonly #whole: LiveTrial;
  readonly #options: ShrinkOptions;
  #best: LiveTrial;
  #stage = '';

  constructor(trials: LiveTrials, whole: LiveTrial, options: ShrinkOptions) {
    this.#trials = trials;
    this.#whole = whole;
    this.#options = options;
    const operations = unique(whole.requests.map(({ n }) => n));
    this.#best = { ...whole, candidate: { ...whole.candidate, operations } };
  }

  /** Big steps: the newest groups of the slot that broke, more and more of them; then all that concerns it. */
  async parts(): Promise<void> {
    this.#tell('the slot that broke');
    const { requests, forensic } = this.#whole;
    const object = forensic?.object ?? null;
    const concerns = requests.filter(({ slot }) => object === null || slot === object || slot === null);
    const groups = unique(requests.filter(({ slot }) => slot === object).map(({ n }) => groupOf(n)));
    for (let size = 1; size < groups.length; size = Math.ceil(size * 1.6)) {
      const newest = new Set(groups.slice(-size));
      const part = unique(requests.map(({ n }) => n).filter((n) => newest.has(groupOf(n))));
      if (await this.#acceptOperations(part)) return;
    }
    await this.#acceptOperations(unique(concerns.map(({ n }) => n)));
  }

  async operations(): Promise<void> {
    this.#tell('requests');
    await ddmin(this.#best.candidate.operations, (part) => this.#acceptOperations(part));
  }

  async faults(): Promise<void> {
    this.#tell('faults');
    if (!this.#best.candidate.faults || (await this.#accept({ faults: false }))) return;
    const already = this.#best.candidate.muted;
    const struck = unique(this.#best.trace.struck);
    await ddmin(struck, (kept) =>
      this.#accept({ muted: [...already, ...struck.filter((fault) => !kept.includes(fault))] }),
    );
  }

  async conclude(): Promise<Shrunk | string> {
    this.#tell('confirming');
    const trial = this.#best;
    if (trial === this.#whole || trial.candidate.operations.length >= this.#whole.requests.length) {
      return 'no smaller part of it failed again: what breaks it needs the whole history, or shows too seldom';
    }
    let minimal = true;
    let failsOtherwise = 0;
    for (const gone of trial.candidate.operations) {
      const operations = trial.candidate.operations.filter((n) => n !== gone);
      const fails = this.#trials.spent ? 'same' : await this.#often({ ...trial.candidate, operations });
      if (fails === 'same') minimal = false;
      if (fails === 'otherwise') failsOtherwise++;
    }
    const reproduced = { times: 0, of: 0 };
    while (reproduced.of < this.#options.confirmations && !this.#trials.over) {
      reproduced.of++;
      if ((await this.#trials.run(trial.candidate)).fails === 'same') reproduced.times++;
    }
    const { executions, seconds } = this.#trials;
    const operationsBefore = this.#whole.requests.length;
    return {
      trial,
      operationsBefore,
      minimal,
      failsOtherwise,
      reproduced,
      executions,
      seconds,
    };
  }

  async #often(candidate: Candidate): Promise<Trial['fails']> {
    let fails: Trial['fails'] = 'no';
    for (let i = 0; i < MINIMAL_TRIES && !this.#trials.spent; i++) {
      const trial = await this.#trials.run(candidate);
      if (trial.fails === 'same') return 'same';
      if (trial.fails === 'otherwise') fails = 'otherwise';
    }
    return fails;
  }

  /** One group after the other tells the clearest story; as they came is what the whole run did. */
  async #acceptOperations(operations: readonly number[]): Promise<boolean> {
    if (operations.length >= this.#best.candidate.operations.length || operations.length === 0) return false;
    if (this.#best.candidate.variant === ONE_BY_ONE) return await this.#accept({ operations });
    return (await this.#accept({ operations, variant: ONE_BY_ONE })) || (await this.#accept({ operations }));
  }

  async #accept(change: Partial<Candidate>): Promise<boolean> {
    const candidate = { ...this.#best.candidate, ...change };
    const tries = candidate.operations.length <= SMALL ? TRIES.small : TRIES.large;
    for (let i = 0; i < tries && !this.#trials.spent; i++) {
      const trial = await this.#trials.run(candidate);
      this.#report();
      if (trial.fails !== 'same') continue;
      this.#best = { ...trial, candidate: withoutUnused(trial) };
      return true;
    }
    return false;
  }

  #tell(stage: string): void {
    this.#stage = stage;
    this.#report();
  }

  #report(): void {
    const operations = this.#best.candidate.operations.length;
    this.#options.onProgress({ executions: this.#trials.executions, operations, stage: this.#stage });
  }
}

/** Requests that were kept but never begun, because the run failed before or took another way, are not needed. */
function withoutUnused({ candidate, requests }: LiveTrial): Candidate {
  const begun = new Set(requests.map(({ n }) => n));
  return { ...candidate, operations: candidate.operations.filter((n) => begun.has(n)) };
}

function unique<T extends number | string>(items: readonly T[]): T[] {
  const all = [...new Set(items)];
  return all.sort((a, b) => (a < b ? -1 : 1));
}
