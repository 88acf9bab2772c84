/** One execution's ground: its clone, and the service that speaks to it through the gate. */
import { setTimeout as delay } from 'node:timers/promises';
import type postgres from 'postgres';
import type { StartedService } from '../../http/service-process.ts';
import type { WireGate } from '../wire.ts';
import type { Clone } from './clones.ts';
import { keepStill } from './ownership.ts';
import { withoutPasswords } from './reason.ts';

/** A backend that was told to end is gone before. */
const GONE_LIMIT_MS = 10_000;
const LOOK_EVERY_MS = 2;
const SHOWN_LINES = 5;

export interface Stand {
  /** How long it took to make the clone. */
  readonly cloneMs: number;
  /** To the clone, as the role that made it, past the gate. */
  readonly control: postgres.Sql;
  readonly service: StartedService;
  /** Processes of the service, without SimCity's own beside them; none where they cannot be seen. */
  readonly roots: () => readonly number[];
  /** Ends backends of the clone; resolves when they are gone. */
  terminate(pids: readonly number[]): Promise<void>;
  /** Kills the whole service and starts it again on the same clone. The gate is open afterwards. */
  crash(): Promise<void>;
}

export class RunningStand implements Stand {
  readonly cloneMs: number;
  readonly control: postgres.Sql;
  readonly service: StartedService;
  readonly #gate: WireGate;
  readonly #answers: () => Promise<boolean>;
  readonly #started: () => Promise<void>;

  /** `answers` tells whether the service can be reached; `started` is called each time that it has come up. */
  constructor(
    clone: Clone,
    control: postgres.Sql,
    service: StartedService,
    gate: WireGate,
    answers: () => Promise<boolean>,
    started: () => Promise<void>,
  ) {
    this.cloneMs = clone.ms;
    this.control = control;
    this.service = service;
    this.#gate = gate;
    this.#answers = answers;
    this.#started = started;
  }

  readonly roots = (): readonly number[] => this.service.roots();

  async terminate(pids: readonly number[]): Promise<void> {
    await this.#end(pids);
  }

  async crash(): Promise<void> {
    await this.service.kill();
    // What it had at the gate does not go on without it. A backend that waits for a lock does not see that nobody is there.
    this.#gate.cutAll();
    await this.cut();
    this.#gate.isOpen = true;
    await this.start();
  }

  /** Starts the service, and keeps the tables still that it makes then. */
  async start(): Promise<void> {
    await this.service.start();
    await this.#started();
    await this.#keepStill();
  }

  /**
   * Waits until the service, whose connections have been cut, answers again. `ends`: how often it had ended before.
   * @throws Error when it did not survive that.
   */
  async goOn(ends: number): Promise<void> {
    const untilMs = performance.now() + GONE_LIMIT_MS;
    while (this.service.running && !(await this.#answers())) {
      if (performance.now() > untilMs) throw new Error(this.#lost('does not answer any more'));
      await delay(LOOK_EVERY_MS);
    }
    // Nobody may have looked at it between its end and its answer.
    if (!this.service.running || this.service.ends > ends) throw new Error(this.#lost('ended'));
    await this.#keepStill();
  }

  /** Ends all backends of the clone but that of this connection. */
  async cut(): Promise<void> {
    await this.#end(null);
  }

  async leave(): Promise<void> {
    await this.control.end({ timeout: 0 });
  }

  /** Those of `pids`; null: all but this connection. */
  async #end(pids: readonly number[] | null): Promise<void> {
    const untilMs = performance.now() + GONE_LIMIT_MS;
    const list = pids === null ? null : `{${pids.join(',')}}`;
    for (;;) {
      const rows = await this.control`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
          and (${list}::int[] is null or pid = any(${list}::int[]))`;
      if (rows.length === 0) return;
      if (performance.now() > untilMs)
        throw new Error('PostgreSQL does not end its connections to the clone.');
      await delay(LOOK_EVERY_MS);
    }
  }

  /** A service that holds a table all the time is not waited for. */
  async #keepStill(): Promise<void> {
    await this.control`set lock_timeout = '1s'`;
    await keepStill(this.control);
    await this.control`reset lock_timeout`;
  }

  #lost(what: string): string {
    const { stdout, stderr } = this.service.report();
    const lines = [...stdout, ...stderr];
    const reason = lines.find((line) => /\berror\b/i.test(line));
    const last = withoutPasswords(
      [...(reason === undefined ? [] : [reason, '…']), ...lines.slice(-SHOWN_LINES)].join('\n'),
    );
    return `The service ${what} when its connections to the database were cut; it has to be started anew for each execution (--gate-service restart).${last === '' ? '' : ` It printed last:\n${last}`}`;
  }
}
