/** Tasks in the database: asked for, worked at under a lease, answered, cancelled. */
import type { Task, TaskEnd, TaskKind, TaskProgress, WaitingTasks } from '../contract/index.ts';
import type { Sql } from './client.ts';

/** Which one of which run. */
export interface TaskKey {
  run: string;
  kind: TaskKind;
}

/** Why a lease, or a result, is refused: nobody asked, it is over (ready or cancelled), or another holds it. */
export type TaskRefusal = 'unasked' | 'over' | 'held';

interface TaskRow {
  state: Task['state'];
  reason: string | null;
  progress: TaskProgress | null;
  result: Extract<TaskEnd, { state: 'ready' }>['result'] | null;
}

/** Null: nobody has asked. Progress of a lease that lapsed is not told: nobody works at it. */
export async function findTask(sql: Sql, { run, kind }: TaskKey): Promise<Task | null> {
  const [row] = await sql<TaskRow[]>`
    select state, reason, result, case when lease_until > clock_timestamp() then progress end as progress
    from simcity_tasks where run_id = ${run} and kind = ${kind}`;
  if (row === undefined) return null;
  if (row.state === 'none') return { state: 'none', reason: row.reason ?? '' };
  if (row.state === 'ready' && row.result !== null) return { state: 'ready', result: row.result };
  return { state: 'pending', progress: row.progress };
}

/** Whoever asks in order to work at it takes the lease at once, and is not overtaken within this time. */
const HEAD_START_SECONDS = 2;

/** Those asked for with nobody at work on them, in the order in which they were, at most `limit`. */
export async function waitingTasks(sql: Sql, limit: number): Promise<WaitingTasks['tasks']> {
  return await sql<WaitingTasks['tasks']>`
    select run_id as "runId", kind from simcity_tasks
    where state = 'pending' and (lease_until is null or lease_until <= clock_timestamp())
      and asked_at <= clock_timestamp() - make_interval(secs => ${HEAD_START_SECONDS})
    order by asked_at limit ${limit}`;
}

/** False: the run has not ended as this kind of task needs it. `again`: also when it is ready. */
export async function askTask(sql: Sql, { run, kind }: TaskKey, again: boolean): Promise<boolean> {
  const [row] = await sql<{ asked: boolean }[]>`select simcity_ask_task(${run}, ${kind}, ${again}) as asked`;
  return row?.asked === true;
}

/** Null: it is held for `seconds` from now on. */
export async function leaseTask(
  sql: Sql,
  { run, kind }: TaskKey,
  { holder, renews, progress }: { holder: string; renews: boolean; progress: TaskProgress | null },
  seconds: number,
): Promise<TaskRefusal | null> {
  const said = progress === null ? null : JSON.stringify(progress);
  const [row] = await sql<{ refused: TaskRefusal | null }[]>`
    select simcity_lease_task(${run}, ${kind}, ${holder}, ${renews}, ${said}::text::jsonb, ${seconds}) as refused`;
  return row?.refused ?? null;
}

/** Null: it is stored. `result` is JSON. */
export async function finishTask(
  sql: Sql,
  { run, kind }: TaskKey,
  holder: string,
  { result, reason }: { result: string | null; reason: string | null },
): Promise<TaskRefusal | null> {
  const [row] = await sql<{ refused: TaskRefusal | null }[]>`
    select simcity_finish_task(${run}, ${kind}, ${holder}, ${result}::text::jsonb, ${reason}) as refused`;
  return row?.refused ?? null;
}

/** The state that it had before; null: nobody has asked. */
export async function cancelTask(sql: Sql, { run, kind }: TaskKey): Promise<Task['state'] | null> {
  const [row] = await sql<{ state: Task['state'] | null }[]>`
    select simcity_cancel_task(${run}, ${kind}) as state`;
  return row?.state ?? null;
}
