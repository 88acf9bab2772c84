/** The smallest reproduction of a failure: stored in the bundle of the run that it is of. */
import type { Smallest } from '../contract/index.ts';
import type { Sql } from './client.ts';

/** Replaces an earlier one. False: the run has no bundle, because it did not fail or not yet. */
export async function storeSmallest(sql: Sql, id: string, smallest: Smallest): Promise<boolean> {
  const rows = await sql`
    update simcity_runs
    set fail_forensic = jsonb_set(fail_forensic, '{smallest}', ${JSON.stringify(smallest)}::text::jsonb)
    where id = ${id} and status = 'FAIL' and jsonb_typeof(fail_forensic) = 'object'
    returning id`;
  return rows.length > 0;
}
