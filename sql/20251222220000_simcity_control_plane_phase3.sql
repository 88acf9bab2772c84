-- Phase 3, the control plane: how a run goes from one status to the next, leases with fencing, stops, attempts.
-- Everything that changes a run goes through the functions below and those of its telemetry, so that each transition
-- is a compare-and-set under the lock of the run's row, by the database's clock alone.
-- FAIL: the service under test broke. What infrastructure did ends STOPPED with a diagnosis. A run whose target the
-- engine decides step by step is queued again first, and executed from its seed: its events are compared with those
-- that are stored, one by one, until it is where the lost attempt was.
-- What runners call is done with the rights of its owner: their own role needs no more than to call it.

set local lock_timeout = '10s';

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

-- Takes the oldest queued run that p_runner may take, if there is one that nobody else is taking. A run that was
-- executed before goes on only at its own generation (null: of a SimCity that does not tell it); after its second
-- loss it rests for two seconds first, because what ended it may pass. A clock that was set back makes nobody wait.
create or replace function public.simcity_claim_run(
  p_runner text, p_lease_seconds double precision, p_token_hash bytea, p_only uuid default null,
  p_generation integer default null, p_version text default null
) returns setof public.simcity_runs
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return query
    update simcity_runs r set
      status = 'RUNNING',
      runner = p_runner,
      fence = r.fence + 1,
      attempts = r.attempts + 1,
      requeued_at = null,
      repeat_below = r.next_index,
      repeat_next = 0,
      generation = coalesce(r.generation, p_generation),
      version = coalesce(r.version, p_version),
      lease_expires_at = clock_timestamp() + make_interval(secs => p_lease_seconds),
      lease_seconds = p_lease_seconds,
      ingest_token_hash = p_token_hash
    where r.id = (
      select q.id from simcity_runs q
      where q.status = 'QUEUED'
        and (q.assigned_runner is null or q.assigned_runner = p_runner)
        and (p_only is null or q.id = p_only)
        and (q.generation is not distinct from p_generation or (q.generation is null and q.next_index = 0))
        and (q.requeued_at is null or q.attempts < 2
          or clock_timestamp() not between q.requeued_at and q.requeued_at + interval '2 seconds')
      order by q.created_at, q.id
      limit 1
      for update skip locked
    )
    returning r.*;
end
$$;

-- What an attempt must know of the events below p_below that it repeats: the wall time that they took, without the
-- pauses between the attempts that stored them, and the virtual time at which the faults were healed among them.
create or replace function public.simcity_stored_prefix(p_run uuid, p_below bigint)
returns table (elapsed_seconds double precision, healed_ms double precision)
language sql stable
security definer
set search_path = pg_catalog, public, pg_temp
as $$
  with firsts as (
    select 0::bigint as idx union
    select (a ->> 'eventIndex')::bigint + 1 from simcity_runs r, jsonb_array_elements(r.lost_attempts) as a where r.id = p_run
  ), spans as (
    select idx as first, lead(idx, 1, p_below) over (order by idx) - 1 as last from firsts where idx < p_below
  )
  select (select sum(greatest(extract(epoch from l.at - f.at), 0)) from spans s
      join simcity_run_events f on f.run_id = p_run and f.idx = s.first
      join simcity_run_events l on l.run_id = p_run and l.idx = s.last)::double precision,
    (select h.virtual_ms from simcity_run_events h
      where h.run_id = p_run and h.idx < p_below and h.type = 'heal' order by h.idx limit 1)
$$;

-- Prolongs a lease. No row: it is lost (another fence, or the run has ended).
create or replace function public.simcity_renew_lease(
  p_run uuid, p_fence bigint, p_lease_seconds double precision
) returns table (status text, stop_reason text)
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
set lock_timeout = '10s'
as $$
begin
  return query
    update simcity_runs r
    set lease_expires_at = clock_timestamp() + make_interval(secs => p_lease_seconds), lease_seconds = p_lease_seconds
    where r.id = p_run and r.fence = p_fence and r.status in ('RUNNING', 'STOPPING')
    returning r.status, r.stop_reason;
end
$$;

