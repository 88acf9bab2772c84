-- Campaigns: one configuration executed for many seeds. Whoever has the engine claims shards of the seeds under a lease
-- and a fence; what came of a shard is stored in one transaction. There is no row for a seed.

set local lock_timeout = '10s';

create table if not exists public.simcity_campaigns (
  name text primary key,
  -- Tells it from another of the same name.
  id uuid not null,
  scenario text not null,
  target text not null,
  config jsonb not null,
  generation integer,
  version text,
  -- Hashes of the engine and of the code of users that execute it. No build: it was executed without a server.
  build text,
  code text,
  -- Only claimants with this label execute it.
  label text,
  -- All seeds, and those of which no shard was cut yet.
  seeds int8multirange not null,
  uncut int8multirange not null,
  -- Those that are cut before all others.
  first int8multirange not null default '{}',
  budget_seconds double precision,
  until_new integer,
  -- Failures that are known, by signature_text: counted, but neither recorded nor taken for new.
  known text[] not null default '{}',
  records boolean not null,
  state text not null,
  -- Why it ends before all seeds are through: stop, time, failures.
  ended_by text,
  -- Sums of the shards that are done.
  seeds_total bigint not null,
  seeds_through bigint not null default 0,
  operations bigint not null default 0,
  executing_ms bigint not null default 0,
  -- Of the findings: how many there are, and seeds that failed.
  failures integer not null default 0,
  seeds_failing bigint not null default 0,
  proved bigint not null default 0,
  identical bigint not null default 0,
  reached jsonb not null default '{}',
  -- Shards cut so far.
  shards integer not null default 0,
  -- How far it was after so many seconds; bounded.
  course jsonb not null default '[]',
  -- Time under way: before, and since when now.
  seconds double precision not null default 0,
  running_since timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint simcity_campaigns_state_check check (state in ('running', 'recording', 'done', 'stopped')),
  constraint simcity_campaigns_ended_by_check check (ended_by in ('stop', 'time', 'failures')),
  constraint simcity_campaigns_running_check check ((state = 'running') = (running_since is not null))
);

create index if not exists simcity_campaigns_created_idx on public.simcity_campaigns (created_at, name);
create index if not exists simcity_campaigns_active_idx on public.simcity_campaigns (created_at)
  where state in ('running', 'recording');

create table if not exists public.simcity_campaign_shards (
  campaign text not null references public.simcity_campaigns (name) on delete cascade,
  -- From 1, in the order in which they were cut.
  number integer not null,
  seeds int8multirange not null,
  seeds_total bigint not null,
  state text not null,
  -- Every later word of a claimant bears it.
  fence bigint not null default 1,
  attempts integer not null,
  -- Of whoever has it, or had it last.
  runner text not null,
  lease_until timestamptz,
  -- What is through: while it runs, as its claimant told last.
  seeds_through bigint not null default 0,
  operations bigint not null default 0,
  seen_at timestamptz not null default clock_timestamp(),
  why text,
  primary key (campaign, number),
  constraint simcity_campaign_shards_state_check check (state in ('open', 'running', 'done', 'lost')),
  constraint simcity_campaign_shards_lease_check check ((state = 'running') = (lease_until is not null))
) with (fillfactor = 90);

-- Few are not done, however many there are. A renewal changes nothing that is indexed, and leaves nothing behind in here.
create index if not exists simcity_campaign_shards_left on public.simcity_campaign_shards (campaign, state, number)
  where state <> 'done';

create table if not exists public.simcity_campaign_findings (
  campaign text not null references public.simcity_campaigns (name) on delete cascade,
  -- kind/invariant/operation: everything that failed in one way. Ordered by its bytes.
  signature_text text collate "C" not null,
  signature jsonb not null,
  message text not null,
  seeds bigint not null,
  first_seed bigint not null,
  -- The one that fails after the fewest operations, which is recorded and made small.
  seed bigint not null,
  operations bigint not null,
  -- Seeds by powers of two of the operations until they failed.
  operations_until bigint[] not null,
  -- Its record: over (of one that is known from the beginning), or worked at by a claimant.
  recorded boolean not null default false,
  fence bigint not null default 0,
  runner text,
  lease_until timestamptz,
  smallest bigint,
  why text not null default '',
  reproduce text,
  -- No foreign key: it may be removed.
  run_id uuid,
  primary key (campaign, signature_text)
);

