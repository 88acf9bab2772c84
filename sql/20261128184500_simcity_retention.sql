-- Retention: history lies in one partition a day, by the time in the run's id (UUIDv7), so that the days
-- whose runs are all gone are dropped as files, without touching a row. A run that was removed leaves a
-- tombstone: whoever asks for its history is told, instead of being given a hole.

set local lock_timeout = '10s';

create table if not exists public.simcity_pruned_runs (
  id uuid primary key,
  scenario text not null,
  target text not null,
  seed bigint not null,
  status text not null,
  ended_at timestamptz,
  events bigint not null,
  pruned_at timestamptz not null default clock_timestamp(),
  -- False while rows of its history may still be there.
  purged boolean not null default false
);

comment on table public.simcity_pruned_runs is 'What is left of a run that was removed: that there was one.';

create index if not exists simcity_pruned_runs_unpurged_idx on public.simcity_pruned_runs (id) where not purged;

alter table public.simcity_pruned_runs enable row level security;

-- Takes an ended run away and leaves its tombstone; its history goes afterwards. False: it is not there,
-- or it has not ended.
create or replace function public.simcity_retire_run(p_run uuid) returns boolean
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  r simcity_runs;
begin
  select * into r from simcity_runs where id = p_run and status in ('PASS', 'FAIL', 'STOPPED') for update;
  if not found then
    return false;
  end if;
  insert into simcity_pruned_runs (id, scenario, target, seed, status, ended_at, events)
    values (r.id, r.scenario, r.target, r.seed, r.status, r.ended_at, r.next_index)
    on conflict (id) do nothing;
  delete from simcity_runs where id = p_run;
  perform pg_notify('simcity_run', p_run::text);
  return true;
end
$$;

-- Removes history of a run that was retired: at most p_limit events, the newest first, so that what is left is
-- always a beginning. Answers how many rows went; 0: all is gone.
create or replace function public.simcity_purge_run(p_run uuid, p_limit bigint) returns bigint
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_last bigint;
  v_events bigint;
  v_snapshots bigint;
begin
  if not exists (select from simcity_pruned_runs where id = p_run) then
    raise exception using errcode = 'restrict_violation',
      message = format('run %s was not retired', p_run), hint = 'Use simcity_prune_run(run_id).';
  end if;
  select max(idx) into v_last from simcity_run_events where run_id = p_run;
  perform set_config('simcity.pruning', p_run::text, true);
  delete from simcity_run_events where run_id = p_run and idx > v_last - p_limit;
  get diagnostics v_events = row_count;
  delete from simcity_run_snapshots where run_id = p_run and idx > coalesce(v_last, -1) - p_limit;
  get diagnostics v_snapshots = row_count;
  perform set_config('simcity.pruning', '', true);
  if v_events + v_snapshots = 0 then
    update simcity_pruned_runs set purged = true where id = p_run;
  end if;
  return v_events + v_snapshots;
end
$$;

-- Removes an ended run with all of its history: the one way in which history goes.
create or replace function public.simcity_prune_run(p_run uuid) returns boolean
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if not simcity_retire_run(p_run) then
    return false;
  end if;
  while simcity_purge_run(p_run, 1000000) > 0 loop
    null;
  end loop;
  return true;
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

-- The days that have partitions, oldest first.
create or replace function public.simcity_partition_days() returns setof bigint
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
  select to_date(right(c.relname, 8), 'YYYYMMDD') - date '1970-01-01'
  from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'public.simcity_run_events'::regclass and c.relname ~ '_[0-9]{8}$'
  order by 1
$$;

do $$
begin
  perform public.simcity_restrict('public.simcity_pruned_runs', 'select, insert, update, delete');
  perform public.simcity_restrict_functions();
end
$$;
