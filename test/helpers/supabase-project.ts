/** A database with the roles and default privileges of a Supabase project. */
import type { TestPostgres } from './postgres.ts';

/**
 * Once in a cluster; answers the URL for its owner, who is no superuser. Whatever is made in public is open to the roles
 * of the API.
 */
export async function createProject(postgres: TestPostgres): Promise<string> {
  await postgres.superuser.unsafe(`
    create role anon nologin; create role authenticated nologin; create role service_role nologin bypassrls;
    create role authenticator login noinherit password 'a';
    grant anon, authenticated, service_role to authenticator;
    create role owner login createrole createdb bypassrls password 'o'`);
  const created = new URL(await postgres.createDatabase({ migrated: false }));
  const admin = postgres.open(created.href);
  await admin.unsafe(`
    grant create on database ${created.pathname.slice(1)} to owner;
    alter schema public owner to owner;
    grant usage on schema public to anon, authenticated, service_role;
    alter default privileges for role owner in schema public grant all on tables to anon, authenticated, service_role;
    alter default privileges for role owner in schema public grant all on functions to anon, authenticated, service_role;
    alter default privileges for role owner in schema public grant all on sequences to anon, authenticated, service_role`);
  return as(created.href, 'owner', 'o');
}

/** `databaseUrl` for another role. */
export function as(databaseUrl: string, user: string, password: string): string {
  return Object.assign(new URL(databaseUrl), { username: user, password }).href;
}