create table if not exists public.simcity_runners (
  name text primary key,
  host text not null,
  version text not null,
  build text not null,
  labels text[] not null,
  has_code boolean not null,
  campaign text,
  shard integer,
  seen_at timestamptz not null default clock_timestamp()
);

create index if not exists simcity_runners_seen_idx on public.simcity_runners (seen_at);

comment on table public.simcity_campaigns is 'One configuration executed for many seeds: how far it is.';
comment on table public.simcity_campaign_shards is 'Seeds of a campaign that one claimant executes together.';
comment on table public.simcity_campaign_findings is 'What a campaign has found: a row for each way to fail.';
comment on table public.simcity_runners is 'Processes that claim work of campaigns: what they do, and when they were heard of.';

alter table public.simcity_campaigns enable row level security;
alter table public.simcity_campaign_shards enable row level security;
alter table public.simcity_campaign_findings enable row level security;
alter table public.simcity_runners enable row level security;

-- Seeds as JSON are ranges [first, last], both included.
create or replace function public.simcity_seeds(p_ranges jsonb) returns int8multirange
language sql immutable
set search_path = pg_catalog, public, pg_temp
as $$
  select coalesce(range_agg(int8range((r ->> 0)::bigint, (r ->> 1)::bigint, '[]')), '{}')
  from jsonb_array_elements(p_ranges) as r
$$;

create or replace function public.simcity_seeds_json(p_seeds int8multirange) returns jsonb
language sql immutable
set search_path = pg_catalog, public, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_array(lower(r), upper(r) - 1) order by r), '[]') from unnest(p_seeds) as r
$$;

create or replace function public.simcity_seeds_count(p_seeds int8multirange) returns bigint
language sql immutable
set search_path = pg_catalog, public, pg_temp
as $$
  select coalesce(sum(upper(r) - lower(r)), 0)::bigint from unnest(p_seeds) as r
$$;

-- The first of them, at most p_count.
create or replace function public.simcity_first_seeds(p_seeds int8multirange, p_count bigint) returns int8multirange
language sql immutable
set search_path = pg_catalog, public, pg_temp
as $$
  select coalesce(range_agg(int8range(lower(r), least(upper(r), lower(r) + p_count - before))), '{}')
  from (select r, coalesce(sum(upper(r) - lower(r)) over (order by r rows between unbounded preceding and 1 preceding), 0)::bigint as before
    from unnest(p_seeds) as r) as counted
  where before < p_count
$$;

-- For how long it was under way, in seconds.
create or replace function public.simcity_campaign_seconds(c public.simcity_campaigns) returns double precision
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
  select c.seconds + coalesce(extract(epoch from clock_timestamp() - c.running_since)::double precision, 0)
$$;

create or replace function public.simcity_time_is_up(c public.simcity_campaigns) returns boolean
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
  select c.budget_seconds is not null and simcity_campaign_seconds(c) >= c.budget_seconds
$$;

-- What a claimant needs to execute its seeds.
create or replace function public.simcity_campaign_subject(c public.simcity_campaigns) returns jsonb
language sql immutable
set search_path = pg_catalog, public, pg_temp
as $$
  select jsonb_build_object('name', c.name, 'scenario', c.scenario, 'target', c.target, 'config', c.config, 'code', c.code)
$$;

-- Whether it is the campaign that a claimant works for, and the claimant has one of its labels.
create or replace function public.simcity_is_asked_for(c public.simcity_campaigns, p_claim jsonb) returns boolean
language sql immutable
set search_path = pg_catalog, public, pg_temp
as $$
  select (p_claim ->> 'campaign' is null or c.name = p_claim ->> 'campaign')
    and (c.label is null or p_claim -> 'labels' ? c.label)
$$;

