-- The tables of runs: a run, its append-only history in one partition a day, and its newest state. What changes
-- them stands in the later migrations.
-- Written for plain PostgreSQL 15 or newer and for Supabase alike. Whoever applies this file wraps it
-- in one transaction, so it holds no BEGIN or COMMIT and nothing that cannot run inside one.

set local lock_timeout = '10s';

-- Takes p_object (what GRANT calls it: a table, or "function" and its signature) from everybody but its owner.
-- Supabase gives what is new to its public roles unless told otherwise; here it is told. Its service role, where it
-- exists, gets p_privileges; null: none.
create or replace function public.simcity_restrict(p_object text, p_privileges text) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_role name;
begin
  execute format('revoke all on %s from public', p_object);
  for v_role in select rolname from pg_roles where rolname in ('anon', 'authenticated', 'service_role') loop
    execute format('revoke all on %s from %I', p_object, v_role);
    if v_role = 'service_role' and p_privileges is not null then
      execute format('grant %s on %s to service_role', p_privileges, p_object);
    end if;
  end loop;
end
$$;

-- The same for every function there is: a migration that makes functions ends with it.
create or replace function public.simcity_restrict_functions() returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform simcity_restrict('function ' || p.oid::regprocedure, 'execute') from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.proname like 'simcity\_%';
end
$$;

-- Rows are updated with every batch: room on the page, and no index on what changes, keeps that cheap.
create table if not exists public.simcity_runs (
  id uuid primary key default gen_random_uuid(),
  scenario text not null,
  target text not null,
  seed bigint not null,
  config jsonb not null default '{}'::jsonb,
  status text not null default 'QUEUED',
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  ended_at timestamptz,
  -- Null unless the status is PASS or FAIL: STOPPED is no verdict.
  pass boolean,
  fail_forensic jsonb,
  duration_seconds_actual numeric(16, 6),
  stop_requested_at timestamptz,
  stop_reason text,
  runner text,
  assigned_runner text,
  campaign text,
  -- The command that reproduces the run, composed at its launch.
  reproduce text,
  fence bigint not null default 0,
  lease_expires_at timestamptz,
  -- What its runner asked for, at its claim and at each renewal.
  lease_seconds double precision,
  -- SHA-256 of the token that may send telemetry now; null when nobody may.
  ingest_token_hash bytea,
  -- SHA-256 of the token that ended the run: its last batch may be sent again.
  last_token_hash bytea,
  -- Index that the next event must have.
  next_index bigint not null default 0,
  -- The engine's generation and SimCity's version at the first claim; null before it. A seed means something only
  -- at one generation.
  generation integer,
  version text,
  -- How often the run was claimed.
  attempts integer not null default 0,
  -- [{"attempt", "runner", "lostAt", "eventIndex", "reason"}]: the attempts that infrastructure ended.
  lost_attempts jsonb not null default '[]'::jsonb,
  -- Since when the run waits for its next attempt; null when it does not.
  requeued_at timestamptz,
  -- Events below repeat_below were stored by an attempt before this one: they are compared, not stored again.
  -- repeat_next is the index up to which that is done; below repeat_below the attempt repeats the prefix.
  repeat_below bigint not null default 0,
  repeat_next bigint not null default 0,
  constraint simcity_runs_seed_check check (seed >= 0),
  constraint simcity_runs_status_check
    check (status in ('QUEUED', 'RUNNING', 'STOPPING', 'PASS', 'FAIL', 'STOPPED')),
  constraint simcity_runs_pass_check
    check (pass is not distinct from case status when 'PASS' then true when 'FAIL' then false end)
) with (fillfactor = 80);

comment on table public.simcity_runs is 'One row a run: scenario, target, seed, limits, and how it ended.';

create index if not exists simcity_runs_active_idx on public.simcity_runs (created_at, id)
  where status in ('QUEUED', 'RUNNING', 'STOPPING');
