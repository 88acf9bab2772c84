-- Campaigns: how far each is and what it has found, as its conductor reports it. Whoever conducts one holds its lease;
-- a lease that lapsed can be taken over, and who lost it is told at its next report.

set local lock_timeout = '10s';

create table if not exists public.simcity_campaigns (
  name text primary key,
  -- Tells it from another of the same name, of another directory.
  id uuid not null,
  scenario text not null,
  target text not null,
  config jsonb not null,
  generation integer,
  version text,
  -- Ranges [first, last] of all seeds, and how many of them there are, are through, and failed.
  seeds jsonb not null,
  seeds_total bigint not null,
  seeds_through bigint not null,
  seeds_failing bigint not null,
  operations bigint not null,
  seconds double precision not null,
  -- How far it was after so many seconds; bounded.
  course jsonb not null,
  state text not null,
  -- The last one to report. The lease is null once it has said that it is over.
  holder uuid not null,
  lease_until timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint simcity_campaigns_state_check check (state in ('running', 'done', 'interrupted')),
  constraint simcity_campaigns_lease_check check ((state = 'running') = (lease_until is not null))
);

create index if not exists simcity_campaigns_created_idx on public.simcity_campaigns (created_at, name);

create table if not exists public.simcity_campaign_findings (
  campaign text not null references public.simcity_campaigns (name) on delete cascade,
  -- kind/invariant/operation: everything that failed in one way.
  signature_text text not null,
  signature jsonb not null,
  message text not null,
  seeds bigint not null,
  first_seed bigint not null,
  -- The one that fails after the fewest operations, which is recorded and made small.
  seed bigint not null,
  operations bigint not null,
  smallest bigint,
  why text not null,
  reproduce text,
  -- No foreign key: it may be removed, or of another server.
  run_id uuid,
  primary key (campaign, signature_text)
);

comment on table public.simcity_campaigns is 'One configuration executed for many seeds: how far it is.';
comment on table public.simcity_campaign_findings is 'What a campaign has found: a row for each way to fail.';

alter table public.simcity_campaigns enable row level security;
alter table public.simcity_campaign_findings enable row level security;

-- Stores a report, of which p_campaign has the columns and p_findings the rows. p_begins: takes the lease of p_seconds,
-- where nobody has it, or p_after, which is known to be gone; else only for its holder. Null: it is stored. Else why not:
-- 'held' (by another), 'other' (the name is another campaign's).
create or replace function public.simcity_report_campaign(
  p_name text, p_begins boolean, p_after uuid, p_campaign jsonb, p_findings jsonb, p_at timestamptz,
  p_seconds double precision
) returns text
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  c simcity_campaigns;
  n simcity_campaigns := jsonb_populate_record(null::simcity_campaigns, p_campaign);
begin
  -- Also of a name that nobody has yet.
  perform pg_advisory_xact_lock(hashtext('simcity_campaigns'), hashtext(p_name));
  select * into c from simcity_campaigns where name = p_name;
  if c.id <> n.id then
    return 'other';
  elsif c.holder <> n.holder
      and (not p_begins or (c.lease_until > clock_timestamp() and c.holder is distinct from p_after)) then
    return 'held';
  end if;
  n.name := p_name;
  n.created_at := coalesce(c.created_at, p_at, clock_timestamp());
  n.updated_at := coalesce(p_at, clock_timestamp());
  n.lease_until := case when n.state = 'running' then clock_timestamp() + make_interval(secs => p_seconds) end;
  if c.name is null then
    insert into simcity_campaigns select n.*;
  else
    update simcity_campaigns set
      scenario = n.scenario, target = n.target, config = n.config, generation = n.generation, version = n.version,
      seeds = n.seeds, seeds_total = n.seeds_total, seeds_through = n.seeds_through, seeds_failing = n.seeds_failing,
      operations = n.operations, seconds = n.seconds, course = n.course, state = n.state,
      holder = n.holder, lease_until = n.lease_until, updated_at = n.updated_at
    where name = p_name;
  end if;
  delete from simcity_campaign_findings where campaign = p_name
    and signature_text not in (select f ->> 'signature_text' from jsonb_array_elements(p_findings) f);
  insert into simcity_campaign_findings as old
    select p_name, f.signature_text, f.signature, f.message, f.seeds, f.first_seed, f.seed, f.operations, f.smallest,
      f.why, f.reproduce, f.run_id
    from jsonb_populate_recordset(null::simcity_campaign_findings, p_findings) f
    on conflict (campaign, signature_text) do update set
      message = excluded.message, seeds = excluded.seeds, first_seed = excluded.first_seed, seed = excluded.seed,
      operations = excluded.operations, smallest = excluded.smallest, why = excluded.why,
      reproduce = excluded.reproduce, run_id = excluded.run_id
    where (old.message, old.seeds, old.first_seed, old.seed, old.operations, old.smallest, old.why, old.reproduce, old.run_id)
      is distinct from (excluded.message, excluded.seeds, excluded.first_seed, excluded.seed, excluded.operations,
        excluded.smallest, excluded.why, excluded.reproduce, excluded.run_id);
  return null;
end
$$;

do $$
begin
  perform public.simcity_restrict('public.simcity_campaigns, public.simcity_campaign_findings',
    'select, insert, update, delete');
  perform public.simcity_restrict_functions();
end
$$;
