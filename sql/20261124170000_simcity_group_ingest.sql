-- Ingest of many batches in one transaction: the rows of the runs are locked, the events come by COPY on
-- the same connection, and the places of the runs are moved. What does not fit this plain path (repeated
-- batches, ends, runs that another transaction holds) goes through simcity_ingest, alone.

set local lock_timeout = '10s';

-- Moves with every batch. A server that knows the batch before knows that it missed nothing between.
alter table public.simcity_run_live add column if not exists batches bigint not null default 0;

-- Locks the rows of those of p_runs that p_hashes (SHA-256 of tokens, by position) may send telemetry for
-- now. No row: not so, or another transaction holds the run; simcity_ingest says which, or waits for it.
create or replace function public.simcity_ingest_lock(p_runs uuid[], p_hashes bytea[])
returns table (run_id uuid, next_index bigint, batches bigint, stop_requested boolean, stop_reason text)
language sql
set search_path = pg_catalog, public, pg_temp
as $$
  with locked as materialized (
    select r.id, r.next_index, r.stop_requested_at is not null as stop_requested, r.stop_reason
    from unnest(p_runs, p_hashes) as b (id, hash)
    join simcity_runs r on r.id = b.id and r.ingest_token_hash = b.hash
    where r.status in ('RUNNING', 'STOPPING')
    for no key update of r skip locked
  )
  -- A statement of its own would see what was committed before the lock; the live row is changed only
  -- under the lock, so that its lock reads the newest.
  select k.id, k.next_index, l.batches, k.stop_requested, k.stop_reason
  from locked k join simcity_run_live l on l.run_id = k.id
  for no key update of l
$$;

-- Moves each locked run from event "first" to event "next", whose rows the same transaction has stored.
-- "late": snapshots of the event before "first". Raises when the place is not the one that was locked.
create or replace function public.simcity_ingest_finish(p_batches json) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_expected bigint := json_array_length(p_batches);
  v_moved bigint;
begin
  insert into simcity_run_snapshots (run_id, idx, at, metrics)
    select b.run, s.index, s.at, s.metrics
    from json_to_recordset(p_batches) as b (run uuid, late json)
    cross join lateral json_to_recordset(b.late) as s (index bigint, at timestamptz, metrics json)
    where b.late is not null;
  -- Only a run that got events is written: its row is read by many.
  update simcity_runs r set next_index = b.next, started_at = coalesce(r.started_at, b.started)
    from json_to_recordset(p_batches) as b (run uuid, first bigint, next bigint, started timestamptz)
    where r.id = b.run and r.next_index = b.first and b.next > b.first;
  get diagnostics v_moved = row_count;
  select v_expected - count(*) into v_expected
    from json_to_recordset(p_batches) as b (first bigint, next bigint) where b.next = b.first;
  if v_moved <> v_expected then
    raise exception using errcode = 'SC002', detail = '0',
      message = format('%s run(s) should have moved on, but %s did', v_expected, v_moved);
  end if;
  update simcity_run_live l set
    event_index = b.next - 1,
    metrics = coalesce(b.live -> 'metrics', l.metrics),
    events_per_second = coalesce((b.live ->> 'eventsPerSecond')::double precision, l.events_per_second),
    heartbeat_at = clock_timestamp(),
    batches = l.batches + 1
    from json_to_recordset(p_batches) as b (run uuid, next bigint, live json)
    where l.run_id = b.run;
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
    heartbeat_at = clock_timestamp(),
    batches = batches + 1
  where run_id = p_run;
  if v_next <> r.next_index then
    perform pg_notify('simcity_run', p_run::text);
  end if;
  return query select v_next, r.stop_requested_at is not null, r.stop_reason;
end
$$;

-- Two first runs of a day at once: who waited for the other must see its partitions. to_regclass may
-- answer from a cache that waiting for the lock does not refresh; a query has a snapshot of its own.
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

do $$
declare
  v_role text;
  v_function regprocedure;
begin
  foreach v_role in array array['public', 'anon', 'authenticated', 'service_role'] loop
    continue when v_role <> 'public' and not exists (select from pg_catalog.pg_roles where rolname = v_role);
    for v_function in
      select p.oid::regprocedure from pg_catalog.pg_proc p
      where p.pronamespace = 'public'::regnamespace and p.proname like 'simcity\_ingest%'
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