-- Whether a claimant has the engine and the code that it needs.
create or replace function public.simcity_can_execute(c public.simcity_campaigns, p_claim jsonb) returns boolean
language sql immutable
set search_path = pg_catalog, public, pg_temp
as $$
  select coalesce(c.build = p_claim ->> 'build' and (c.code is null or c.code = p_claim ->> 'code'), false)
$$;

-- How many distinct failures it has found that are not known.
create or replace function public.simcity_new_failures(c public.simcity_campaigns) returns bigint
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
  select count(*) from simcity_campaign_findings where campaign = c.name and signature_text <> all (c.known)
$$;

-- Brings a campaign to where it is to be: its budget may be spent, its last shard done, its last failure recorded.
-- True: it has another state.
create or replace function public.simcity_settle_campaign(p_name text) returns boolean
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  c simcity_campaigns;
  v_next text;
  v_is_through boolean;
begin
  select * into c from simcity_campaigns where name = p_name for no key update;
  v_next := c.state;
  if c.state = 'running' then
    c.ended_by := coalesce(c.ended_by, case
      when simcity_time_is_up(c) then 'time'
      when c.until_new <= simcity_new_failures(c) then 'failures'
    end);
    v_is_through := isempty(c.uncut)
      and not exists (select from simcity_campaign_shards where campaign = p_name and state in ('open', 'running'));
    if (v_is_through or c.ended_by is not null)
        and not exists (select from simcity_campaign_shards where campaign = p_name and state = 'running') then
      -- Told to stop as its last seed ended, it has come to its end all the same.
      v_next := case when c.ended_by = 'stop' and not v_is_through then 'stopped' else 'recording' end;
    end if;
  end if;
  if v_next = 'recording' and (not c.records
      or not exists (select from simcity_campaign_findings where campaign = p_name and not recorded)) then
    v_next := 'done';
  elsif v_next = 'recording' and c.ended_by = 'stop' then
    v_next := 'stopped';
  end if;
  if v_next = c.state then
    update simcity_campaigns set ended_by = c.ended_by where name = p_name and ended_by is distinct from c.ended_by;
    return false;
  end if;
  update simcity_campaigns set
    ended_by = case when not coalesce(v_is_through, false) or v_next = 'stopped' then c.ended_by end, state = v_next, updated_at = clock_timestamp(),
    seconds = simcity_campaign_seconds(c), running_since = null
  where name = p_name;
  return true;
end
$$;

-- Keeps how far it is, unless the newest sample is of nearly the same time. When p_most are kept every other one goes.
create or replace function public.simcity_sample_campaign(p_name text, p_most integer) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  c simcity_campaigns;
  v_seconds double precision;
  v_through bigint;
  v_operations bigint;
begin
  select * into c from simcity_campaigns where name = p_name;
  v_seconds := simcity_campaign_seconds(c);
  if v_seconds - coalesce((c.course -> -1 ->> 'seconds')::double precision, 0) < greatest(0.25, v_seconds / p_most) then
    return;
  end if;
  select coalesce(sum(seeds_through), 0), coalesce(sum(operations), 0) into v_through, v_operations
    from simcity_campaign_shards where campaign = p_name and state = 'running';
  update simcity_campaigns as n set course = case
      when jsonb_array_length(n.course) < p_most then n.course
      else (select jsonb_agg(e order by i) from jsonb_array_elements(n.course) with ordinality as x (e, i) where i % 2 = 0)
    end || jsonb_build_object('seconds', v_seconds, 'seeds', n.seeds_through + v_through,
      'operations', n.operations + v_operations)
  where name = p_name and n.course = c.course;
end
$$;

