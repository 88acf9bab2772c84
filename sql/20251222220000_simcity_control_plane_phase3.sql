-- Phase 3, the control plane: verdicts and forensics, snapshots, live state, leases with fencing, stops.
-- Everything that changes a run goes through the functions below, so that each transition is a
-- compare-and-set under the lock of the run's row, by the database's clock alone.

set local lock_timeout = '10s';

alter table public.simcity_runs
  add column if not exists pass boolean,
  add column if not exists fail_forensic jsonb,
  add column if not exists duration_seconds_actual numeric(16, 6),
  add column if not exists stop_requested_at timestamptz,
  add column if not exists stop_reason text,
  add column if not exists runner text,
  add column if not exists assigned_runner text,
  add column if not exists campaign text,
  -- The command that reproduces the run, composed at its launch.
  add column if not exists reproduce text,
  add column if not exists fence bigint not null default 0,
  add column if not exists lease_expires_at timestamptz,
  -- SHA-256 of the token that may send telemetry now; null when nobody may.
  add column if not exists ingest_token_hash bytea,
  -- SHA-256 of the token that ended the run: its last batch may be sent again.
  add column if not exists last_token_hash bytea,
  -- Index that the next event must have.
  add column if not exists next_index bigint not null default 0;

-- Runs of the earlier phases get what the new columns say of them.
update public.simcity_runs r set
  pass = case when r.status in ('PASS', 'FAIL', 'STOPPED') then r.status = 'PASS' end,
  next_index = coalesce((select max(e.idx) + 1 from public.simcity_run_events e where e.run_id = r.id), 0)
where r.pass is null and r.next_index = 0;

alter table public.simcity_runs drop constraint if exists simcity_runs_status_check;
alter table public.simcity_runs add constraint simcity_runs_status_check
  check (status in ('QUEUED', 'RUNNING', 'STOPPING', 'PASS', 'FAIL', 'STOPPED'));
alter table public.simcity_runs drop constraint if exists simcity_runs_pass_check;
alter table public.simcity_runs add constraint simcity_runs_pass_check
  check (pass is not distinct from case when status in ('PASS', 'FAIL', 'STOPPED') then status = 'PASS' end);

-- Rows are updated with every batch: room on the page, and no index on what changes, keeps that cheap.
alter table public.simcity_runs set (fillfactor = 80);

create index if not exists simcity_runs_active_idx on public.simcity_runs (created_at, id)
  where status in ('QUEUED', 'RUNNING', 'STOPPING');
create index if not exists simcity_runs_status_idx on public.simcity_runs (status, id desc);
create index if not exists simcity_runs_campaign_idx on public.simcity_runs (campaign, id desc)
  where campaign is not null;

create table if not exists public.simcity_run_snapshots (
  run_id uuid not null references public.simcity_runs (id),
  idx bigint not null,
  at timestamptz not null,
  metrics json not null,
  constraint simcity_run_snapshots_pkey primary key (run_id, idx),
  constraint simcity_run_snapshots_idx_check check (idx >= 0)
);

comment on table public.simcity_run_snapshots is 'The metrics after the event idx; sparse, append-only.';

create or replace trigger simcity_run_snapshots_append_only
  before update or delete on public.simcity_run_snapshots
  for each row execute function public.simcity_refuse_change();
create or replace trigger simcity_run_snapshots_no_truncate
  before truncate on public.simcity_run_snapshots
  for each statement execute function public.simcity_refuse_change();

create table if not exists public.simcity_run_live (
  run_id uuid primary key references public.simcity_runs (id) on delete cascade,
  status text not null,
  event_index bigint not null default -1,
  metrics json not null default '{}'::json,
  events_per_second double precision not null default 0,
  heartbeat_at timestamptz
) with (fillfactor = 70);

comment on table public.simcity_run_live is 'The newest knowledge of a run: one row, replaced by every batch.';

-- A run that has ended stays as it ended.
create or replace function public.simcity_guard_status() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  raise exception using
    errcode = 'restrict_violation',
    message = format('run %s has ended with %s and cannot become %s', old.id, old.status, new.status),
    hint = 'A run ends once. Launch another one.';
end
$$;

