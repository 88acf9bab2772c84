-- Explanations: why a failed run failed. A resource of its own beside the run, made after the verdict by whoever
-- holds its lease; a lease that lapsed can be taken over, and who lost it is told when it renews or answers.

set local lock_timeout = '10s';

create table if not exists public.simcity_explanations (
  run_id uuid primary key references public.simcity_runs (id) on delete cascade,
  state text not null default 'pending',
  -- Why there is none.
  reason text,
  progress jsonb,
  why jsonb,
  -- Whoever works at it, while it is pending; null: nobody yet.
  holder uuid,
  lease_until timestamptz,
  asked_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  constraint simcity_explanations_state_check check (state in ('pending', 'ready', 'none')),
  constraint simcity_explanations_why_check check ((state = 'ready') = (why is not null)),
  constraint simcity_explanations_reason_check check ((state = 'none') = (reason is not null)),
  constraint simcity_explanations_lease_check check ((holder is null) = (lease_until is null)),
  constraint simcity_explanations_holder_check check (state = 'pending' or holder is null)
);

comment on table public.simcity_explanations is 'Why a run failed: asked for, worked at under a lease, or found.';

alter table public.simcity_explanations enable row level security;

-- Asks for one. What is pending stays as it is; what is ready is made anew with p_again alone. False: the run has not
-- failed, or is not there.
create or replace function public.simcity_ask_explanation(p_run uuid, p_again boolean) returns boolean
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  -- Held against whoever removes the run meanwhile.
  perform from simcity_runs where id = p_run and status = 'FAIL' for key share;
  if not found then
    return false;
  end if;
  insert into simcity_explanations as e (run_id) values (p_run)
    on conflict (run_id) do update set
      state = 'pending', reason = null, progress = null, why = null,
      asked_at = clock_timestamp(), changed_at = clock_timestamp()
    where e.state = 'none' or (e.state = 'ready' and p_again);
  return true;
end
$$;

-- Takes the lease for p_seconds, or with p_renews prolongs it; p_progress null: as it was. No error: null. Else why not:
-- 'unasked', 'over' (ready, or cancelled), 'held' (by another).
create or replace function public.simcity_lease_explanation(
  p_run uuid, p_holder uuid, p_renews boolean, p_progress jsonb, p_seconds double precision
) returns text
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  e simcity_explanations;
begin
  select * into e from simcity_explanations where run_id = p_run for update;
  if not found then
    return 'unasked';
  elsif e.state <> 'pending' or (p_renews and e.holder is null) then
    return 'over';
  elsif e.holder <> p_holder and (p_renews or e.lease_until > clock_timestamp()) then
    return 'held';
  end if;
  update simcity_explanations set
    holder = p_holder, lease_until = clock_timestamp() + make_interval(secs => p_seconds),
    -- What another had done before is not said of the new one.
    progress = case when holder = p_holder then coalesce(p_progress, progress) else p_progress end,
    changed_at = clock_timestamp()
  where run_id = p_run;
  return null;
end
$$;

-- Stores what came of it: p_why, or the reason why there is none. Only for the holder; answers as
-- simcity_lease_explanation. The same answer of the same holder a second time is no error.
create or replace function public.simcity_finish_explanation(
  p_run uuid, p_holder uuid, p_why jsonb, p_reason text
) returns text
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  e simcity_explanations;
begin
  select * into e from simcity_explanations where run_id = p_run for update;
  if not found then
    return 'unasked';
  elsif e.state <> 'pending' then
    return case when e.why is not distinct from p_why and e.reason is not distinct from p_reason then null else 'over' end;
  elsif e.holder is distinct from p_holder then
    return case when e.holder is null then 'over' else 'held' end;
  end if;
  update simcity_explanations set
    state = case when p_why is null then 'none' else 'ready' end, why = p_why,
    reason = case when p_why is null then p_reason end,
    progress = null, holder = null, lease_until = null, changed_at = clock_timestamp()
  where run_id = p_run;
  return null;
end
$$;

-- Cancels one that is pending; its holder is told at its next renewal. Answers the state that it had; null: unasked.
create or replace function public.simcity_cancel_explanation(p_run uuid) returns text
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_state text;
begin
  select state into v_state from simcity_explanations where run_id = p_run for update;
  if v_state = 'pending' then
    update simcity_explanations set
      state = 'none', reason = 'cancelled', progress = null, holder = null, lease_until = null,
      changed_at = clock_timestamp()
    where run_id = p_run;
  end if;
  return v_state;
end
$$;

do $$
begin
  perform public.simcity_restrict('public.simcity_explanations', 'select, insert, update, delete');
  perform public.simcity_restrict_functions();
end
$$;