-- Starts one, of which p_campaign has the columns. False: the name is another campaign's. The same again is no harm.
create or replace function public.simcity_start_campaign(p_campaign jsonb) returns boolean
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  n simcity_campaigns := jsonb_populate_record(null::simcity_campaigns, p_campaign - array['seeds', 'first']);
begin
  n.seeds := simcity_seeds(p_campaign -> 'seeds');
  n.first := simcity_seeds(p_campaign -> 'first');
  insert into simcity_campaigns (name, id, scenario, target, config, generation, version, build, code, label, seeds, uncut,
      first, seeds_total, budget_seconds, until_new, known, records, state, running_since)
    values (n.name, n.id, n.scenario, n.target, n.config, n.generation, n.version, n.build, n.code, n.label, n.seeds, n.seeds,
      n.first, simcity_seeds_count(n.seeds), n.budget_seconds, n.until_new, n.known, n.records, 'running', clock_timestamp())
    on conflict (name) do nothing;
  return exists (select from simcity_campaigns where name = n.name and id = n.id);
end
$$;

-- Ends a campaign before its end: what is under way is told so when it is renewed. Null: there is none of this name;
-- else whether there was something to stop.
create or replace function public.simcity_stop_campaign(p_name text) returns boolean
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  c simcity_campaigns;
begin
  select * into c from simcity_campaigns where name = p_name for no key update;
  if not found then
    return null;
  elsif c.state = 'recording' then
    update simcity_campaigns set state = 'stopped', ended_by = 'stop', updated_at = clock_timestamp() where name = p_name;
  elsif c.state = 'running' then
    update simcity_campaigns set ended_by = 'stop', updated_at = clock_timestamp() where name = p_name;
    perform simcity_settle_campaign(p_name);
  end if;
  return c.state in ('running', 'recording');
end
$$;

-- Goes on with one that was stopped or is done, with more seeds if p_seeds has any; budgets count from now on, and null
-- leaves one as it was. Null:
-- it goes on. Else why not: 'unknown', 'running' (it goes on already), 'elsewhere' (it was executed without a server).
create or replace function public.simcity_resume_campaign(
  p_name text, p_seeds jsonb, p_budget_seconds double precision, p_until_new integer
) returns text
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  c simcity_campaigns;
  v_seeds int8multirange := simcity_seeds(p_seeds);
begin
  select * into c from simcity_campaigns where name = p_name for no key update;
  if not found then
    return 'unknown';
  elsif c.build is null then
    return 'elsewhere';
  elsif c.state in ('running', 'recording') and c.ended_by is null and v_seeds <@ c.seeds then
    return 'running';
  end if;
  update simcity_campaign_shards set state = 'open', attempts = 0, fence = fence + 1
    where campaign = p_name and state = 'lost';
  update simcity_campaigns set
    uncut = uncut + (v_seeds - seeds), seeds = seeds + v_seeds, seeds_total = simcity_seeds_count(seeds + v_seeds),
    budget_seconds = coalesce(simcity_campaign_seconds(c) + p_budget_seconds, budget_seconds),
    until_new = coalesce(p_until_new + simcity_new_failures(c), until_new),
    state = 'running', ended_by = null, running_since = coalesce(running_since, clock_timestamp()),
    updated_at = clock_timestamp()
  where name = p_name;
  perform simcity_settle_campaign(p_name);
  return null;
end
$$;

-- A claimant as it is now.
create or replace function public.simcity_note_runner(p_claim jsonb, p_campaign text, p_shard integer) returns void
language sql
set search_path = pg_catalog, public, pg_temp
as $$
  insert into simcity_runners (name, host, version, build, labels, has_code, campaign, shard)
    values (p_claim ->> 'runner', p_claim ->> 'host', p_claim ->> 'version', p_claim ->> 'build',
      array(select jsonb_array_elements_text(p_claim -> 'labels')), p_claim ->> 'code' is not null, p_campaign, p_shard)
    on conflict (name) do update set
      host = excluded.host, version = excluded.version, build = excluded.build, labels = excluded.labels,
      has_code = excluded.has_code, campaign = excluded.campaign, shard = excluded.shard, seen_at = clock_timestamp()
$$;

-- The next shard for a claimant: one that was given back, or is cut anew from the oldest campaign. Null: there is none.
create or replace function public.simcity_claim_shard(p_claim jsonb, p_lease_seconds double precision) returns jsonb
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  c simcity_campaigns;
  s simcity_campaign_shards;
  v_lease timestamptz := clock_timestamp() + make_interval(secs => p_lease_seconds);
