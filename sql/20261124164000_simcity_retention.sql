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

-- The days are counted from 1970-01-01 by the first 48 bits of an id, which are milliseconds in UUIDv7.
create or replace function public.simcity_day_of(p_id uuid) returns bigint
language sql immutable strict parallel safe
set search_path = pg_catalog, public, pg_temp
as $$ select ('x' || lpad(left(replace(p_id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 86400000 $$;

create or replace function public.simcity_first_id_of(p_day bigint) returns uuid
language sql immutable strict parallel safe
set search_path = pg_catalog, public, pg_temp
as $$ select (lpad(to_hex(p_day * 86400000), 12, '0') || repeat('0', 20))::uuid $$;

-- History is never changed, and goes only after its run is gone: a purge says by the setting
-- simcity.pruning, which lasts as long as its transaction, whose history it removes.
create or replace function public.simcity_refuse_change() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if tg_op = 'DELETE' and current_setting('simcity.pruning', true) = old.run_id::text
      and not exists (select from simcity_runs r where r.id = old.run_id) then
    return old;
  end if;
  raise exception using
    errcode = 'restrict_violation',
    message = format('%s is append-only: %s is refused', tg_table_name, tg_op),
    hint = 'History is never rewritten. Remove a whole run with simcity_prune_run(run_id).';
end
$$;

-- There is no foreign key to simcity_runs: every writer holds the lock of the run's row, and a check of
-- each row of history would cost more than its insert. The order of columns is that of the base tables.
do $$
begin
  if exists (select from pg_catalog.pg_class
      where oid = 'public.simcity_run_events'::regclass and relkind = 'p') then
    return;
  end if;
  alter table public.simcity_run_events rename to simcity_run_events_old;
  alter table public.simcity_run_events_old rename constraint simcity_run_events_pkey to simcity_run_events_old_pkey;
  alter table public.simcity_run_snapshots rename to simcity_run_snapshots_old;
  alter table public.simcity_run_snapshots_old
    rename constraint simcity_run_snapshots_pkey to simcity_run_snapshots_old_pkey;

  create table public.simcity_run_events (
    run_id uuid not null,
    idx bigint not null,
    at timestamptz not null,
    virtual_ms double precision not null,
    type text not null,
    actor text not null,
    data json not null,
    constraint simcity_run_events_pkey primary key (run_id, idx),
    constraint simcity_run_events_idx_check check (idx >= 0)
  ) partition by range (run_id);
  create table public.simcity_run_snapshots (
    run_id uuid not null,
    idx bigint not null,
    at timestamptz not null,
    metrics json not null,
    constraint simcity_run_snapshots_pkey primary key (run_id, idx),
    constraint simcity_run_snapshots_idx_check check (idx >= 0)
  ) partition by range (run_id);
end
$$;

comment on table public.simcity_run_events is 'The history of a run: append-only, gapless by idx from 0.';
comment on table public.simcity_run_snapshots is 'The metrics after the event idx; sparse, append-only.';

create or replace trigger simcity_run_events_append_only
  before update or delete on public.simcity_run_events
  for each row execute function public.simcity_refuse_change();
create or replace trigger simcity_run_snapshots_append_only
  before update or delete on public.simcity_run_snapshots
  for each row execute function public.simcity_refuse_change();
create or replace trigger simcity_run_events_no_truncate
  before truncate on public.simcity_run_events
  for each statement execute function public.simcity_refuse_change();
create or replace trigger simcity_run_snapshots_no_truncate
  before truncate on public.simcity_run_snapshots
  for each statement execute function public.simcity_refuse_change();

-- Makes the partition of p_parent for ids from p_low to below p_high. Attaching one blocks no writer.
create or replace function public.simcity_add_partition(
  p_parent text, p_suffix text, p_low uuid, p_high uuid
) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_name text := p_parent || '_' || p_suffix;
  v_role text;
begin
  execute format('create table public.%I (like public.%I including all)', v_name, p_parent);
  execute format('create trigger %I before truncate on public.%I
    for each statement execute function public.simcity_refuse_change()', v_name || '_no_truncate', v_name);
  execute format('alter table public.%I enable row level security', v_name);
  foreach v_role in array array['public', 'anon', 'authenticated', 'service_role'] loop
    continue when v_role <> 'public' and not exists (select from pg_catalog.pg_roles where rolname = v_role);
    execute format('revoke all on public.%I from %s', v_name,
      case when v_role = 'public' then v_role else quote_ident(v_role) end);
  end loop;
  execute format('alter table public.%I attach partition public.%I for values from (%L) to (%s)',
    p_parent, v_name, p_low, coalesce(quote_literal(p_high::text), 'maxvalue'));
end
$$;

-- Makes the partitions for the run p_id where they are not there yet. Ids that are no UUIDv7 of the next
-- five hundred years share one partition; it is made below.
create or replace function public.simcity_ensure_partitions(p_id uuid) returns void
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_day bigint := simcity_day_of(p_id);
  v_suffix text := to_char(date '1970-01-01' + v_day::integer, 'YYYYMMDD');
begin
  if p_id >= '10000000-0000-0000-0000-000000000000'
      or to_regclass('public.simcity_run_snapshots_' || v_suffix) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('simcity_partitions'));
  if to_regclass('public.simcity_run_snapshots_' || v_suffix) is not null then
    return;
  end if;
  perform simcity_add_partition('simcity_run_events', v_suffix,
    simcity_first_id_of(v_day), simcity_first_id_of(v_day + 1));
  perform simcity_add_partition('simcity_run_snapshots', v_suffix,
    simcity_first_id_of(v_day), simcity_first_id_of(v_day + 1));
end
$$;

create or replace function public.simcity_make_room() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform simcity_ensure_partitions(new.id);
  return new;
end
$$;

create or replace trigger simcity_runs_make_room
  before insert on public.simcity_runs
  for each row execute function public.simcity_make_room();

do $$
begin
  if to_regclass('public.simcity_run_events_rest') is null then
    perform public.simcity_add_partition('simcity_run_events', 'rest', '10000000-0000-0000-0000-000000000000', null);
    perform public.simcity_add_partition('simcity_run_snapshots', 'rest', '10000000-0000-0000-0000-000000000000', null);
  end if;
  perform public.simcity_ensure_partitions(id) from public.simcity_runs;
  if to_regclass('public.simcity_run_events_old') is not null then
    insert into public.simcity_run_events (run_id, idx, at, virtual_ms, type, actor, data)
      select run_id, idx, at, virtual_ms, type, actor, data from public.simcity_run_events_old;
    insert into public.simcity_run_snapshots (run_id, idx, at, metrics)
      select run_id, idx, at, metrics from public.simcity_run_snapshots_old;
    drop table public.simcity_run_events_old, public.simcity_run_snapshots_old;
  end if;
end
$$;

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

-- Drops the partitions of a day of which no run is left, as long as no new run can come into it. Waits for
-- whoever reads or writes history just now, within lock_timeout.
create or replace function public.simcity_drop_day(p_day bigint) returns boolean
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_suffix text := to_char(date '1970-01-01' + p_day::integer, 'YYYYMMDD');
begin
  perform pg_advisory_xact_lock(hashtext('simcity_partitions'));
  if p_day >= extract(epoch from clock_timestamp())::bigint / 86400 - 1
      or to_regclass('public.simcity_run_events_' || v_suffix) is null
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

alter table public.simcity_run_events enable row level security;
alter table public.simcity_run_snapshots enable row level security;
alter table public.simcity_pruned_runs enable row level security;

do $$
declare
  v_role text;
  v_function regprocedure;
begin
  foreach v_role in array array['public', 'anon', 'authenticated', 'service_role'] loop
    continue when v_role <> 'public' and not exists (select from pg_catalog.pg_roles where rolname = v_role);
    execute format(
      'revoke all on public.simcity_run_events, public.simcity_run_snapshots, public.simcity_pruned_runs from %s',
      case when v_role = 'public' then v_role else quote_ident(v_role) end);
    for v_function in
      select p.oid::regprocedure from pg_catalog.pg_proc p
      where p.pronamespace = 'public'::regnamespace and p.proname like 'simcity\_%'
    loop
      execute format('revoke all on function %s from %s', v_function,
        case when v_role = 'public' then v_role else quote_ident(v_role) end);
      if v_role = 'service_role' then
        execute format('grant execute on function %s to service_role', v_function);
      end if;
    end loop;
    if v_role = 'service_role' then
      grant select, insert, delete on public.simcity_run_events, public.simcity_run_snapshots to service_role;
      grant select, insert, update, delete on public.simcity_pruned_runs to service_role;
    end if;
  end loop;
end
$$;
