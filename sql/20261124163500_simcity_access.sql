-- Access: the tokens that operators make, and the sessions that browsers get for one. Only SHA-256 digests
-- are stored: whoever reads these tables can sign in nowhere.

set local lock_timeout = '10s';

create table if not exists public.simcity_tokens (
  -- Public part of the token; it names the row, and may be shown and logged.
  id text primary key,
  name text not null,
  scopes text[] not null,
  token_hash bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  revoked_at timestamptz,
  constraint simcity_tokens_id_check check (id ~ '^[a-z0-9]{8,32}$'),
  constraint simcity_tokens_name_check check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
  constraint simcity_tokens_scopes_check
    check (scopes <@ array['read', 'control'] and cardinality(scopes) > 0),
  constraint simcity_tokens_hash_check check (octet_length(token_hash) = 32)
);

comment on table public.simcity_tokens is 'Tokens of the API, hashed. Made and revoked by `simcity token`.';

create unique index if not exists simcity_tokens_name_idx on public.simcity_tokens (name) where revoked_at is null;

create table if not exists public.simcity_sessions (
  id_hash bytea primary key,
  -- Of simcity_tokens, or of a token of the server's environment: then no row has it.
  token_id text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  constraint simcity_sessions_hash_check check (octet_length(id_hash) = 32)
);

comment on table public.simcity_sessions is 'Browsers that signed in with a token; the cookie is stored hashed.';

create index if not exists simcity_sessions_expires_idx on public.simcity_sessions (expires_at);

-- Servers hear of a token that was made or revoked at once, instead of at their next look.
create or replace function public.simcity_publish_token() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform pg_notify('simcity_token', '');
  return null;
end
$$;

create or replace trigger simcity_tokens_publish
  after insert or update or delete on public.simcity_tokens
  for each statement execute function public.simcity_publish_token();

alter table public.simcity_tokens enable row level security;
alter table public.simcity_sessions enable row level security;

do $$
begin
  perform public.simcity_restrict('public.simcity_tokens, public.simcity_sessions', 'select, insert, update, delete');
  perform public.simcity_restrict_functions();
end
$$;
