-- Short numbers of runs, for people: from 1 in each database, in the order of their launch, and never given twice,
-- also after a run is gone. They come from a sequence: a counter in a row would have no gaps at all, but would make a
-- launch wait for every other one that is not committed.

set local lock_timeout = '10s';

alter table public.simcity_runs add column if not exists number bigint;
-- Null: it was removed before runs had numbers.
alter table public.simcity_pruned_runs add column if not exists number bigint;

create unique index if not exists simcity_runs_number_idx on public.simcity_runs (number);
create unique index if not exists simcity_pruned_runs_number_idx on public.simcity_pruned_runs (number)
  where number is not null;

-- The runs there were get theirs; nobody launches one meanwhile, for the columns were added under a lock.
do $$
begin
  if not exists (select from pg_catalog.pg_attribute
      where attrelid = 'public.simcity_runs'::regclass and attname = 'number' and attidentity <> '') then
    update public.simcity_runs r set number = n.number
      from (select id, row_number() over (order by created_at, id) as number from public.simcity_runs) n
      where r.id = n.id;
    alter table public.simcity_runs alter column number set not null;
    alter table public.simcity_runs alter column number
      add generated always as identity (sequence name public.simcity_runs_number_seq);
    perform setval('public.simcity_runs_number_seq', coalesce(max(number), 0) + 1, false) from public.simcity_runs;
  end if;
end
$$;

-- After a crash a sequence goes on up to 32 numbers later: this takes it back to the newest run there is. No launch is
-- under way meanwhile; where the table is in use for longer than a second, the gap stays.
create or replace function public.simcity_close_number_gap() returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
set lock_timeout = '1s'
as $$
begin
  lock table simcity_runs in share row exclusive mode;
  perform setval('public.simcity_runs_number_seq', 1 + greatest(
    (select max(number) from simcity_runs), (select max(number) from simcity_pruned_runs), 0), false);
exception when lock_not_available then
  null;
end
$$;

-- A tombstone keeps the number.
create or replace function public.simcity_retire_run(p_run uuid) returns boolean
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  r simcity_runs;
begin
  select * into r from simcity_runs where id = p_run and status in ('PASS', 'FAIL', 'STOPPED') for update;
  if not found then
    return false;
  end if;
  insert into simcity_pruned_runs (id, scenario, target, seed, status, ended_at, events, number)
    values (r.id, r.scenario, r.target, r.seed, r.status, r.ended_at, r.next_index, r.number)
    on conflict (id) do nothing;
  delete from simcity_runs where id = p_run;
  perform pg_notify('simcity_run', p_run::text);
  return true;
end
$$;

do $$
begin
  perform public.simcity_restrict('sequence public.simcity_runs_number_seq', null);
  perform public.simcity_restrict_functions();
end
$$;
