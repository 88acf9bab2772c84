/** Explanations in the database: asked for, worked at under a lease, answered, cancelled. */
import type { ExplainProgress, Explanation } from '../contract/index.ts';
import type { Sql } from './client.ts';

/** Why a lease, or a result, is refused: nobody asked, it is over (ready or cancelled), or another holds it. */
export type ExplanationRefusal = 'unasked' | 'over' | 'held';

interface ExplanationRow {
  state: Explanation['state'];
  reason: string | null;
  progress: ExplainProgress | null;
  why: Extract<Explanation, { state: 'ready' }>['why'] | null;
}

/** Null: nobody has asked. Progress of a lease that lapsed is not told: nobody works at it. */
export async function findExplanation(sql: Sql, run: string): Promise<Explanation | null> {
  const [row] = await sql<ExplanationRow[]>`
    select state, reason, why, case when lease_until > clock_timestamp() then progress end as progress
    from simcity_explanations where run_id = ${run}`;
  if (row === undefined) return null;
  if (row.state === 'none') return { state: 'none', reason: row.reason ?? '' };
  if (row.state === 'ready' && row.why !== null) return { state: 'ready', why: row.why };
  return { state: 'pending', progress: row.progress };
}

/** Whoever asks in order to work at it takes the lease at once, and is not overtaken within this time. */
const HEAD_START_SECONDS = 2;

/** A query of the runs whose explanation is asked for, with nobody at work on it. */
export const waitingExplanations = (sql: Sql) => sql`
  select e.run_id from simcity_explanations e
  where e.state = 'pending' and (e.lease_until is null or e.lease_until <= clock_timestamp())
    and e.asked_at <= clock_timestamp() - make_interval(secs => ${HEAD_START_SECONDS})`;

/** False: the run has not failed. `again`: also when it is ready. */
export async function askExplanation(sql: Sql, run: string, again: boolean): Promise<boolean> {
  const [row] = await sql<{ asked: boolean }[]>`select simcity_ask_explanation(${run}, ${again}) as asked`;
  return row?.asked === true;
}

/** Null: it is held for `seconds` from now on. */
export async function leaseExplanation(
  sql: Sql,
  run: string,
  lease: { holder: string; renews: boolean; progress: ExplainProgress | null },
  seconds: number,
): Promise<ExplanationRefusal | null> {
  const { holder, renews, progress } = lease;
  const said = progress === null ? null : JSON.stringify(progress);
  const [row] = await sql<{ refused: ExplanationRefusal | null }[]>`
    select simcity_lease_explanation(${run}, ${holder}, ${renews}, ${said}::text::jsonb, ${seconds}) as refused`;
  return row?.refused ?? null;
}

/** Null: it is stored. `why` is JSON. */
export async function finishExplanation(
  sql: Sql,
  run: string,
  holder: string,
  { why, reason }: { why: string | null; reason: string | null },
): Promise<ExplanationRefusal | null> {
  const [row] = await sql<{ refused: ExplanationRefusal | null }[]>`
    select simcity_finish_explanation(${run}, ${holder}, ${why}::text::jsonb, ${reason}) as refused`;
  return row?.refused ?? null;
}

/** The state that it had before; null: nobody has asked. */
export async function cancelExplanation(sql: Sql, run: string): Promise<Explanation['state'] | null> {
  const [row] = await sql<{ state: Explanation['state'] | null }[]>`
    select simcity_cancel_explanation(${run}) as state`;
  return row?.state ?? null;
}