-- The bundle of a run whose harness could not write one: what the database knows. p_event is the index of the
-- event at which it showed, p_actual and p_expected what differs there.
create or replace function public.simcity_harness_forensic(
  p_run uuid, p_kind text, p_message text,
  p_event bigint default null, p_actual jsonb default null, p_expected jsonb default null
) returns jsonb
language plpgsql stable
security definer
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
    'invariant', case p_kind when 'not-deterministic' then 'one-seed-is-one-history' else 'harness-alive' end,
    'message', p_message,
    'eventIndex', p_event,
    'virtualMs', null,
    'operation', null,
    'actual', coalesce(p_actual, to_jsonb(p_message)),
    'expected', case when p_event is null then to_jsonb('a harness that reports until the run ends'::text)
      else coalesce(p_expected, 'null') end,
    'object', null,
    'history', '[]'::jsonb,
    'lastEvents', v_last,
    'city', null,
    'difference', '[]'::jsonb,
    'faultsActive', '[]'::jsonb,
    'seed', r.seed,
    'config', r.config,
    'versions', jsonb_strip_nulls(jsonb_build_object('simcity', r.version, 'generation', r.generation::text,
      'postgres', current_setting('server_version'))),
    -- One that was not launched by a server has none: what names it is all that is known for certain.
    'reproduce', coalesce(r.reproduce,
      format('npx simcity run %s --target %s --seed %s', r.scenario, quote_literal(r.target), r.seed)),
    'smallest', null,
    'process', null
  );
end
$$;

-- Ends a run whose harness cannot say so itself: writes the last events and the verdict. A run that is STOPPED has
-- a bundle only when something went wrong with the run itself; p_reason is then its kind.
-- False: it has ended already, or p_fence (null: any) is not the fence it has now.
create or replace function public.simcity_end_run(
  p_run uuid, p_fence bigint, p_status text, p_reason text, p_forensic jsonb
) returns boolean
language plpgsql
set search_path = pg_catalog, public, pg_temp
set lock_timeout = '10s'
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

  if p_status = 'STOPPED' then
    v_forensic := p_forensic;
  elsif p_status = 'FAIL' then
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
    pass = case p_status when 'PASS' then true when 'FAIL' then false end,
    fail_forensic = v_forensic,
    duration_seconds_actual = greatest(extract(epoch from v_at - coalesce(v_started, v_at)), 0),
    ended_at = v_at,
    stop_reason = case when p_status = 'STOPPED' then coalesce(stop_reason, p_reason) else stop_reason end,
    next_index = v_next,
    requeued_at = null,
    lease_expires_at = null,
    ingest_token_hash = null
  where id = p_run;
  update simcity_run_live set event_index = v_next - 1, events_per_second = 0 where run_id = p_run;
  perform pg_notify('simcity_run', p_run::text);
  return true;
end
$$;

-- What a runner calls: as simcity_end_run, but only for the fence that the run has now; null is none.
create or replace function public.simcity_end_fenced(
  p_run uuid, p_fence bigint, p_status text, p_reason text, p_forensic jsonb
) returns boolean
language sql
security definer
set search_path = pg_catalog, public, pg_temp
as $$ select p_fence is not null and simcity_end_run(p_run, p_fence, p_status, p_reason, p_forensic) $$;

-- The lost attempts of a run, the one that is lost now among them.
create or replace function public.simcity_lost_attempts(r public.simcity_runs, p_reason text) returns jsonb
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
  select r.lost_attempts || jsonb_build_object('attempt', r.attempts, 'runner', r.runner,
    'lostAt', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'eventIndex', r.next_index - 1, 'reason', p_reason)
$$;

-- Queues a run again whose attempt was lost; p_reason says so in a sentence. False: it has ended, p_fence is not the
-- fence it has now, a stop was asked for, this was its third attempt, or another execution would give another
-- history, because the world decides the interleaving at its target. The fence moves, so that whoever held the run
-- holds it no more.
create or replace function public.simcity_requeue_run(p_run uuid, p_fence bigint, p_reason text) returns boolean
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
set lock_timeout = '10s'
as $$
declare
  r simcity_runs;
  v_is_module boolean;
begin
  select * into r from simcity_runs where id = p_run for no key update;
  if not found or r.status <> 'RUNNING' or r.fence is distinct from p_fence or r.attempts >= 3 then
    return false;
  end if;
  v_is_module := r.target like 'module:%' or r.scenario like 'module:%';
  -- Only the runner that was given a file can load it again.
  if not (r.target in ('memory', 'postgres') or r.target like 'module:%')
      or (v_is_module and r.assigned_runner is null) then
    return false;
  end if;
  update simcity_runs set
    status = 'QUEUED',
    fence = r.fence + 1,
    runner = null,
    requeued_at = clock_timestamp(),
    lost_attempts = simcity_lost_attempts(r, p_reason),
    lease_expires_at = null,
    ingest_token_hash = null
  where id = p_run;
  update simcity_run_live set events_per_second = 0 where run_id = p_run;
  return true;
end
$$;

-- What becomes of a run whose attempt infrastructure has ended, told by the bundle p_forensic: it is queued again, or
-- ends STOPPED with the bundle's kind as its reason. A run that was to be stopped ends as that.
-- Answers its status; null: it has ended already, or p_fence is not the fence it has now.
create or replace function public.simcity_lose_run(p_run uuid, p_fence bigint, p_forensic jsonb) returns text
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
set lock_timeout = '10s'
as $$
declare
  r simcity_runs;
