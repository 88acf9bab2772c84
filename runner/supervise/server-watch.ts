/** Knows whether the server that takes the telemetry answers, so that no run is claimed of which nothing could be delivered. */
import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';

/** So long an answer is believed. */
const FRESH_MS = 10_000;
const ANSWER_LIMIT_MS = 2_000;
/** After a run was given back others come first: the server may answer here, and not where harnesses are. */
const REST_MS = 5_000;

export class ServerWatch {
  readonly #ready: URL;
  readonly #log: Logger;
  #answers: boolean | null = null;
  #knownUntilMs = 0;

  /** `serverUrl`: its base URL. */
  constructor(serverUrl: string, log: Logger) {
    const { origin } = new URL(serverUrl);
    this.#ready = new URL('/readyz', origin);
    this.#log = log;
  }

  /** True when it is ready; asks it only when that is not known. Never rejects; once `signal` is aborted it is false. */
  async answers(signal: AbortSignal): Promise<boolean> {
    if (performance.now() < this.#knownUntilMs) return this.#answers === true;
    const problem = await this.#problem(signal);
    if (signal.aborted) return false;
    this.#knownUntilMs = problem === null ? performance.now() + FRESH_MS : 0;
    this.#tell(problem);
    return problem === null;
  }

  /** A harness was not answered. */
  doubt(): void {
    this.#answers = false;
    this.#knownUntilMs = performance.now() + REST_MS;
  }

  async #problem(signal: AbortSignal): Promise<string | null> {
    try {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
      const response = await fetch(this.#ready, { signal: limited, redirect: 'manual' });
      await response.body?.cancel();
      return response.ok ? null : `its answer is ${response.status}`;
    } catch (error) {
      return reasonOf(error);
    }
  }

  #tell(problem: string | null): void {
    const before = this.#answers;
    this.#answers = problem === null;
    const server = this.#ready.origin;
    if (problem !== null && before !== false)
      this.#log.warn(
        { server, problem },
        'the server does not answer: no run is claimed until it does. SIMCITY_URL names it',
      );
    else if (problem === null && before === false)
      this.#log.info({ server }, 'the server answers: runs are claimed again');
  }
}

/** `fetch` fails with a sentence that says nothing; what it was is the cause. */
function reasonOf(error: unknown): string {
  const { cause = error } = error as Error;
  const { code, message } = cause as NodeJS.ErrnoException;
  return code === undefined || typeof code !== 'string' ? message : code;
}
