-- A server that stored the batches before knows where the runs stand. It sends what it expects, the rows and
-- the new places in one message, so that a group of batches takes one round trip.

set local lock_timeout = '10s';

-- Locks p_runs as simcity_ingest_lock does, without waiting for anybody, and answers one row for each.
-- SC009 when any of them may not be written now, is held by another transaction, or stands elsewhere than at
-- p_next (its next index) and p_batches (batches taken before); DETAIL = their ids, with commas between.
create or replace function public.simcity_ingest_expect(
  p_runs uuid[], p_hashes bytea[], p_next bigint[], p_batches bigint[]
) returns table (run_id uuid, stop_requested boolean, stop_reason text)
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_run record;
  v_elsewhere uuid[] := '{}';
begin
  for v_run in
    select e.id, k.stop_requested, k.stop_reason,
      (k.next_index, k.batches) is not distinct from (e.next_index, e.batches) as is_there
    from unnest(p_runs, p_next, p_batches) as e (id, next_index, batches)
    left join simcity_ingest_lock(p_runs, p_hashes) k on k.run_id = e.id
  loop
    if v_run.is_there then
      run_id := v_run.id;
      stop_requested := v_run.stop_requested;
      stop_reason := v_run.stop_reason;
      return next;
    else
      v_elsewhere := v_elsewhere || v_run.id;
    end if;
  end loop;
  if cardinality(v_elsewhere) > 0 then
    raise exception using errcode = 'SC009', detail = array_to_string(v_elsewhere, ','),
      message = format('%s of %s run(s) are not where they were expected',
        cardinality(v_elsewhere), cardinality(p_runs));
  end if;
end
$$;

do $$
declare
  v_role text;
begin
  revoke all on function public.simcity_ingest_expect(uuid[], bytea[], bigint[], bigint[]) from public;
  foreach v_role in array array['anon', 'authenticated'] loop
    if exists (select from pg_catalog.pg_roles where rolname = v_role) then
      execute format('revoke all on function public.simcity_ingest_expect(uuid[], bytea[], bigint[], bigint[]) from %I', v_role);
    end if;
  end loop;
  if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
    grant execute on function public.simcity_ingest_expect(uuid[], bytea[], bigint[], bigint[]) to service_role;
  end if;
end
$$;
