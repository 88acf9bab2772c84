-- Attempts, generations, and ends that mean what they say. FAIL: the service under test broke. What infrastructure
-- did ends STOPPED with a diagnosis, and pass is null: STOPPED is no verdict. A run whose target the engine decides
-- step by step is queued again first, and executed from its seed: its events are compared with those that are
-- stored, one by one, until it is where the lost attempt was. A run stores the generation of the engine that
-- executes it, because a seed means something only at one generation.

set local lock_timeout = '10s';

alter table public.simcity_runs
  -- The engine's generation and SimCity's version at the first claim; null before it, and for older runs.
  add column if not exists generation integer,
  add column if not exists version text,
  -- How often the run was claimed.
  add column if not exists attempts integer not null default 0,
  -- [{"attempt", "runner", "lostAt", "eventIndex", "reason"}]: the attempts that infrastructure ended.
  add column if not exists lost_attempts jsonb not null default '[]'::jsonb,
  -- Since when the run waits for its next attempt; null when it does not.
  add column if not exists requeued_at timestamptz,
  -- Events below repeat_below were stored by an attempt before this one: they are compared, not stored again.
  -- repeat_next is the index up to which that is done; below repeat_below the attempt repeats the prefix.
  add column if not exists repeat_below bigint not null default 0,
  add column if not exists repeat_next bigint not null default 0;

update public.simcity_runs set attempts = 1 where attempts = 0 and fence > 0;

alter table public.simcity_runs drop constraint if exists simcity_runs_pass_check;
update public.simcity_runs set pass = null where status = 'STOPPED' and pass is not null;
alter table public.simcity_runs add constraint simcity_runs_pass_check
  check (pass is not distinct from case status when 'PASS' then true when 'FAIL' then false end);

