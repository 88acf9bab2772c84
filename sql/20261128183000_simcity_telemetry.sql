-- Telemetry. Of many batches in one transaction: the rows of the runs are locked, the events come by COPY on the same
-- connection, and the places of the runs are moved. What does not fit this plain path (repeated batches, ends, runs
-- that another transaction holds, attempts that repeat a prefix) goes through simcity_ingest_batch, alone. By
-- PostgREST: one call of simcity_push takes a batch as the server's own API takes it.

set local lock_timeout = '10s';

-- Locks the rows of those of p_runs that p_hashes (SHA-256 of tokens, by position) may send telemetry for
-- now. No row: not so, another transaction holds the run, or it repeats its prefix; simcity_ingest_batch says which,
-- waits for it, or compares it.
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

-- A batch by PostgREST: checked as the server checks it, and stored by the very function that the server uses.
-- p_batch is the text of {"events", "snapshots", "live", "end"}; p_token the token of the run. Answers
-- {"next", "stop"} once the rows are written; they are committed before PostgREST answers. {"difference"}: the batch
-- differs from the prefix that it repeats, and the run has ended with that.
-- SC001 to SC005 as simcity_ingest_batch; SC006 the batch is malformed, SC007 it or an item is too large, SC008 it
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

comment on function public.simcity_push(uuid, text, text) is
  'Takes a batch of telemetry from a harness, with the guarantees of the server''s own ingest.';

do $$
begin
  perform public.simcity_restrict_functions();
end
$$;
