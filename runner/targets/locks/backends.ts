/** What lock waits ask a database about a backend, and have it do to one, over a connection outside of the schedule. */
import type postgres from 'postgres';

const BLOCKERS = "select array_to_string(pg_blocking_pids($1), ',') as pids";

/** The backends that `pid` waits for now; empty when it does not wait. */
export async function blockersOf(control: postgres.Sql, pid: number): Promise<number[]> {
  const [row] = await control.unsafe(BLOCKERS, [pid], { prepare: true });
  return String(row?.['pids'] ?? '')
    .split(',')
    .filter(Boolean)
    .map(Number);
}

/** Cancels the statement that one of the run's own backends waits in. */
export async function cancelBackend(control: postgres.Sql, pid: number): Promise<void> {
  await control.unsafe('select pg_cancel_backend($1)', [pid], { prepare: true });
}