create or replace trigger simcity_runs_guard_status
  before update of status on public.simcity_runs
  for each row
  when (old.status in ('PASS', 'FAIL', 'STOPPED') and old.status is distinct from new.status)
  execute function public.simcity_guard_status();

-- Every new status reaches the live row and whoever listens, in the transaction that sets it.
create or replace function public.simcity_publish_status() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into simcity_run_live as l (run_id, status) values (new.id, new.status)
    on conflict (run_id) do update set status = excluded.status;
  perform pg_notify('simcity_run', new.id::text);
  if new.status = 'QUEUED' then
    perform pg_notify('simcity_queue', new.id::text);
  end if;
  return null;
end
$$;

create or replace trigger simcity_runs_publish_insert
  after insert on public.simcity_runs
  for each row execute function public.simcity_publish_status();
create or replace trigger simcity_runs_publish_update
  after update of status on public.simcity_runs
  for each row when (old.status is distinct from new.status)
  execute function public.simcity_publish_status();

insert into public.simcity_run_live (run_id, status, event_index)
  select id, status, next_index - 1 from public.simcity_runs on conflict (run_id) do nothing;

-- Takes the oldest queued run that p_runner may take, if there is one that nobody else is taking.
create or replace function public.simcity_claim_run(
  p_runner text, p_lease_seconds double precision, p_token_hash bytea, p_only uuid default null
) returns setof public.simcity_runs
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return query
    update simcity_runs r set
      status = 'RUNNING',
      runner = p_runner,
      fence = r.fence + 1,
      lease_expires_at = clock_timestamp() + make_interval(secs => p_lease_seconds),
      ingest_token_hash = p_token_hash
    where r.id = (
      select q.id from simcity_runs q
      where q.status = 'QUEUED'
        and (q.assigned_runner is null or q.assigned_runner = p_runner)
        and (p_only is null or q.id = p_only)
      order by q.created_at, q.id
      limit 1
      for update skip locked
    )
    returning r.*;
end
$$;

-- Prolongs a lease. No row: it is lost (another fence, or the run has ended).
create or replace function public.simcity_renew_lease(
  p_run uuid, p_fence bigint, p_lease_seconds double precision
) returns table (status text, stop_reason text)
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return query
    update simcity_runs r
    set lease_expires_at = clock_timestamp() + make_interval(secs => p_lease_seconds)
    where r.id = p_run and r.fence = p_fence and r.status in ('RUNNING', 'STOPPING')
    returning r.status, r.stop_reason;
end
$$;

-- The bundle of a run whose harness could not write one: what the database knows.
create or replace function public.simcity_harness_forensic(p_run uuid, p_kind text, p_message text)
returns jsonb
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
declare
  r simcity_runs;
  v_last jsonb;
begin
  select * into strict r from simcity_runs where id = p_run;
  select coalesce(jsonb_agg(jsonb_build_object(
      'index', e.idx, 'at', to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'virtualMs', e.virtual_ms, 'type', e.type, 'actor', e.actor, 'data', e.data) order by e.idx), '[]')
    into v_last
    from simcity_run_events e where e.run_id = p_run and e.idx >= r.next_index - 50;
  return jsonb_build_object(
    'version', 1,
    'kind', p_kind,
    'invariant', 'harness-alive',
    'message', p_message,
    'eventIndex', null,
    'virtualMs', null,
    'operation', null,
    'actual', p_message,
    'expected', 'a harness that reports until the run ends',
    'object', null,
    'history', '[]'::jsonb,
    'lastEvents', v_last,
    'city', null,
    'difference', '[]'::jsonb,
    'faultsActive', '[]'::jsonb,
    'seed', r.seed,
    'config', r.config,
    'versions', jsonb_build_object('postgres', current_setting('server_version')),
    -- Runs of earlier phases were launched without it: what names them is all that is known for certain.
    'reproduce', coalesce(r.reproduce,
      format('npx simcity run %s --target %s --seed %s', r.scenario, quote_literal(r.target), r.seed)),
    'smallest', null,
    'process', null
  );
end
$$;

-- Ends a run whose harness cannot say so itself: writes the last events and the verdict.
-- False: it has ended already, or p_fence (null: any) is not the fence it has now.
create or replace function public.simcity_end_run(
  p_run uuid, p_fence bigint, p_status text, p_reason text, p_forensic jsonb
) returns boolean
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  r simcity_runs;
  v_forensic jsonb;
  v_next bigint;
  v_virtual double precision;
  v_last timestamptz;
  v_started timestamptz;
  v_at timestamptz;