begin
  if simcity_requeue_run(p_run, p_fence, p_forensic ->> 'message') then
    return 'QUEUED';
  end if;
  select * into r from simcity_runs where id = p_run for no key update;
  if not found or r.status not in ('RUNNING', 'STOPPING') or r.fence is distinct from p_fence then
    return null;
  end if;
  if r.status = 'STOPPING' then
    perform simcity_end_run(p_run, p_fence, 'STOPPED', r.stop_reason, null);
  else
    update simcity_runs set lost_attempts = simcity_lost_attempts(r, p_forensic ->> 'message') where id = p_run;
    perform simcity_end_run(p_run, p_fence, 'STOPPED', p_forensic ->> 'kind', p_forensic);
  end if;
  return 'STOPPED';
end
$$;

-- When somebody last looked for leases that ran out.
create table if not exists public.simcity_lease_watch (
  -- There is one row.
  id boolean primary key default true check (id),
  looked_at timestamptz not null default clock_timestamp()
);
insert into public.simcity_lease_watch default values on conflict do nothing;
alter table public.simcity_lease_watch enable row level security;

comment on table public.simcity_lease_watch is 'When somebody last looked for leases that ran out; one row.';

-- The time by which leases are judged now; null: somebody else is looking. Looks come every second. Where none came for
-- longer, the machine slept, the database was away, or its clock was set: nobody could renew in that time, or the time
-- never was. Each lease is then as long from now as it was at the look before, and never longer than its runner asked for.
create or replace function public.simcity_watch_leases() returns timestamptz
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_before timestamptz;
  v_missed interval;
begin
  select looked_at into v_before from simcity_lease_watch for update skip locked;
  if not found then
    return null;
  end if;
  update simcity_lease_watch set looked_at = v_now;
  if v_now - v_before between interval '0' and interval '3 seconds' then
    return v_now;
  end if;
  v_missed := greatest(v_now - v_before - interval '1 second', interval '0');
  update simcity_runs set
    lease_expires_at = least(lease_expires_at + v_missed, v_now + make_interval(secs => coalesce(lease_seconds, 30)))
  where status in ('RUNNING', 'STOPPING') and lease_expires_at is not null;
  update simcity_runs set requeued_at = least(requeued_at + v_missed, v_now)
  where status = 'QUEUED' and requeued_at is not null;
  return v_now;
end
$$;

-- Sees to every run whose runner has let its lease run out, or that runs without one: it is queued again, or ended. A
-- run that waits for a runner which alone could go on with it (the one that has the user's file, or one as old as that
-- which began it) is ended after a minute. Answers their ids. p_except: a runner that looks, which lives.
create or replace function public.simcity_reap_lost(p_except text default null) returns setof uuid
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
set lock_timeout = '10s'
as $$
declare
  r simcity_runs;
  v_message text;
  v_now timestamptz := simcity_watch_leases();
begin
  if v_now is null then
    return;
  end if;
  for r in
    select * from simcity_runs
    where status in ('RUNNING', 'STOPPING') and (lease_expires_at is null or lease_expires_at < v_now)
      and runner is distinct from p_except
    order by created_at, id
    for no key update skip locked
  loop
    v_message := format('The harness was lost: runner %s has not renewed its lease, which ended at %s.',
      coalesce(r.runner, '(unknown)'),
      coalesce(to_char(r.lease_expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), '(never)'));
    if simcity_lose_run(r.id, r.fence, simcity_harness_forensic(r.id, 'harness-lost', v_message)) is not null then
      -- Its runner is gone; where no file of the user's is needed any other will do.
      update simcity_runs set assigned_runner = null
        where id = r.id and status = 'QUEUED' and target not like 'module:%' and scenario not like 'module:%';
      return next r.id;
    end if;
  end loop;
  for r in
    select * from simcity_runs
    where status = 'QUEUED' and requeued_at < v_now - interval '60 seconds'
      and (assigned_runner is not null or (generation is null and next_index > 0))
    order by created_at, id
    for no key update skip locked
  loop
    v_message := format('The harness was lost, and %s, which alone may execute the run again, did not come within 60 s.',
      case when r.assigned_runner is null then 'a runner of the version that began it'
        else 'runner ' || r.assigned_runner end);
    if simcity_end_run(r.id, r.fence, 'STOPPED', 'harness-lost',
        simcity_harness_forensic(r.id, 'harness-lost', v_message)) then
      return next r.id;
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

do $$
begin
  perform public.simcity_restrict('public.simcity_lease_watch', null);
  perform public.simcity_restrict_functions();
end
$$;
