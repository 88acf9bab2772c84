-- Attempts and generations. A run stores the generation of the engine that executes it, because a seed means
-- something only at one generation. STOPPED is no verdict: its pass is null.

set local lock_timeout = '10s';

alter table public.simcity_runs
  -- The engine's generation and SimCity's version at the first claim; null before it, and for older runs.
  add column if not exists generation integer,
  add column if not exists version text,
  -- How often the run was claimed.
  add column if not exists attempts integer not null default 0,
  -- [{"attempt", "runner", "lostAt", "eventIndex", "reason"}]: the attempts that infrastructure ended.
  add column if not exists lost_attempts jsonb not null default '[]'::jsonb,
  -- Events below this index were stored by an attempt before this one: they are compared, not stored again.
  add column if not exists repeat_below bigint not null default 0;

update public.simcity_runs set attempts = 1 where attempts = 0 and fence > 0;

alter table public.simcity_runs drop constraint if exists simcity_runs_pass_check;
update public.simcity_runs set pass = null where status = 'STOPPED' and pass is not null;
alter table public.simcity_runs add constraint simcity_runs_pass_check
  check (pass is not distinct from case status when 'PASS' then true when 'FAIL' then false end);

-- Takes the oldest queued run that p_runner may take, if there is one that nobody else is taking. A run that
-- was executed before goes on only at its own generation.
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
      repeat_below = r.next_index,
      generation = coalesce(r.generation, p_generation),
      version = coalesce(r.version, p_version),
      lease_expires_at = clock_timestamp() + make_interval(secs => p_lease_seconds),
      ingest_token_hash = p_token_hash
    where r.id = (
      select q.id from simcity_runs q
      where q.status = 'QUEUED'
        and (q.assigned_runner is null or q.assigned_runner = p_runner)
        and (p_only is null or q.id = p_only)
        and (q.generation is null or q.generation = p_generation)
      order by q.created_at, q.id
      limit 1
      for update skip locked
    )
    returning r.*;
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
    pass = case p_status when 'PASS' then true when 'FAIL' then false end,
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
      pass = case p_end ->> 'status' when 'PASS' then true when 'FAIL' then false end,
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
    heartbeat_at = clock_timestamp(),
    batches = batches + 1
  where run_id = p_run;
  if v_next <> r.next_index then
    perform pg_notify('simcity_run', p_run::text);
  end if;
  return query select v_next, r.stop_requested_at is not null, r.stop_reason;
end
$$;

do $$
declare
  v_role text;
  v_function regprocedure;
begin
  foreach v_role in array array['public', 'anon', 'authenticated', 'service_role'] loop
    continue when v_role <> 'public' and not exists (select from pg_catalog.pg_roles where rolname = v_role);
    for v_function in
      select p.oid::regprocedure from pg_catalog.pg_proc p
      where p.pronamespace = 'public'::regnamespace and p.proname = 'simcity_claim_run'
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
