-- Tasks: work on a run after its end that somebody has asked for. A resource of its own beside the run, done by whoever
-- holds its lease; a lease that lapsed can be taken over, and who lost it is told when it renews or answers.

set local lock_timeout = '10s';

create table if not exists public.simcity_tasks (
  run_id uuid not null references public.simcity_runs (id) on delete cascade,
  -- explain: why it failed. shrink: its smallest reproduction. verify: whether it happens again alike.
  -- bisect: the first commit of the service that fails so.
  kind text not null,
  state text not null default 'pending',
  -- Why there is no result.
  reason text,
  progress jsonb,
  result jsonb,
  -- Whoever works at it, while it is pending; null: nobody yet.
  holder uuid,
  lease_until timestamptz,
  asked_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  primary key (run_id, kind),
  constraint simcity_tasks_kind_check check (kind in ('explain', 'shrink', 'verify', 'bisect')),
  constraint simcity_tasks_state_check check (state in ('pending', 'ready', 'none')),
  constraint simcity_tasks_result_check check ((state = 'ready') = (result is not null)),
  constraint simcity_tasks_reason_check check ((state = 'none') = (reason is not null)),
  constraint simcity_tasks_lease_check check ((holder is null) = (lease_until is null)),
  constraint simcity_tasks_holder_check check (state = 'pending' or holder is null)
);

-- Whoever works looks for the next one every second.
create index if not exists simcity_tasks_pending on public.simcity_tasks (asked_at) where state = 'pending';

comment on table public.simcity_tasks is 'Work on runs that have ended: asked for, worked at under a lease, or done.';

alter table public.simcity_tasks enable row level security;

-- Asks for one. What is pending stays as it is; what is ready is made anew with p_again alone. False: the run has not
-- ended as the kind of task needs it (FAIL; to verify, any end), or is not there.
create or replace function public.simcity_ask_task(p_run uuid, p_kind text, p_again boolean) returns boolean
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  -- Held against whoever removes the run meanwhile.
  perform from simcity_runs
    where id = p_run and (status = 'FAIL' or (p_kind = 'verify' and status in ('PASS', 'STOPPED')))
    for key share;
  if not found then
    return false;
  end if;
  insert into simcity_tasks as t (run_id, kind) values (p_run, p_kind)
    on conflict (run_id, kind) do update set
      state = 'pending', reason = null, progress = null, result = null,
      asked_at = clock_timestamp(), changed_at = clock_timestamp()
    where t.state = 'none' or (t.state = 'ready' and p_again);
  return true;
end
$$;

-- Takes the lease for p_seconds, or with p_renews prolongs it; p_progress null: as it was. No error: null. Else why not:
-- 'unasked', 'over' (ready, or cancelled), 'held' (by another).
create or replace function public.simcity_lease_task(
  p_run uuid, p_kind text, p_holder uuid, p_renews boolean, p_progress jsonb, p_seconds double precision
) returns text
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  t simcity_tasks;
begin
  select * into t from simcity_tasks where run_id = p_run and kind = p_kind for update;
  if not found then
    return 'unasked';
  elsif t.state <> 'pending' or (p_renews and t.holder is null) then
    return 'over';
  elsif t.holder <> p_holder and (p_renews or t.lease_until > clock_timestamp()) then
    return 'held';
  end if;
  update simcity_tasks set
    holder = p_holder, lease_until = clock_timestamp() + make_interval(secs => p_seconds),
    -- What another had done before is not said of the new one.
    progress = case when holder = p_holder then coalesce(p_progress, progress) else p_progress end,
    changed_at = clock_timestamp()
  where run_id = p_run and kind = p_kind;
  return null;
end
$$;

-- Stores what came of it: p_result, or the reason why there is none. Only for the holder; answers as
-- simcity_lease_task. The same answer of the same holder a second time is no error.
create or replace function public.simcity_finish_task(
  p_run uuid, p_kind text, p_holder uuid, p_result jsonb, p_reason text
) returns text
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  t simcity_tasks;
begin
  select * into t from simcity_tasks where run_id = p_run and kind = p_kind for update;
  if not found then
    return 'unasked';
  elsif t.state <> 'pending' then
    return case
      when t.result is not distinct from p_result and t.reason is not distinct from p_reason then null
      else 'over'
    end;
  elsif t.holder is distinct from p_holder then
    return case when t.holder is null then 'over' else 'held' end;
  end if;
  update simcity_tasks set
    state = case when p_result is null then 'none' else 'ready' end, result = p_result,
    reason = case when p_result is null then p_reason end,
    progress = null, holder = null, lease_until = null, changed_at = clock_timestamp()
  where run_id = p_run and kind = p_kind;
  return null;
end
$$;

-- Cancels one that is pending; its holder is told at its next renewal. Answers the state that it had; null: unasked.
create or replace function public.simcity_cancel_task(p_run uuid, p_kind text) returns text
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_state text;
begin
  select state into v_state from simcity_tasks where run_id = p_run and kind = p_kind for update;
  if v_state = 'pending' then
    update simcity_tasks set
      state = 'none', reason = 'cancelled', progress = null, holder = null, lease_until = null,
      changed_at = clock_timestamp()
    where run_id = p_run and kind = p_kind;
  end if;
  return v_state;
end
$$;

do $$
begin
  perform public.simcity_restrict('public.simcity_tasks', 'select, insert, update, delete');
  perform public.simcity_restrict_functions();
end
$$;