begin
  select o.* into s from simcity_campaigns as parent join simcity_campaign_shards as o on o.campaign = parent.name
    where o.state = 'open' and parent.state = 'running' and parent.ended_by is null and not simcity_time_is_up(parent)
      and simcity_is_asked_for(parent, p_claim) and simcity_can_execute(parent, p_claim)
    order by parent.created_at, o.number limit 1 for update of o skip locked;
  if found then
    update simcity_campaign_shards set
      state = 'running', fence = fence + 1, attempts = attempts + 1, runner = p_claim ->> 'runner', lease_until = v_lease,
      seeds_through = 0, operations = 0, seen_at = clock_timestamp()
    where campaign = s.campaign and number = s.number returning * into s;
    select * into c from simcity_campaigns where name = s.campaign;
  else
    select * into c from simcity_campaigns as u
      where u.state = 'running' and u.ended_by is null and not isempty(u.uncut) and not simcity_time_is_up(u)
        and simcity_is_asked_for(u, p_claim) and simcity_can_execute(u, p_claim)
      order by u.created_at limit 1 for no key update;
    if not found then
      return null;
    end if;
    s.seeds := c.uncut * c.first;
    s.seeds := simcity_first_seeds(case when isempty(s.seeds) then c.uncut else s.seeds end, (p_claim ->> 'seeds')::bigint);
    update simcity_campaigns set uncut = uncut - s.seeds, shards = shards + 1, updated_at = clock_timestamp()
      where name = c.name returning * into c;
    insert into simcity_campaign_shards (campaign, number, seeds, seeds_total, state, attempts, runner, lease_until)
      values (c.name, c.shards, s.seeds, simcity_seeds_count(s.seeds), 'running', 1, p_claim ->> 'runner', v_lease)
      returning * into s;
  end if;
  perform simcity_note_runner(p_claim, s.campaign, s.number);
  return jsonb_build_object('do', 'shard', 'campaign', simcity_campaign_subject(c), 'fence', s.fence, 'leaseSeconds', p_lease_seconds,
    'number', s.number, 'seeds', simcity_seeds_json(s.seeds),
    'secondsLeft', case when c.budget_seconds is not null
      then greatest(0, c.budget_seconds - simcity_campaign_seconds(c)) end);
end
$$;

-- The next failure to record. Null: there is none.
create or replace function public.simcity_claim_record(p_claim jsonb, p_lease_seconds double precision) returns jsonb
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  c simcity_campaigns;
  f simcity_campaign_findings;
begin
  select o.* into f from simcity_campaigns as parent join simcity_campaign_findings as o on o.campaign = parent.name
    where parent.state = 'recording' and not o.recorded and (o.lease_until is null or o.lease_until <= clock_timestamp())
      and simcity_is_asked_for(parent, p_claim) and simcity_can_execute(parent, p_claim)
    order by parent.created_at, o.signature_text limit 1 for update of o skip locked;
  if not found then
    return null;
  end if;
  update simcity_campaign_findings set
    fence = fence + 1, runner = p_claim ->> 'runner', lease_until = clock_timestamp() + make_interval(secs => p_lease_seconds)
  where campaign = f.campaign and signature_text = f.signature_text returning * into f;
  select * into c from simcity_campaigns where name = f.campaign;
  perform simcity_note_runner(p_claim, f.campaign, null);
  return jsonb_build_object('do', 'record', 'campaign', simcity_campaign_subject(c), 'fence', f.fence, 'leaseSeconds', p_lease_seconds,
    'signature', f.signature, 'seed', f.seed, 'run', f.run_id);
end
$$;

-- What a claimant is to do, or which campaigns wait that it may not execute.
create or replace function public.simcity_claim_work(p_claim jsonb, p_lease_seconds double precision) returns jsonb
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_work jsonb := simcity_claim_shard(p_claim, p_lease_seconds);
  v_refused jsonb := '[]';