-- Takes the oldest queued run that p_runner may take, if there is one that nobody else is taking. A run that was
-- executed before goes on only at its own generation (null: of a SimCity that does not tell it); after its second
-- loss it rests for two seconds first, because what ended it may pass. A clock that was set back makes nobody wait.
drop function if exists public.simcity_claim_run(text, double precision, bytea, uuid);
create or replace function public.simcity_claim_run(
  p_runner text, p_lease_seconds double precision, p_token_hash bytea, p_only uuid default null,
  p_generation integer default null, p_version text default null
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
      attempts = r.attempts + 1,
      requeued_at = null,
      repeat_below = r.next_index,
      repeat_next = 0,
      generation = coalesce(r.generation, p_generation),
      version = coalesce(r.version, p_version),
      lease_expires_at = clock_timestamp() + make_interval(secs => p_lease_seconds),
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

-- The bundle of a run whose harness could not write one: what the database knows. p_event is the index of the
-- event at which it showed, p_actual and p_expected what differs there.
drop function if exists public.simcity_harness_forensic(uuid, text, text);
create or replace function public.simcity_harness_forensic(
  p_run uuid, p_kind text, p_message text,
  p_event bigint default null, p_actual jsonb default null, p_expected jsonb default null
) returns jsonb
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
    -- Runs of earlier phases were launched without it: what names them is all that is known for certain.
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
set search_path = pg_catalog, public, pg_temp
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
set search_path = pg_catalog, public, pg_temp
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

-- Sees to every run whose runner has let its lease run out, or that runs without one: it is queued again, or ended. A
-- run that waits for a runner which alone could go on with it (the one that has the user's file, or one as old as that
-- which began it) is ended after a minute. Answers their ids.
create or replace function public.simcity_reap_lost() returns setof uuid
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  r simcity_runs;
  v_message text;
begin
  for r in
    select * from simcity_runs
    where status in ('RUNNING', 'STOPPING') and (lease_expires_at is null or lease_expires_at < clock_timestamp())
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
    where status = 'QUEUED' and requeued_at < clock_timestamp() - interval '60 seconds'
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

-- Ingest on the plain path leaves out a run that repeats its prefix: simcity_ingest_batch compares it.
create or replace function public.simcity_ingest_lock(p_runs uuid[], p_hashes bytea[])
returns table (run_id uuid, next_index bigint, batches bigint, stop_requested boolean, stop_reason text)
language sql
set search_path = pg_catalog, public, pg_temp
as $$
  with locked as materialized (
    select r.id, r.next_index, r.stop_requested_at is not null as stop_requested, r.stop_reason
    from unnest(p_runs, p_hashes) as b (id, hash)
    join simcity_runs r on r.id = b.id and r.ingest_token_hash = b.hash
    where r.status in ('RUNNING', 'STOPPING') and r.repeat_next >= r.repeat_below
    for no key update of r skip locked
  )
  -- A statement of its own would see what was committed before the lock; the live row is changed only
  -- under the lock, so that its lock reads the newest.
  select k.id, k.next_index, l.batches, k.stop_requested, k.stop_reason
  from locked k join simcity_run_live l on l.run_id = k.id
  for no key update of l
$$;

-- What the seed decides of an event's data: all but the versions in its start.
create or replace function public.simcity_decided(p_type text, p_data json) returns jsonb
language sql immutable
set search_path = pg_catalog, public, pg_temp
as $$ select case p_type when 'start' then p_data::jsonb - 'versions' else p_data::jsonb end $$;

-- The first event or snapshot of the batch below p_below that differs from the stored one in what the seed decides:
-- {"what", "index", "actual", "expected"}; null: none. p_next: the next index of the run; the snapshot right before it
-- may still be missing.
create or replace function public.simcity_repeat_difference(
  p_run uuid, p_below bigint, p_next bigint, p_events json, p_snapshots json
) returns json
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
  select json_build_object('what', d.what, 'index', d.index, 'actual', d.actual, 'expected', d.expected) from (
    select 'event' as what, b.index, to_jsonb(b) as actual,
      case when e.idx is not null then jsonb_build_object('index', e.idx, 'at', e.at, 'virtualMs', e.virtual_ms,
        'type', e.type, 'actor', e.actor, 'data', e.data) end as expected
    from json_to_recordset(p_events) as b
      (index bigint, at timestamptz, "virtualMs" double precision, type text, actor text, data json)
    left join simcity_run_events e on e.run_id = p_run and e.idx = b.index
    where b.index < p_below and (
      (e.type, e.actor, e.virtual_ms) is distinct from (b.type, b.actor, b."virtualMs")
      or (e.data::text is distinct from b.data::text
        and simcity_decided(e.type, e.data) is distinct from simcity_decided(b.type, b.data)))
    union all
    select 'snapshot', s.index, to_jsonb(s),
      case when o.idx is not null then jsonb_build_object('index', o.idx, 'at', o.at, 'metrics', o.metrics) end
    from json_to_recordset(p_snapshots) as s (index bigint, at timestamptz, metrics json)
    left join simcity_run_snapshots o on o.run_id = p_run and o.idx = s.index
    where s.index < p_below
      and case when o.idx is null then s.index < p_next - 1
        else o.metrics::text is distinct from s.metrics::text and o.metrics::jsonb is distinct from s.metrics::jsonb end
  ) as d order by d.index, d.what limit 1
$$;

-- Ends a run whose repetition differs from what is stored: a determinism fault, of ours or of the user's module.
create or replace function public.simcity_end_not_deterministic(p_run uuid, p_difference json) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  r simcity_runs;
  v_message text;
begin
  select * into strict r from simcity_runs where id = p_run;
  v_message := format('The run was executed again after its harness was lost, and %s %s differs from the stored one, '
      'although seed and generation are the same. %s',
    case p_difference ->> 'what' when 'snapshot' then 'the snapshot after event' else 'event' end,
    p_difference ->> 'index',
    case when r.target like 'module:%' or r.scenario like 'module:%'
      then 'The module may read something that the seed does not decide: the time, random numbers, a file, the network.'
      else 'This is a fault of SimCity, and says nothing about the service under test.' end);
  perform simcity_end_run(p_run, null, 'STOPPED', 'not-deterministic', simcity_harness_forensic(p_run,
    'not-deterministic', v_message, (p_difference ->> 'index')::bigint, (p_difference -> 'actual')::jsonb,
    (p_difference -> 'expected')::jsonb));
  -- The batch that showed it may be sent again: it gets the same answer.
  update simcity_runs set last_token_hash = r.ingest_token_hash where id = p_run;
end
$$;

-- Takes a batch of telemetry. A retried batch changes nothing; a batch that leaves a gap is refused. An attempt that
-- repeats has a place of its own in the stored prefix, from 0: each event of it is compared, none is stored twice.
-- Answers the next index that the attempt must send; "difference" is not null when the batch differed from the
-- prefix: the run has then ended with that.
-- SC001 the token may not send (any more); SC002 a gap, DETAIL = the index expected; SC003 what is
-- stored differs, DETAIL = its index; SC004 no such run; SC005 the end report and the history disagree.
create or replace function public.simcity_ingest_batch(
  p_run uuid, p_token_hash bytea, p_events json, p_snapshots json, p_live json, p_end json
) returns table (next_index bigint, stop_requested boolean, stop_reason text, difference json)
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
  r simcity_runs;
  v_place bigint;
  v_repeat_next bigint;
  v_count bigint;
  v_low bigint;
  v_high bigint;
  v_added bigint;
  v_next bigint;
  v_wrong bigint;
  v_started timestamptz;
  v_last record;
  v_ended boolean;
  v_difference json;
  v_forensic jsonb;
  v_reason text;
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
  -- Whoever was to stop the run gets what he asked for, whatever went wrong after that.
  if p_end is not null then
    v_reason := p_end ->> 'reason';
    if json_typeof(p_end -> 'failForensic') = 'object' then
      v_forensic := (p_end -> 'failForensic')::jsonb;
    end if;
    if r.status = 'STOPPING' and p_end ->> 'status' = 'STOPPED' and v_forensic is not null then
      v_forensic := null;
      v_reason := r.stop_reason;
    end if;
  end if;

  v_place := case when r.repeat_next < r.repeat_below then r.repeat_next else r.next_index end;
  v_repeat_next := r.repeat_next;
  if r.repeat_below > 0 then
    select count(*), min(b.index), max(b.index) into v_count, v_low, v_high
      from json_to_recordset(p_events) as b (index bigint);
    if v_low > v_place or v_high - v_low + 1 <> v_count then
      raise exception using errcode = 'SC002', detail = v_place::text,
        message = format('the batch holds %s event(s) from %s to %s, but the next must be %s',
          v_count, v_low, v_high, v_place);
    end if;
    select b.index, b.type, to_jsonb(b) as event into v_last from json_to_recordset(p_events) as b
        (index bigint, at timestamptz, "virtualMs" double precision, type text, actor text, data json)
      where b.index = v_high;
    v_difference := simcity_repeat_difference(p_run,
      case v_last.type when 'end' then least(v_high, r.repeat_below) else r.repeat_below end, r.next_index,
      p_events, p_snapshots);
    if v_difference is null and v_last.type = 'end' and v_high < r.repeat_below then
      -- It ends before the prefix is through. That is no other history when it was told to, or could not go on.
      if not v_ended and p_end ->> 'status' = 'STOPPED' then
        perform simcity_end_run(p_run, r.fence, 'STOPPED', v_reason, v_forensic);
        update simcity_runs set last_token_hash = r.ingest_token_hash where id = p_run;
        return query select r.next_index + 1, r.stop_requested_at is not null, r.stop_reason, null::json;
        return;
      end if;
      if p_end ->> 'status' is distinct from 'STOPPED' then
        v_difference := json_build_object('what', 'event', 'index', v_high, 'actual', v_last.event, 'expected',
          (select jsonb_build_object('index', e.idx, 'at', e.at, 'virtualMs', e.virtual_ms, 'type', e.type,
            'actor', e.actor, 'data', e.data) from simcity_run_events e where e.run_id = p_run and e.idx = v_high));
      end if;
    end if;
    if v_difference is not null then
      if not v_ended then
        perform simcity_end_not_deterministic(p_run, v_difference);
      end if;
      return query select r.next_index, r.stop_requested_at is not null, r.stop_reason, v_difference;
      return;
    end if;
    v_repeat_next := least(r.repeat_below, greatest(r.repeat_next, v_high + 1));
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
    if v_low > v_place or v_high - v_low + 1 <> v_count then
      raise exception using errcode = 'SC002', detail = v_place::text,
        message = format('the batch holds %s event(s) from %s to %s, but the next must be %s',
          v_count, v_low, v_high, v_place);
    end if;
    if v_ended and v_high >= r.next_index then
      raise exception using errcode = 'SC001', message = 'the run has ended and takes no further events';
    end if;
    if v_low < r.next_index and r.next_index > r.repeat_below then
      select min(b.index) into v_wrong from json_to_recordset(p_events) as b
          (index bigint, at timestamptz, "virtualMs" double precision, type text, actor text, data json)
        left join simcity_run_events e on e.run_id = p_run and e.idx = b.index
        where b.index >= r.repeat_below and b.index < r.next_index and (
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
      where s.index >= r.repeat_below and s.index < r.next_index and (o.at is distinct from s.at
        or (o.metrics::text is distinct from s.metrics::text and o.metrics::jsonb is distinct from s.metrics::jsonb));
    if v_wrong is not null then
      raise exception using errcode = 'SC003', detail = v_wrong::text,
        message = format('snapshot %s is stored with other content, or comes after the event that follows it', v_wrong);
    end if;
  end if;

  if v_ended then
    return query select v_next, r.stop_requested_at is not null, r.stop_reason, null::json;
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
      pass = case p_end ->> 'status' when 'PASS' then true when 'FAIL' then false end,
      fail_forensic = v_forensic,
      duration_seconds_actual = greatest(extract(epoch from v_last.at - v_last.started), 0),
      started_at = coalesce(started_at, v_last.started),
      ended_at = v_last.at,
      stop_reason = case when p_end ->> 'status' = 'STOPPED' then coalesce(stop_reason, v_reason) else stop_reason end,
      next_index = v_next,
      repeat_next = v_repeat_next,
      lease_expires_at = null,
      last_token_hash = ingest_token_hash,
      ingest_token_hash = null
    where id = p_run;
  elsif v_next <> r.next_index or v_repeat_next <> r.repeat_next then
    update simcity_runs set next_index = v_next, repeat_next = v_repeat_next,
      started_at = coalesce(started_at, v_started) where id = p_run;
  end if;

  -- While the prefix is repeated nothing is added: what is shown stays, but for the sign of life.
  if r.repeat_next < r.repeat_below and v_next = r.next_index then
    update simcity_run_live set events_per_second = 0, heartbeat_at = clock_timestamp() where run_id = p_run;
  else
    update simcity_run_live set
      event_index = v_next - 1,
      metrics = coalesce(p_live -> 'metrics', metrics),
      events_per_second = coalesce((p_live ->> 'eventsPerSecond')::double precision, events_per_second),
      heartbeat_at = clock_timestamp(),
      batches = batches + 1
    where run_id = p_run;
  end if;
  if v_next <> r.next_index then
    perform pg_notify('simcity_run', p_run::text);
  end if;
  return query select case when v_repeat_next < r.repeat_below then v_repeat_next else v_next end,
    r.stop_requested_at is not null, r.stop_reason, null::json;
end
$$;

-- As servers called it that knew of no repetition.
create or replace function public.simcity_ingest(
  p_run uuid, p_token_hash bytea, p_events json, p_snapshots json, p_live json, p_end json
) returns table (next_index bigint, stop_requested boolean, stop_reason text)
language sql
set search_path = pg_catalog, public, pg_temp
as $$
  select b.next_index, b.stop_requested, b.stop_reason
  from simcity_ingest_batch(p_run, p_token_hash, p_events, p_snapshots, p_live, p_end) as b
$$;

-- p_batch is the text of {"events", "snapshots", "live", "end"}; p_token the token of the run. Answers
-- {"next", "stop"} once the rows are written; they are committed before PostgREST answers. {"difference"}: the batch
-- differs from the prefix that it repeats, and the run has ended with that.
-- SC001 to SC005 as simcity_ingest; SC006 the batch is malformed, SC007 it or an item is too large, SC008 it
-- holds text that cannot be stored. DETAIL is the index of the item, where there is one.
create or replace function public.simcity_push(p_run uuid, p_token text, p_batch text) returns json
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_batch json;
  v_events json;
  v_snapshots json;
  v_end json;
  v_wrong record;
  v_stored record;
begin
  if octet_length(p_batch) > 4194304 then
    raise exception using errcode = 'SC007', message = 'the batch takes more than 4 MiB';
  end if;
  begin
    v_batch := p_batch::json;
    -- Only jsonb looks into escapes: U+0000 and lone surrogates.
    if position('\u0000' in p_batch) > 0 or p_batch ~* '\\ud[89a-f]' then
      perform p_batch::jsonb;
    end if;
  exception
    when untranslatable_character or statement_too_complex then
      raise exception using errcode = 'SC008', message = sqlerrm;
    when invalid_text_representation then
      raise exception using errcode = case when p_batch ~* '\\ud[89a-f]' then 'SC008' else 'SC006' end,
        message = format('the batch cannot be read: %s', sqlerrm);
  end;
  if json_typeof(v_batch) is distinct from 'object' then
    raise exception using errcode = 'SC006', message = 'the batch must be a JSON object';
  end if;
  v_events := coalesce(v_batch -> 'events', '[]');
  v_snapshots := coalesce(v_batch -> 'snapshots', '[]');
  v_end := v_batch -> 'end';
  if json_typeof(v_events) <> 'array' or json_typeof(v_snapshots) <> 'array'
      or (v_batch -> 'live' is not null and (json_typeof(v_batch -> 'live') <> 'object'
        or json_typeof(v_batch -> 'live' -> 'metrics') is distinct from 'object'
        or json_typeof(v_batch -> 'live' -> 'eventsPerSecond') is distinct from 'number'))
      or (v_end is not null and (v_end ->> 'status' is null
        or v_end ->> 'status' not in ('PASS', 'FAIL', 'STOPPED')
        or coalesce(json_typeof(v_end -> 'failForensic'), '') not in ('object', 'null')
        or coalesce(json_typeof(v_end -> 'reason'), '') not in ('string', 'null'))) then
    raise exception using errcode = 'SC006',
      message = 'events and snapshots must be lists, live and end as the API describes them';
  end if;
  if json_array_length(v_events) > 10000 or json_array_length(v_snapshots) > 10000 then
    raise exception using errcode = 'SC007', message = 'the batch holds more than 10,000 items';
  end if;

  -- A where clause keeps no order: each cast stands behind its own check.
  select e.value ->> 'index' as idx, e.n - 1 as place into v_wrong
    from json_array_elements(v_events) with ordinality as e (value, n)
    where not coalesce(case when json_typeof(e.value) <> 'object' then false
      when json_typeof(e.value -> 'index') = 'number' and e.value ->> 'index' ~ '^[0-9]{1,15}$'
        and json_typeof(e.value -> 'at') = 'string'
        and e.value ->> 'at' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?Z$'
        and json_typeof(e.value -> 'virtualMs') = 'number'
        and json_typeof(e.value -> 'type') = 'string' and json_typeof(e.value -> 'actor') = 'string'
        and json_typeof(e.value -> 'data') = 'object'
      then (e.value ->> 'virtualMs')::double precision >= 0
        and length(e.value ->> 'type') between 1 and 100 and length(e.value ->> 'actor') <= 200
      end, false)
    order by e.n limit 1;
  if found then
    raise exception using errcode = 'SC006', detail = coalesce(v_wrong.idx, ''),
      message = format('events[%s] (index %s) must have index, at, virtualMs, type, actor and data as the API describes them',
        v_wrong.place, coalesce(v_wrong.idx, '?'));
  end if;
  select s.value ->> 'index' as idx, s.n - 1 as place into v_wrong
    from json_array_elements(v_snapshots) with ordinality as s (value, n)
    where not coalesce(case when json_typeof(s.value) <> 'object' then false
      when json_typeof(s.value -> 'index') = 'number' and s.value ->> 'index' ~ '^[0-9]{1,15}$'
        and json_typeof(s.value -> 'at') = 'string'
        and s.value ->> 'at' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?Z$'
        and json_typeof(s.value -> 'metrics') = 'object'
      then not exists (select from json_each(s.value -> 'metrics') as m where json_typeof(m.value) <> 'number')
      end, false)
    order by s.n limit 1;
  if found then
    raise exception using errcode = 'SC006', detail = coalesce(v_wrong.idx, ''),
      message = format('snapshots[%s] (index %s) must have index, at and metrics as the API describes them',
        v_wrong.place, coalesce(v_wrong.idx, '?'));
  end if;
  if octet_length(p_batch) > 1048576 then
    select i.value ->> 'index' as idx into v_wrong from (
        select value from json_array_elements(v_events) union all select value from json_array_elements(v_snapshots)
      ) as i where octet_length(i.value::text) > 1048576 limit 1;
    if found then
      raise exception using errcode = 'SC007', detail = v_wrong.idx,
        message = format('the item with index %s takes more than 1 MiB', v_wrong.idx);
    end if;
  end if;
  -- The event of type end is the last of a history, and comes together with the report of the end.
  select e.value ->> 'index' as idx into v_wrong
    from json_array_elements(v_events) with ordinality as e (value, n)
    where e.value ->> 'type' = 'end' and (v_end is null or e.n < json_array_length(v_events)) limit 1;
  if found then
    raise exception using errcode = 'SC006', detail = v_wrong.idx,
      message = format('event %s is of type end: it must be the last, and come with the field "end"', v_wrong.idx);
  end if;

  select * into v_stored from simcity_ingest_batch(p_run, sha256(convert_to(p_token, 'UTF8')),
    v_events, v_snapshots, v_batch -> 'live', v_end);
  if v_stored.difference is not null then
    -- An error would take the end of the run back.
    return json_build_object('difference', v_stored.difference);
  end if;
  return json_build_object('next', v_stored.next_index, 'stop',
    case when v_stored.stop_requested then json_build_object('reason', v_stored.stop_reason) end);
end
$$;

-- A function that is new, or was made anew, has the privileges that new ones get by default.
do $$
declare
  v_role text;
  v_function regprocedure;
begin
  foreach v_role in array array['public', 'anon', 'authenticated', 'service_role'] loop
    continue when v_role <> 'public' and not exists (select from pg_catalog.pg_roles where rolname = v_role);
    for v_function in
      select p.oid::regprocedure from pg_catalog.pg_proc p
      where p.pronamespace = 'public'::regnamespace and p.proname in ('simcity_claim_run', 'simcity_stored_prefix', 'simcity_harness_forensic',
        'simcity_lost_attempts', 'simcity_requeue_run', 'simcity_lose_run', 'simcity_decided',
        'simcity_repeat_difference', 'simcity_end_not_deterministic', 'simcity_ingest_batch')
    loop
      execute format('revoke all on function %s from %s', v_function,
        case when v_role = 'public' then v_role else quote_ident(v_role) end);
      if v_role = 'service_role' then
        execute format('grant execute on function %s to service_role', v_function);
      end if;
    end loop;
  end loop;
end
$$;
