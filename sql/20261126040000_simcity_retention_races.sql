-- Days that are dropped while others look for them. Who waited for the lock looks in pg_class: to_regclass may
-- answer from a cache that waiting does not refresh, a query has a snapshot of its own.

set local lock_timeout = '10s';

-- Makes the partitions for the run p_id where they are not there yet. Days before today may be dropped as
-- long as no run of theirs is committed, so that their partitions are looked for under the lock, which is held
-- until p_id is committed. simcity_drop_day spares today and yesterday: what is there of them stays.
create or replace function public.simcity_ensure_partitions(p_id uuid) returns void
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_day bigint := simcity_day_of(p_id);
  v_suffix text := to_char(date '1970-01-01' + v_day::integer, 'YYYYMMDD');
begin
  if p_id >= '10000000-0000-0000-0000-000000000000' then
    return;
  end if;
  if v_day >= extract(epoch from clock_timestamp())::bigint / 86400
      and to_regclass('public.simcity_run_snapshots_' || v_suffix) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('simcity_partitions'));
  if exists (select from pg_catalog.pg_class c where c.relnamespace = 'public'::regnamespace
      and c.relname = 'simcity_run_snapshots_' || v_suffix) then
    return;
  end if;
  perform simcity_add_partition('simcity_run_events', v_suffix,
    simcity_first_id_of(v_day), simcity_first_id_of(v_day + 1));
  perform simcity_add_partition('simcity_run_snapshots', v_suffix,
    simcity_first_id_of(v_day), simcity_first_id_of(v_day + 1));
end
$$;

-- Drops the partitions of a day of which no run is left, as long as no new run can come into it unlocked. Waits
-- for whoever reads or writes history just now, or brings a run into an old day, within lock_timeout.
create or replace function public.simcity_drop_day(p_day bigint) returns boolean
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_suffix text := to_char(date '1970-01-01' + p_day::integer, 'YYYYMMDD');
begin
  perform pg_advisory_xact_lock(hashtext('simcity_partitions'));
  if p_day >= extract(epoch from clock_timestamp())::bigint / 86400 - 1
      or not exists (select from pg_catalog.pg_class c where c.relnamespace = 'public'::regnamespace
        and c.relname = 'simcity_run_events_' || v_suffix)
      or exists (select from simcity_runs
        where id >= simcity_first_id_of(p_day) and id < simcity_first_id_of(p_day + 1)) then
    return false;
  end if;
  execute format('drop table public.%I, public.%I',
    'simcity_run_events_' || v_suffix, 'simcity_run_snapshots_' || v_suffix);
  update simcity_pruned_runs set purged = true
    where id >= simcity_first_id_of(p_day) and id < simcity_first_id_of(p_day + 1) and not purged;
  return true;
end
$$;
