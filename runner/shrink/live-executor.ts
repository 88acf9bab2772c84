/** Executes candidates against a live service, where the world decides the interleaving. */
import type { RunConfig, RunEvent } from '../../server/contract/index.ts';
import type { StopSignal } from '../harness/execute.ts';
import { ExecutionLimitError } from '../harness/execution-watch.ts';
import { executeLive } from '../harness/live/execute-live.ts';
import { groupOf } from '../harness/live/group-cursor.ts';
import { ONE_BY_ONE } from '../harness/live/live-run.ts';
import { liveSettingsOf } from '../harness/live-settings.ts';
import { StopControl } from '../harness/stop-control.ts';
import { emptyTrace } from '../harness/trace.ts';
import { MemorySink } from '../telemetry/memory.ts';
import type { Candidate, Subject, Timing } from './candidate.ts';
import type { Execution, Executor } from './executor.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class LiveExecutor implements Executor {
  readonly isRepeatable = false;
  readonly guesses = 0;
  readonly #subject: Subject;
  /** Ends the execution that is under way. */
  #current = new StopControl();

  constructor(subject: Subject, stop: StopSignal) {
    this.#subject = subject;
    stop.onRequest(() => this.#current.request('it was stopped.'));
  }

  async execute(config: RunConfig, seconds: number): Promise<Execution> {
    const { scenario, target, seed, exec = null } = this.#subject;
    const sink = new MemorySink();
    const trace = emptyTrace();
    const signal = new StopControl();
    this.#current = signal;
    const late = () => signal.request(`it had not come to its end after ${Math.round(seconds)} s.`);
    const timer = setTimeout(late, Math.min(seconds * 1_000, LONGEST_TIMER_MS));
    try {
      const settings = liveSettingsOf({ target, config, exec });
      const run = { scenario, target, seed, config, exec, ...settings, sink, signal, trace, retries: 0 };
      const { failForensic: forensic } = await executeLive(run);
      if (forensic || !signal.requested) return { forensic, events: sink.events.filter(isTold), trace };
    } catch (error) {
      if (!signal.requested) throw error;
    } finally {
      clearTimeout(timer);
    }
    throw new ExecutionLimitError(`The execution was broken off: ${signal.reason}`);
  }

  /** One group after the other tells the clearest story; as they came is what the whole run did. */
  timings({ variant, concurrency, schedule, order }: Candidate): Timing[] {
    return [...new Set([ONE_BY_ONE, variant])].map((each) => ({
      variant: each,
      concurrency,
      schedule,
      order,
    }));
  }

  groupOf(n: number): number {
    return groupOf(n);
  }

  async close(): Promise<void> {}
}

/** What a story has no use for. */
function isTold({ type, data }: RunEvent): boolean {
  return type !== 'note' || (data['what'] !== 'phase' && typeof data['afterMs'] === 'number');
}