begin
  if v_work is null and (p_claim ->> 'records')::boolean then
    v_work := simcity_claim_record(p_claim, p_lease_seconds);
  end if;
  if v_work is null then
    perform simcity_note_runner(p_claim, null, null);
    select coalesce(jsonb_agg(r), '[]') into v_refused from (
      select jsonb_build_object('campaign', c.name, 'generation', c.generation, 'version', c.version,
        'why', case when c.build = p_claim ->> 'build' then 'code' else 'build' end) as r
      from simcity_campaigns as c
      where c.state in ('running', 'recording') and c.build is not null
        and simcity_is_asked_for(c, p_claim) and not simcity_can_execute(c, p_claim)
      order by c.created_at limit 20) as refused;
  end if;
  return jsonb_build_object('work', v_work, 'refused', v_refused, 'isOver', p_claim ->> 'campaign' is not null and not exists (
    select from simcity_campaigns where name = p_claim ->> 'campaign' and state in ('running', 'recording')));
end
$$;

-- Prolongs the lease of a shard, and keeps how far it is. Null: it is not the claimant's any more; else whether the
-- campaign is over, so that what is through is to be stored.
create or replace function public.simcity_renew_shard(
  p_campaign text, p_number integer, p_fence bigint, p_through bigint, p_operations bigint,
  p_lease_seconds double precision, p_most_samples integer
) returns boolean
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  c simcity_campaigns;
  v_runner text;
begin
  update simcity_campaign_shards set
    lease_until = clock_timestamp() + make_interval(secs => p_lease_seconds), seen_at = clock_timestamp(),
    seeds_through = least(p_through, seeds_total), operations = p_operations
  where campaign = p_campaign and number = p_number and fence = p_fence and state = 'running'
  returning runner into v_runner;
  if not found then
    return null;
  end if;
  update simcity_runners set seen_at = clock_timestamp() where name = v_runner;
  perform simcity_sample_campaign(p_campaign, p_most_samples);
  select * into c from simcity_campaigns where name = p_campaign;
  return c.state <> 'running' or c.ended_by is not null or simcity_time_is_up(c);
end
$$;

-- Adds what seeds of it came to. p_failures: rows of findings.
create or replace function public.simcity_add_tally(p_campaign text, p_tally jsonb, p_most_findings integer) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  update simcity_campaigns as c set
    seeds_through = c.seeds_through + simcity_seeds_count(simcity_seeds(p_tally -> 'through')),
    operations = c.operations + (p_tally ->> 'operations')::bigint,
    executing_ms = c.executing_ms + (p_tally ->> 'executingMs')::bigint,
    proved = c.proved + (p_tally ->> 'proved')::bigint,
    identical = c.identical + (p_tally ->> 'identical')::bigint,
    reached = coalesce((select jsonb_object_agg(key, seeds) from (
      select key, sum(value::bigint) as seeds
      from (select * from jsonb_each_text(c.reached) union all select * from jsonb_each_text(p_tally -> 'reached')) as both_of
      group by key) as summed), '{}'),
    updated_at = clock_timestamp()
  where c.name = p_campaign;
  insert into simcity_campaign_findings as old
      (campaign, signature_text, signature, message, seeds, first_seed, seed, operations, operations_until, recorded)
    select p_campaign, f ->> 'signatureText', f -> 'signature', f ->> 'message', (f ->> 'seeds')::bigint,
      (f ->> 'firstSeed')::bigint, (f ->> 'seed')::bigint, (f ->> 'operations')::bigint,
      array(select jsonb_array_elements_text(f -> 'operationsUntil')::bigint),
      exists (select from simcity_campaigns where name = p_campaign and f ->> 'signatureText' = any (known))
    from jsonb_array_elements(p_tally -> 'failures') as f
    order by 2
    on conflict (campaign, signature_text) do update set
      seeds = old.seeds + excluded.seeds,
      first_seed = least(old.first_seed, excluded.first_seed),
      message = case when (excluded.operations, excluded.seed) < (old.operations, old.seed)
        then excluded.message else old.message end,
      seed = case when (excluded.operations, excluded.seed) < (old.operations, old.seed)
        then excluded.seed else old.seed end,
      operations = least(excluded.operations, old.operations),
      operations_until = array(select coalesce(a, 0) + coalesce(b, 0)
        from unnest(old.operations_until, excluded.operations_until) with ordinality as u (a, b, i) order by i);
  delete from simcity_campaign_findings where campaign = p_campaign and signature_text in (
    select signature_text from simcity_campaign_findings where campaign = p_campaign
    order by signature_text offset p_most_findings);
  if p_tally -> 'failures' <> '[]' then
    update simcity_campaigns set (failures, seeds_failing) = (
      select count(*), coalesce(sum(seeds), 0) from simcity_campaign_findings where campaign = p_campaign)
    where name = p_campaign;
  end if;