begin
  if p_status is null or p_status not in ('PASS', 'FAIL', 'STOPPED') then
    raise exception using errcode = 'invalid_parameter_value',
      message = format('%L is no final status', p_status), hint = 'Use PASS, FAIL or STOPPED.';
  end if;
  select * into r from simcity_runs where id = p_run for no key update;
  if not found or r.status in ('PASS', 'FAIL', 'STOPPED') or r.fence is distinct from coalesce(p_fence, r.fence) then
    return false;
  end if;

  v_next := r.next_index;
  select e.at, e.virtual_ms into v_last, v_virtual
    from simcity_run_events e where e.run_id = p_run and e.idx = v_next - 1;
  select e.at into v_started from simcity_run_events e where e.run_id = p_run and e.idx = 0;
  -- Milliseconds, as every event has; never before the event that it follows, however clocks differ.
  v_at := greatest(date_trunc('milliseconds', clock_timestamp()), v_last);
  v_virtual := coalesce(v_virtual, 0);

  if p_status = 'FAIL' then
    v_forensic := coalesce(p_forensic,
      simcity_harness_forensic(p_run, 'harness-crash', coalesce(p_reason, 'The harness ended without a verdict.')));
    insert into simcity_run_events (run_id, idx, at, virtual_ms, type, actor, data)
      values (p_run, v_next, v_at, v_virtual, 'violation', 'city', format(
        '{"kind":%s,"invariant":%s,"message":%s}', v_forensic -> 'kind', v_forensic -> 'invariant',
        v_forensic -> 'message')::json);
    v_next := v_next + 1;
  end if;
  insert into simcity_run_events (run_id, idx, at, virtual_ms, type, actor, data)
    values (p_run, v_next, v_at, v_virtual, 'end', 'city', format(
      '{"status":%s,"reason":%s}', to_json(p_status), coalesce(to_json(p_reason), 'null'))::json);
  v_next := v_next + 1;

  update simcity_runs set
    status = p_status,
    pass = (p_status = 'PASS'),
    fail_forensic = v_forensic,
    duration_seconds_actual = greatest(extract(epoch from v_at - coalesce(v_started, v_at)), 0),
    ended_at = v_at,
    stop_reason = case when p_status = 'STOPPED' then coalesce(stop_reason, p_reason) else stop_reason end,
    next_index = v_next,
    lease_expires_at = null,
    ingest_token_hash = null
  where id = p_run;
  update simcity_run_live set event_index = v_next - 1, events_per_second = 0 where run_id = p_run;
  perform pg_notify('simcity_run', p_run::text);
  return true;
end
$$;

-- Ends every run whose runner has let its lease run out, or that runs without one.
create or replace function public.simcity_reap_lost() returns setof uuid
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_run record;
  v_message text;
begin
  for v_run in
    select r.id, r.fence, r.runner, r.lease_expires_at from simcity_runs r
    where r.status in ('RUNNING', 'STOPPING')
      and (r.lease_expires_at is null or r.lease_expires_at < clock_timestamp())
    order by r.created_at, r.id
    for no key update skip locked
  loop
    v_message := format('The harness was lost: runner %s has not renewed its lease, which ended at %s.',
      coalesce(v_run.runner, '(unknown)'),
      coalesce(to_char(v_run.lease_expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), '(never)'));
    if simcity_end_run(v_run.id, v_run.fence, 'FAIL', v_message,
        simcity_harness_forensic(v_run.id, 'harness-lost', v_message)) then
      return next v_run.id;
    end if;
  end loop;
end
$$;

-- Asks for a stop and answers the status after that; null: there is no such run. The first reason stays.
create or replace function public.simcity_request_stop(p_run uuid, p_reason text) returns text
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_status text;
begin
  select r.status into v_status from simcity_runs r where r.id = p_run for no key update;
  if v_status = 'QUEUED' then
    update simcity_runs set stop_requested_at = clock_timestamp(), stop_reason = p_reason where id = p_run;
    perform simcity_end_run(p_run, null, 'STOPPED', p_reason, null);
    v_status := 'STOPPED';
  elsif v_status = 'RUNNING' then
    update simcity_runs set status = 'STOPPING', stop_requested_at = clock_timestamp(), stop_reason = p_reason
      where id = p_run;
    v_status := 'STOPPING';
  end if;
  if v_status in ('STOPPING', 'STOPPED') then
    perform pg_notify('simcity_stop', p_run::text);
  end if;
  return v_status;
