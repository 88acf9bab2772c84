-- The base tables: a run, and its append-only history. Later migrations extend them.
-- Written for plain PostgreSQL 15 or newer and for Supabase alike. Whoever applies this file wraps it
-- in one transaction, so it holds no BEGIN or COMMIT and nothing that cannot run inside one.

set local lock_timeout = '10s';

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
  constraint simcity_runs_seed_check check (seed >= 0)
);

comment on table public.simcity_runs is 'One row a run: scenario, target, seed, limits, and how it ended.';

-- Keys start with run_id, so that the table can be partitioned or distributed by run.
-- data is json, not jsonb: history is returned as it was sent, with its keys in their order.
create table if not exists public.simcity_run_events (
  run_id uuid not null references public.simcity_runs (id),
  idx bigint not null,
  at timestamptz not null,
  virtual_ms double precision not null,
  type text not null,
  actor text not null,
  data json not null,
  constraint simcity_run_events_pkey primary key (run_id, idx),
  constraint simcity_run_events_idx_check check (idx >= 0)
);

comment on table public.simcity_run_events is 'The history of a run: append-only, gapless by idx from 0.';

-- A row of history is never changed, and it goes only together with its run: a prune says which run
-- it removes by the setting simcity.pruning, which lasts as long as its transaction.
create or replace function public.simcity_refuse_change() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if tg_op = 'DELETE' and current_setting('simcity.pruning', true) = old.run_id::text then
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
create or replace trigger simcity_run_events_no_truncate
  before truncate on public.simcity_run_events
  for each statement execute function public.simcity_refuse_change();

alter table public.simcity_runs enable row level security;
alter table public.simcity_run_events enable row level security;

-- Nothing is open to the public roles; Supabase's service role gets what it needs, where it exists.
revoke all on public.simcity_runs, public.simcity_run_events from public;
revoke all on function public.simcity_refuse_change() from public;

do $$
declare
  v_role text;
begin
  foreach v_role in array array['anon', 'authenticated'] loop
    if exists (select from pg_catalog.pg_roles where rolname = v_role) then
      execute format('revoke all on public.simcity_runs, public.simcity_run_events from %I', v_role);
      execute format('revoke all on function public.simcity_refuse_change() from %I', v_role);
    end if;
  end loop;
  if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
    grant select, insert, update, delete on public.simcity_runs to service_role;
    grant select, insert, delete on public.simcity_run_events to service_role;
  end if;
end
$$;