end
$$;

-- Stores what came of a shard. What is not through is claimed again: p_why null, it was given back in order; else why it
-- could not be executed, and the third time it is lost. Null: it is stored (the same again is no harm). Else why not:
-- 'lost' (another claim came after), 'seeds' (they are not the shard's).
create or replace function public.simcity_finish_shard(
  p_campaign text, p_number integer, p_fence bigint, p_tally jsonb, p_why text, p_most_attempts integer,
  p_most_samples integer, p_most_findings integer
) returns text
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  s simcity_campaign_shards;
  v_through int8multirange := simcity_seeds(p_tally -> 'through');
  v_rest int8multirange;
  v_state text;
begin
  select * into s from simcity_campaign_shards where campaign = p_campaign and number = p_number for update;
  if not found or s.fence <> p_fence then
    return 'lost';
  elsif s.state <> 'running' then
    return null;
  elsif not v_through <@ s.seeds then
    return 'seeds';
  end if;
  v_rest := s.seeds - v_through;
  v_state := case when p_why is not null and s.attempts >= p_most_attempts then 'lost' else 'open' end;
  if isempty(v_through) then
    update simcity_campaign_shards set
      state = v_state, lease_until = null, seeds_through = 0, operations = 0, why = p_why,
      attempts = case when p_why is null then 0 else attempts end
    where campaign = p_campaign and number = p_number;
  else
    update simcity_campaign_shards set
      state = 'done', lease_until = null, seeds = v_through, seeds_total = simcity_seeds_count(v_through),
      seeds_through = simcity_seeds_count(v_through), operations = (p_tally ->> 'operations')::bigint,
      seen_at = clock_timestamp(), why = null
    where campaign = p_campaign and number = p_number;
    perform simcity_add_tally(p_campaign, p_tally, p_most_findings);
    if not isempty(v_rest) then
      update simcity_campaigns set shards = shards + 1 where name = p_campaign returning shards into s.number;
      insert into simcity_campaign_shards (campaign, number, seeds, seeds_total, state, attempts, runner, why)
        values (p_campaign, s.number, v_rest, simcity_seeds_count(v_rest), v_state,
          case when p_why is null then 0 else s.attempts end, s.runner, p_why);
    end if;
  end if;
  update simcity_runners set campaign = null, shard = null, seen_at = clock_timestamp() where name = s.runner;
  perform simcity_sample_campaign(p_campaign, p_most_samples);
  perform simcity_settle_campaign(p_campaign);
  return null;
end
$$;

-- Keeps how far the recording of a failure is, of which p_record has the columns, and its lease with it. Null: it is not
-- the claimant's any more; else whether the campaign was stopped.
create or replace function public.simcity_record_finding(
  p_campaign text, p_signature text, p_fence bigint, p_record jsonb, p_lease_seconds double precision
) returns boolean
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_runner text;
  v_state text := p_record ->> 'state';
begin
  update simcity_campaign_findings set
    run_id = (p_record ->> 'run')::uuid, smallest = (p_record ->> 'smallest')::bigint, why = p_record ->> 'why',
    reproduce = p_record ->> 'reproduce', recorded = v_state = 'over',
    lease_until = case when v_state = 'under-way' then clock_timestamp() + make_interval(secs => p_lease_seconds) end
  where campaign = p_campaign and signature_text = p_signature and fence = p_fence
    and (lease_until is not null or recorded)
  returning runner into v_runner;
  if not found then
    return null;
  end if;
  update simcity_runners set
    seen_at = clock_timestamp(), campaign = case when v_state = 'under-way' then campaign end
  where name = v_runner;
  if v_state <> 'under-way' then
    update simcity_campaigns set updated_at = clock_timestamp() where name = p_campaign;
    perform simcity_settle_campaign(p_campaign);
  end if;
  return (select state = 'stopped' from simcity_campaigns where name = p_campaign);
end
$$;

-- Gives shards whose claimants are gone to others, or calls them lost, where p_heeds_leases; brings each campaign to where it is to be, and
-- forgets claimants that were not heard of for a day. Answers the campaigns that have changed.
create or replace function public.simcity_reap_shards(p_most_attempts integer, p_heeds_leases boolean) returns setof text
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return query
    with gone as (
      select campaign, number from simcity_campaign_shards
      where p_heeds_leases and state = 'running' and lease_until < clock_timestamp() for update skip locked
    )
    update simcity_campaign_shards as s set
      state = case when s.attempts >= p_most_attempts then 'lost' else 'open' end, fence = s.fence + 1, lease_until = null,
      seeds_through = 0, operations = 0, why = 'Its claimant is not heard of any more.'
    from gone where s.campaign = gone.campaign and s.number = gone.number
    returning s.campaign;
  return query
    select name from simcity_campaigns
    where state in ('running', 'recording')
      -- Of the others each call that changes something settles them.
      and (state = 'recording' or budget_seconds is not null or ended_by is not null or isempty(uncut))
      and simcity_settle_campaign(name);
  delete from simcity_runners where seen_at < clock_timestamp() - interval '1 day';
end
$$;

-- Stores one that was executed without a server, of which p_campaign has the columns and p_tally the sums. False: the name
-- is another campaign's. Again, with more in it, is no harm.
create or replace function public.simcity_import_campaign(
  p_campaign jsonb, p_tally jsonb, p_records jsonb, p_most_findings integer
) returns boolean
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  c simcity_campaigns;
  n simcity_campaigns := jsonb_populate_record(null::simcity_campaigns, p_campaign - 'seeds');
begin
  -- Also of a name that nobody has yet.
  perform pg_advisory_xact_lock(hashtext('simcity_campaigns'), hashtext(n.name));
  select * into c from simcity_campaigns where name = n.name;
  if c.id <> n.id or (c.name is not null and c.build is not null) then
    return false;
  end if;
  n.seeds := simcity_seeds(p_campaign -> 'seeds');
  delete from simcity_campaigns where name = n.name;
  insert into simcity_campaigns (name, id, scenario, target, config, generation, version, code, label, seeds, uncut,
      seeds_total, budget_seconds, until_new, known, records, state, ended_by, course, seconds, created_at)
    values (n.name, n.id, n.scenario, n.target, n.config, n.generation, n.version, n.code, n.label, n.seeds,
      n.seeds - simcity_seeds(p_tally -> 'through'), simcity_seeds_count(n.seeds), n.budget_seconds, n.until_new, n.known, true, n.state,
      case when n.state = 'stopped' then 'stop' end, n.course, n.seconds, coalesce(c.created_at, n.updated_at));
  perform simcity_add_tally(n.name, p_tally, p_most_findings);
  update simcity_campaign_findings as f set
    recorded = true, smallest = (r ->> 'smallest')::bigint, why = r ->> 'why', reproduce = r ->> 'reproduce',
    run_id = (r ->> 'run')::uuid
  from jsonb_array_elements(p_records) as r
  where f.campaign = n.name and f.signature_text = r ->> 'signatureText';
  update simcity_campaigns set updated_at = n.updated_at where name = n.name;
  return true;
end
$$;

do $$
begin
  perform public.simcity_restrict(
    'public.simcity_campaigns, public.simcity_campaign_shards, public.simcity_campaign_findings, public.simcity_runners',
    'select, insert, update, delete');
  perform public.simcity_restrict_functions();
end
$$;
