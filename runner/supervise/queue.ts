/** The queue of runs in the control plane's database: claim, renew, end, reap. Time is the database's alone. */
import type { Row, Sql } from 'postgres';
import { z } from 'zod';
import {
  ENGINE_GENERATION,
  type Engine,
  type Forensic,
  isTerminal,
  runConfigSchema,
  runStatusSchema,
  type TerminalStatus,
} from '../../server/contract/index.ts';
import { hasOwnCode } from '../../server/contract/world-runner.ts';
import { VERSION } from '../versions.ts';

const claimedSchema = z.object({
  id: z.uuid(),
  scenario: z.string(),
  target: z.string(),
  seed: z.coerce.number().int(),
  config: runConfigSchema,
  /** The fencing token: every later word about the run bears it. A bigint, so a string. */
  fence: z.coerce.string(),
  /** Number of this attempt, from 1. */
  attempts: z.int(),
  /** Events below this index are stored already; 0: none are. */
  repeat_below: z.coerce.number().int(),
  elapsed_seconds: z.number().nullable(),
  healed_ms: z.number().nullable(),
  /** The only runner that may take it; null: any may. */
  assigned_runner: z.string().nullable(),
  /** The engine's generation, which is this one's: a run stores it with its first claim, and keeps it. */
  generation: z.int(),
});
export type ClaimedRun = z.infer<typeof claimedSchema>;

/** A queued run that only an engine of another generation may execute. */
export interface WaitingRun extends Engine {
  id: string;
  fence: string;
  /** True when no other runner may take it. */
  isOwn: boolean;
}
/** The oldest of them are told of first. */
const WAITING_AT_ONCE = 100;

const NO_CODE =
  'The process that was to execute the run is gone, and it alone had the file or command of yours that the run takes: launch it again.';

const renewedSchema = z.object({ status: runStatusSchema, stop_reason: z.string().nullable() });

const becameSchema = z.enum(['QUEUED', 'STOPPED']).nullable();

const lastEventSchema = z.object({
  idx: z.coerce.number(),
  at: z.date(),
  virtual_ms: z.number(),
  type: z.string(),
  actor: z.string(),
  data: z.unknown(),
});

/** The answer to a renewal. `ended`: the run has its verdict; `lost`: another runner or nobody holds it. */
export type Renewal =
  | { state: 'held'; stopping: boolean; stopReason: string | null }
  | { state: 'ended' }
  | { state: 'lost' };

export interface Ending {
  status: TerminalStatus;
  reason: string | null;
  forensic: Forensic | null;
}

/** Infrastructure has ended the attempt; the run may be executed again. */
export interface Loss {
  lost: Forensic;
}

export class Queue {
  readonly #sql: Sql;
  readonly #runner: string;
  readonly #leaseSeconds: number;

  constructor(sql: Sql, runner: string, leaseSeconds: number) {
    this.#sql = sql;
    this.#runner = runner;
    this.#leaseSeconds = leaseSeconds;
  }