end
$$;

-- Takes a batch of telemetry. A retried batch changes nothing; a batch that leaves a gap is refused.
-- SC001 the token may not send (any more); SC002 a gap, DETAIL = the index expected; SC003 what is
-- stored differs, DETAIL = its index; SC004 no such run; SC005 the end report and the history disagree.
create or replace function public.simcity_ingest(
  p_run uuid, p_token_hash bytea, p_events json, p_snapshots json, p_live json, p_end json
) returns table (next_index bigint, stop_requested boolean, stop_reason text)
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
  r simcity_runs;
  v_count bigint;
  v_low bigint;
  v_high bigint;
  v_added bigint;
  v_next bigint;
  v_wrong bigint;
  v_started timestamptz;
  v_last record;
  v_ended boolean;
begin
  select * into r from simcity_runs where id = p_run for no key update;
  if not found then
    raise exception using errcode = 'SC004', message = format('there is no run %s', p_run);
  end if;
  v_ended := r.status in ('PASS', 'FAIL', 'STOPPED');
  if p_token_hash is null
      or p_token_hash is distinct from (case when v_ended then r.last_token_hash else r.ingest_token_hash end) then
    raise exception using errcode = 'SC001', message = 'this token may not send telemetry for the run (any more)';
  end if;

  v_next := r.next_index;
  if p_events is not null and json_array_length(p_events) > 0 then
    with batch as materialized (
      select b.index, b.at, b."virtualMs", b.type, b.actor, b.data from json_to_recordset(p_events) as b
        (index bigint, at timestamptz, "virtualMs" double precision, type text, actor text, data json)
    ), added as (
      insert into simcity_run_events (run_id, idx, at, virtual_ms, type, actor, data)
        select p_run, b.index, b.at, b."virtualMs", b.type, b.actor, b.data from batch b
        where b.index >= r.next_index and not v_ended
        returning 1
    )
    select count(*), min(b.index), max(b.index), (select count(*) from added), min(b.at) filter (where b.index = 0)
      into v_count, v_low, v_high, v_added, v_started from batch b;
    if v_low > r.next_index or v_high - v_low + 1 <> v_count then
      raise exception using errcode = 'SC002', detail = r.next_index::text,
        message = format('the batch holds %s event(s) from %s to %s, but the next must be %s',
          v_count, v_low, v_high, r.next_index);
    end if;
    if v_ended and v_high >= r.next_index then
      raise exception using errcode = 'SC001', message = 'the run has ended and takes no further events';
    end if;
    if v_low < r.next_index then
      select min(b.index) into v_wrong from json_to_recordset(p_events) as b
          (index bigint, at timestamptz, "virtualMs" double precision, type text, actor text, data json)
        left join simcity_run_events e on e.run_id = p_run and e.idx = b.index
        where b.index < r.next_index and (
          (e.type, e.actor, e.virtual_ms, e.at) is distinct from (b.type, b.actor, b."virtualMs", b.at)
          or (e.data::text is distinct from b.data::text and e.data::jsonb is distinct from b.data::jsonb));
      if v_wrong is not null then
        raise exception using errcode = 'SC003', detail = v_wrong::text,
          message = format('event %s is stored with other content', v_wrong);
      end if;
    end if;
    v_next := r.next_index + v_added;
  end if;

  -- A snapshot comes with its event, or at the latest before the event after that: else whoever
  -- follows the history would have passed its place already.
  if p_snapshots is not null and json_array_length(p_snapshots) > 0 then
    select max(s.index) into v_high from json_to_recordset(p_snapshots) as s (index bigint);
    if v_high >= v_next then
      raise exception using errcode = 'SC002', detail = v_next::text,
        message = format('snapshot %s belongs to an event that is not stored', v_high);
    end if;
    if not v_ended then
      insert into simcity_run_snapshots (run_id, idx, at, metrics)
        select p_run, s.index, s.at, s.metrics
        from json_to_recordset(p_snapshots) as s (index bigint, at timestamptz, metrics json)
        where s.index >= r.next_index - 1
        on conflict (run_id, idx) do nothing;
    end if;
    select min(s.index) into v_wrong
      from json_to_recordset(p_snapshots) as s (index bigint, at timestamptz, metrics json)
      left join simcity_run_snapshots o on o.run_id = p_run and o.idx = s.index
      where s.index < r.next_index and (o.at is distinct from s.at
        or (o.metrics::text is distinct from s.metrics::text and o.metrics::jsonb is distinct from s.metrics::jsonb));
    if v_wrong is not null then
      raise exception using errcode = 'SC003', detail = v_wrong::text,
        message = format('snapshot %s is stored with other content, or comes after the event that follows it', v_wrong);
    end if;
  end if;

  if v_ended then
    return query select v_next, r.stop_requested_at is not null, r.stop_reason;
    return;
  end if;

  if p_end is not null then
    select e.type, e.at, f.at as started into v_last
      from simcity_run_events e join simcity_run_events f on f.run_id = e.run_id and f.idx = 0
      where e.run_id = p_run and e.idx = v_next - 1;
    if v_last.type is distinct from 'end' then
      raise exception using errcode = 'SC005',
        message = format('the run cannot end after an event of type %L', v_last.type),
        hint = 'The batch with the end report carries the event of type end, as its last.';
    end if;
    update simcity_runs set
      status = p_end ->> 'status',
      pass = (p_end ->> 'status' = 'PASS'),
      fail_forensic = case when json_typeof(p_end -> 'failForensic') = 'object' then (p_end -> 'failForensic')::jsonb end,
      duration_seconds_actual = greatest(extract(epoch from v_last.at - v_last.started), 0),
      started_at = coalesce(started_at, v_last.started),
      ended_at = v_last.at,
      stop_reason = case when p_end ->> 'status' = 'STOPPED'
        then coalesce(stop_reason, p_end ->> 'reason') else stop_reason end,
      next_index = v_next,
      lease_expires_at = null,
      last_token_hash = ingest_token_hash,
      ingest_token_hash = null
    where id = p_run;
  elsif v_next <> r.next_index then
    update simcity_runs set next_index = v_next, started_at = coalesce(started_at, v_started) where id = p_run;
  end if;

  update simcity_run_live set
    event_index = v_next - 1,
    metrics = coalesce(p_live -> 'metrics', metrics),
    events_per_second = coalesce((p_live ->> 'eventsPerSecond')::double precision, events_per_second),
    heartbeat_at = clock_timestamp()
  where run_id = p_run;
  if v_next <> r.next_index then
    perform pg_notify('simcity_run', p_run::text);
  end if;
  return query select v_next, r.stop_requested_at is not null, r.stop_reason;
