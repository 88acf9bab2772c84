-- Telemetry by PostgREST: one call of simcity_push takes a batch as the server's own API takes it. It checks
-- what the server checks before it, and stores by the very function that the server uses.

set local lock_timeout = '10s';

-- p_batch is the text of {"events", "snapshots", "live", "end"}; p_token the token of the run. Answers
-- {"next", "stop"} once the rows are written; they are committed before PostgREST answers.
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

  select * into v_stored from simcity_ingest(p_run, sha256(convert_to(p_token, 'UTF8')),
    v_events, v_snapshots, v_batch -> 'live', v_end);
  return json_build_object('next', v_stored.next_index, 'stop',
    case when v_stored.stop_requested then json_build_object('reason', v_stored.stop_reason) end);
end
$$;

comment on function public.simcity_push(uuid, text, text) is
  'Takes a batch of telemetry from a harness, with the guarantees of the server''s own ingest.';

do $$
declare
  v_role text;
begin
  revoke all on function public.simcity_push(uuid, text, text) from public;
  foreach v_role in array array['anon', 'authenticated'] loop
    if exists (select from pg_catalog.pg_roles where rolname = v_role) then
      execute format('revoke all on function public.simcity_push(uuid, text, text) from %I', v_role);
    end if;
  end loop;
  if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
    grant execute on function public.simcity_push(uuid, text, text) to service_role;
  end if;
end
$$;
