/** Tells of queued runs that only an engine of another generation may execute, and ends those that none will take. */
import type { Logger } from 'pino';
import { type Engine, otherGeneration } from '../../server/contract/index.ts';
import { withinTime } from '../../server/contract/within-time.ts';
import { VERSION } from '../versions.ts';
import type { Queue, WaitingRun } from './queue.ts';

const QUERY_LIMIT_MS = 10_000;

export class OtherGenerations {
  readonly #queue: Queue;
  readonly #only: string | null;
  readonly #log: Logger;
  /** Those of the runs that wait that were told of. */
  #told = new Set<string>();
  #looking = false;
  #lookAgain = false;

  /** `only`: the one run that the runner was started for; null: it takes any. */
  constructor(queue: Queue, only: string | null, log: Logger) {
    this.#queue = queue;
    this.#only = only;
    this.#log = log;
  }

  /** Looks once; a call during another makes that one look once more. Never rejects. */
  async look(): Promise<void> {
    this.#lookAgain = true;
    if (this.#looking) return;
    this.#looking = true;
    try {
      while (this.#lookAgain) {
        this.#lookAgain = false;
        await this.#lookOnce();
      }
    } catch (error) {
      this.#log.warn({ err: error }, 'runs of other generations of the engine could not be looked for');
    } finally {
      this.#looking = false;
    }
  }

  async #lookOnce(): Promise<void> {
    const waiting = await withinTime(this.#queue.waitingForOthers(this.#only), QUERY_LIMIT_MS);
    const told = this.#told;
    this.#told = new Set(waiting.map(({ id }) => id));
    for (const run of waiting) {
      if (run.isOwn || run.id === this.#only) await this.#end(run);
      else if (!told.has(run.id)) {
        const { id, generation, version } = run;
        this.#log.warn({ run: id, generation, version }, `${why(run)}. It waits for ${runnerOf(run)}.`);
      }
    }
  }

  /** The run is this runner's alone, so that it would wait for ever. */
  async #end(run: WaitingRun): Promise<void> {
    const reason = `${why(run)}. It can be executed again by ${runnerOf(run)}.`;
    const ending = { status: 'STOPPED', reason, forensic: null } as const;
    const ended = await withinTime(this.#queue.end(run, ending), QUERY_LIMIT_MS);
    if (ended) this.#log.error({ run: run.id, reason }, 'the run is ended: it is of another generation');
  }
}

function why(engine: Engine): string {
  return `The run ${otherGeneration(engine, VERSION)}`;
}

function runnerOf({ generation, version }: Engine): string {
  return version === null ? `a runner of generation ${generation}` : `a runner of SimCity ${version}`;
}