end
$$;

-- Removes an ended run with all of its history: the one way in which history goes.
create or replace function public.simcity_prune_run(p_run uuid) returns boolean
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform 1 from simcity_runs where id = p_run and status in ('PASS', 'FAIL', 'STOPPED') for update;
  if not found then
    return false;
  end if;
  perform set_config('simcity.pruning', p_run::text, true);
  delete from simcity_run_snapshots where run_id = p_run;
  delete from simcity_run_events where run_id = p_run;
  delete from simcity_runs where id = p_run;
  perform set_config('simcity.pruning', '', true);
  return true;
end
$$;

alter table public.simcity_run_snapshots enable row level security;
alter table public.simcity_run_live enable row level security;

-- Supabase gives new tables and functions to its public roles unless told otherwise; here it is told.
do $$
declare
  v_role text;
  v_function regprocedure;
begin
  foreach v_role in array array['public', 'anon', 'authenticated', 'service_role'] loop
    continue when v_role <> 'public' and not exists (select from pg_catalog.pg_roles where rolname = v_role);
    execute format('revoke all on public.simcity_run_snapshots, public.simcity_run_live from %s',
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
      grant select, insert, delete on public.simcity_run_snapshots to service_role;
      grant select, insert, update, delete on public.simcity_run_live to service_role;
    end if;
  end loop;
end
$$;