  /** Takes the oldest run that waits, if there is one; its telemetry must come with the token of that hash. */
  async claim(tokenHash: Buffer, only: string | null): Promise<ClaimedRun | null> {
    const rows = await this.#sql`
      select * from simcity_claim_run(${this.#runner}, ${this.#leaseSeconds}, ${tokenHash}, ${only},
          ${ENGINE_GENERATION}, ${VERSION}) as run
        left join lateral simcity_stored_prefix(run.id, run.repeat_below) on true`;
    if (!rows[0]) return null;
    const run = claimedSchema.safeParse(rows[0]);
    if (run.success) return run.data;
    await this.#refuse(rows[0], run.error);
    return null;
  }

  /** Ends a claimed run that this version cannot execute, instead of leaving it to its lease. */
  async #refuse(row: Row, error: z.ZodError): Promise<void> {
    const issues = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    const reason = `The run cannot be executed by this version of SimCity: ${issues}`;
    await this.#sql`
      select simcity_end_fenced(${row['id']}, ${row['fence']}, 'STOPPED', 'start-failed',
        simcity_harness_forensic(${row['id']}, 'start-failed', ${reason}))`;
  }

  /** The queued runs that this runner would take if they were of its generation, oldest first. */
  async waitingForOthers(only: string | null): Promise<WaitingRun[]> {
    return await this.#sql<WaitingRun[]>`
      select id, fence::text, generation, version, assigned_runner is not null as "isOwn" from simcity_runs
      where status = 'QUEUED' and generation <> ${ENGINE_GENERATION}
        and (assigned_runner is null or assigned_runner = ${this.#runner})
        and (${only}::uuid is null or id = ${only})
      order by created_at, id limit ${WAITING_AT_ONCE}`;
  }

  async renew(run: ClaimedRun): Promise<Renewal> {
    const rows = await this.#sql`
      select * from simcity_renew_lease(${run.id}, ${run.fence}, ${this.#leaseSeconds})`;
    if (rows[0]) {
      const { status, stop_reason } = renewedSchema.parse(rows[0]);
      return { state: 'held', stopping: status === 'STOPPING', stopReason: stop_reason };
    }
    const [row] = await this.#sql`select fence::text, status from simcity_runs where id = ${run.id}`;
    const ended = row?.['fence'] === run.fence && isTerminal(runStatusSchema.parse(row['status']));
    return ended ? { state: 'ended' } : { state: 'lost' };
  }

  /** Ends a run whose harness could not. False: it has ended already, or was claimed since by another. */
  async end(run: Pick<ClaimedRun, 'id' | 'fence'>, ending: Ending): Promise<boolean> {
    const forensic = ending.forensic && JSON.stringify(ending.forensic);
    const [row] = await this.#sql`
      select simcity_end_fenced(${run.id}, ${run.fence}, ${ending.status}, ${ending.reason}, ${forensic}::text::jsonb) as ended`;
    return row?.['ended'] === true;
  }

  /**
   * Says that infrastructure has ended the attempt: the run is queued again, or ends STOPPED. Returns which; null: it
   * has ended already, or is no longer this runner's.
   */
  async lose(run: ClaimedRun, { lost }: Loss): Promise<'QUEUED' | 'STOPPED' | null> {
    const [row] = await this.#sql`
      select simcity_lose_run(${run.id}, ${run.fence}, ${JSON.stringify(lost)}::text::jsonb) as became`;
    return becameSchema.parse(row?.['became'] ?? null);
  }

  /** The last events that were stored, oldest first, as the API gives them. */
  async lastEvents(runId: string, count: number): Promise<Record<string, unknown>[]> {
    const rows = await this.#sql`
      select idx, at, virtual_ms, type, actor, data from simcity_run_events
      where run_id = ${runId} order by idx desc limit ${count}`;
    return rows.reverse().map((row) => {
      const { idx, at, virtual_ms, type, actor, data } = lastEventSchema.parse(row);
      return { index: idx, at: at.toISOString(), virtualMs: virtual_ms, type, actor, data };
    });
  }

  /** Queues a run again that this runner gives up while it goes on elsewhere. False: it cannot be, or is not ours. */
  async release(run: ClaimedRun, why: string): Promise<boolean> {
    const [row] = await this.#sql`select simcity_requeue_run(${run.id}, ${run.fence}, ${why}) as released`;
    return row?.['released'] === true;
  }

  /** Runners on which runs depend: those that execute one, that alone may take one, or that were the last to execute it. */
  async neededRunners(): Promise<string[]> {
    const rows = await this.#sql<{ name: string }[]>`
      select runner as name from simcity_runs where status in ('RUNNING', 'STOPPING') and runner is not null
      union select coalesce(assigned_runner, lost_attempts -> -1 ->> 'runner') from simcity_runs
        where status = 'QUEUED' and coalesce(assigned_runner, lost_attempts -> -1 ->> 'runner') is not null`;
    return rows.map(({ name }) => name);
  }

  /**
   * Runners that are certainly gone: what they executed is lost at once, not only when their leases end, and what they
   * alone might take `heir` takes; null: anybody may. What takes a file or command of theirs is stopped.
   */
  async forsake(runners: readonly string[], heir: string | null): Promise<void> {
    const names = [...runners];
    await this.#sql`
      update simcity_runs set lease_expires_at = clock_timestamp() - interval '1 second'
      where status in ('RUNNING', 'STOPPING') and runner = any(${names})`;
    const needed = names.filter(hasOwnCode);
    if (needed.length > 0) {
      await this.#sql`
        select simcity_end_fenced(id, fence, 'STOPPED', 'harness-lost',
          simcity_harness_forensic(id, 'harness-lost', ${NO_CODE}))
        from simcity_runs where status = 'QUEUED' and assigned_runner = any(${needed})`;
    }
    await this.#sql`
      update simcity_runs set assigned_runner = ${heir}
      where status = 'QUEUED' and assigned_runner = any(${names})`;
  }

  /** The queued runs that a runner which takes no others takes: its own, and those that `gone` were the last to execute. */
  async leftBy(gone: readonly string[]): Promise<string[]> {
    const rows = await this.#sql<{ id: string }[]>`
      select id from simcity_runs where status = 'QUEUED' and (assigned_runner = ${this.#runner}
        or (assigned_runner is null and lost_attempts -> -1 ->> 'runner' = any(${[...gone]})))
      order by created_at, id limit ${WAITING_AT_ONCE}`;
    return rows.map(({ id }) => id);
  }

  /** Queues the runs of other runners that are gone again, or ends them; returns their ids. */
  async reap(): Promise<string[]> {
    const rows = await this.#sql`select id from simcity_reap_lost(${this.#runner}) as lost (id)`;
    return rows.map((row) => String(row['id']));
  }

  /** Calls `listener` with the payload of every notification on `channel`, also after a reconnection. */
  async listen(
    channel: 'simcity_queue' | 'simcity_stop',
    listener: (payload: string) => void,
  ): Promise<void> {
    await this.#sql.listen(channel, listener);
  }
}