create index if not exists simcity_runs_status_idx on public.simcity_runs (status, id desc);
create index if not exists simcity_runs_campaign_idx on public.simcity_runs (campaign, id desc)
  where campaign is not null;

-- Keys start with run_id, so that a day is a range of them, and a database could be distributed by run.
-- data is json, not jsonb: history is returned as it was sent, with its keys in their order.
-- There is no foreign key to simcity_runs: every writer holds the lock of the run's row, and a check of
-- each row of history would cost more than its insert.
create table if not exists public.simcity_run_events (
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

comment on table public.simcity_run_events is 'The history of a run: append-only, gapless by idx from 0.';

create table if not exists public.simcity_run_snapshots (
  run_id uuid not null,
  idx bigint not null,
  at timestamptz not null,
  metrics json not null,
  constraint simcity_run_snapshots_pkey primary key (run_id, idx),
  constraint simcity_run_snapshots_idx_check check (idx >= 0)
) partition by range (run_id);

comment on table public.simcity_run_snapshots is 'The metrics after the event idx; sparse, append-only.';

create table if not exists public.simcity_run_live (
  run_id uuid primary key references public.simcity_runs (id) on delete cascade,
  status text not null,
  event_index bigint not null default -1,
  metrics json not null default '{}'::json,
  events_per_second double precision not null default 0,
  heartbeat_at timestamptz,
  -- Moves with every batch. A server that knows the batch before knows that it missed nothing between.
  batches bigint not null default 0
) with (fillfactor = 70);

comment on table public.simcity_run_live is 'The newest knowledge of a run: one row, replaced by every batch.';

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

-- The days are counted from 1970-01-01 by the first 48 bits of an id, which are milliseconds in UUIDv7.
create or replace function public.simcity_day_of(p_id uuid) returns bigint
language sql immutable strict parallel safe
set search_path = pg_catalog, public, pg_temp
as $$ select ('x' || lpad(left(replace(p_id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 86400000 $$;

create or replace function public.simcity_first_id_of(p_day bigint) returns uuid
language sql immutable strict parallel safe
set search_path = pg_catalog, public, pg_temp
as $$ select (lpad(to_hex(p_day * 86400000), 12, '0') || repeat('0', 20))::uuid $$;

-- Makes the partition of p_parent for ids from p_low to below p_high. Attaching one blocks no writer.
create or replace function public.simcity_add_partition(
  p_parent text, p_suffix text, p_low uuid, p_high uuid
) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_name text := p_parent || '_' || p_suffix;
begin
  execute format('create table public.%I (like public.%I including all)', v_name, p_parent);
  execute format('create trigger %I before truncate on public.%I
    for each statement execute function public.simcity_refuse_change()', v_name || '_no_truncate', v_name);
  execute format('alter table public.%I enable row level security', v_name);
  perform simcity_restrict(format('public.%I', v_name), null);
  execute format('alter table public.%I attach partition public.%I for values from (%L) to (%s)',
    p_parent, v_name, p_low, coalesce(quote_literal(p_high::text), 'maxvalue'));
end
$$;

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

alter table public.simcity_runs enable row level security;
alter table public.simcity_run_events enable row level security;
alter table public.simcity_run_snapshots enable row level security;
alter table public.simcity_run_live enable row level security;

do $$
begin
  -- For ids that are no UUIDv7 of the next five hundred years.
  if to_regclass('public.simcity_run_events_rest') is null then
    perform public.simcity_add_partition('simcity_run_events', 'rest', '10000000-0000-0000-0000-000000000000', null);
    perform public.simcity_add_partition('simcity_run_snapshots', 'rest', '10000000-0000-0000-0000-000000000000', null);
  end if;
  perform public.simcity_restrict('public.simcity_runs, public.simcity_run_live', 'select, insert, update, delete');
  perform public.simcity_restrict('public.simcity_run_events, public.simcity_run_snapshots', 'select, insert, delete');
  perform public.simcity_restrict_functions();
end
$$;
