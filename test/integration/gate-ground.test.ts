/** The databases and the role that a gated service gets: copies of what was named, which itself stays as it is. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type postgres from 'postgres';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type ClaimOptions,
  claimGround,
  type Ground,
  leaveGround,
} from '../../runner/targets/pgwire/ground/claim.ts';
import { Clones } from '../../runner/targets/pgwire/ground/clones.ts';
import { ROLE_PASSWORD } from '../../runner/targets/pgwire/ground/passwords.ts';
import { connectAs } from '../../runner/targets/pgwire/ground/server.ts';
import { connect } from '../../server/db/client.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

const ORDER = { url: null, schema: null, prepare: null, large: false };
const NO_TOOLS = { PATH: '' };

let database: TestPostgres;
let url: string;
let folder: string;
let ground: Ground | null = null;
/** Of the service's. */
const connections: postgres.Sql[] = [];

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
  folder = await mkdtemp(join(tmpdir(), 'simcity-ground-'));
});
afterEach(async () => {
  await Promise.all(connections.splice(0).map((sql) => sql.end({ timeout: 1 })));
  if (ground) await leaveGround(ground);
  ground = null;
  expect(await remains()).toEqual([]);
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

/** What there is of ours on the server. */
async function remains(): Promise<string[]> {
  const rows = await database.superuser`
    select datname as name from pg_database where datname like 'simcity_%'
    union all select rolname from pg_roles where rolname like 'simcity_gate_%'
    union all select application_name from pg_stat_activity where application_name like 'simcity-%'`;
  return rows.map(({ name }) => String(name));
}

async function claim(options: Partial<ClaimOptions['order']> & { targetUrl?: string } = {}): Promise<Ground> {
  const { targetUrl = url, ...order } = options;
  ground = await claimGround({ order: { ...ORDER, ...order }, targetUrl, env: NO_TOOLS });
  return ground;
}

/** A connection of the service's to a clone, past the gate. */
async function clone({ keeper, names, server, url: at }: Ground) {
  const clones = new Clones(keeper.sql, names, { url: at, database: keeper.database });
  const { name } = await clones.make();
  await clones.close();
  const sql = connectAs(server, { user: names.role, password: ROLE_PASSWORD, database: name });
  connections.push(sql);
  return sql;
}

async function schemaFile(text: string): Promise<string> {
  const file = join(folder, 'schema.sql');
  await writeFile(file, text);
  return file;
}

describe('an empty database', () => {
  it('is filled by the schema file and by the command, once, and cloned', async () => {
    const schema = await schemaFile('create table slots (id int primary key); insert into slots values (1);');
    const prepare = `${process.execPath} -e "console.log(process.env.DATABASE_URL, process.env.PGUSER)"`;
    const claimed = await claim({ schema, prepare });
    const sql = await clone(claimed);
    expect(await sql`select id from slots`).toEqual([{ id: 1 }]);
    expect(claimed.template.how).toBe('an empty database, with the schema file, prepared by the command');
    expect(claimed.template.bytes).toBeGreaterThan(1_000_000);
  });

  it('has a role that may change all that is in it, and nothing beside', async () => {
    const sql = await clone(await claim({ schema: await schemaFile('create table slots (id int)') }));
    await sql`alter table slots add column seats int`;
    await sql`create schema more`;
    const [role] = await sql`
      select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls from pg_roles
      where rolname = current_user`;
    expect(Object.values(role ?? {})).toEqual([false, false, false, false, false]);
    await expect(sql`create role other`).rejects.toThrow('permission denied');
    await expect(sql`create database other`).rejects.toThrow('permission denied');
    await expect(sql`select pg_read_file('/etc/passwd')`).rejects.toThrow('permission denied');
    const [settings] = await sql`
      select current_setting('deadlock_timeout') as deadlock, current_setting('synchronous_commit') as commit`;
    expect(settings).toEqual({ deadlock: '1h', commit: 'off' });
  });

  it('is refused with the line of the schema file that failed', async () => {
    const schema = await schemaFile('create table a (id int);\n\ncreate table b (id nothing);');
    await expect(claim({ schema })).rejects.toThrow(
      /schema\.sql failed at line 3: type "nothing" does not exist/,
    );
  });

  it('says what to do about a schema file for psql, or with roles of another server', async () => {
    await expect(claim({ schema: await schemaFile('\\restrict abc\nselect 1;') })).rejects.toThrow(
      '--gate-prepare',
    );
    const schema = await schemaFile('create table a (id int); alter table a owner to shop;');
    await expect(claim({ schema })).rejects.toThrow(/role "shop" does not exist.*--no-owner/);
    await expect(claim({ schema: join(folder, 'none.sql') })).rejects.toThrow('cannot be read');
  });

  it('is refused with what the command printed, but for the password', async () => {
    const prepare = `${process.execPath} -e "console.log('no migrations', process.env.DATABASE_URL); process.exit(3)"`;
    const failure = await claim({ prepare }).catch((error: Error) => error.message);
    expect(failure).toMatch(/--gate-prepare failed with exit code 3[\s\S]*no migrations postgres:/);
    expect(failure).not.toContain(ROLE_PASSWORD);
  });
});

describe('a database of somebody’s', () => {
  const statements = `
    create schema shop; create table shop.slots (id serial primary key, at timestamptz default now());
    create type shop.state as enum ('free', 'taken'); create domain shop.seats as int check (value > 0);
    create view shop.free as select * from shop.slots; create materialized view shop.kept as select 1 as one;
    create function shop.count() returns bigint language sql as 'select count(*) from shop.slots';
    create procedure shop.clear() language sql as 'delete from shop.slots';
    create aggregate shop.total(int) (sfunc = int4pl, stype = int, initcond = '0');
    create sequence shop.numbers; create table shop.parts (id int) partition by range (id);
    insert into shop.slots default values; select lo_create(4711)`;

  /** Its URL; `owner` has made it. */
  async function shop(owner: string | null = null): Promise<string> {
    const source = await database.createDatabase({ migrated: false });
    const sql = connect(source, { max: 1 });
    if (owner !== null)
      await sql.unsafe(`alter database ${nameOf(source)} owner to ${owner}; set role ${owner}`);
    await sql.unsafe(`${statements}; reset role`);
    await sql.unsafe(`alter database ${nameOf(source)} set search_path to shop, public`);
    await sql.unsafe(`alter database ${nameOf(source)} set statement_timeout to '7s'`);
    await sql.end();
    return source;
  }
  const nameOf = (source: string) => new URL(source).pathname.slice(1);

  /** What belongs to others than the role of the connection. */
  async function strangersIn(sql: postgres.Sql): Promise<unknown[]> {
    const rows = await sql`
      select relname as name from pg_class where oid >= 16384 and relowner <> current_user::regrole and relkind <> 't'
      union all select proname from pg_proc where oid >= 16384 and proowner <> current_user::regrole
      union all select typname from pg_type where oid >= 16384 and typowner <> current_user::regrole
      union all select nspname from pg_namespace where oid >= 16384 and nspowner <> current_user::regrole
      union all select 'large object' from pg_largeobject_metadata where lomowner <> current_user::regrole`;
    return [...rows];
  }

  it('is copied with its settings, and all of the copy is the service’s', async () => {
    const source = await shop();
    const claimed = await claim({ url: source });
    expect(claimed.template.how).toBe(`${nameOf(source)}, copied as a template`);
    const sql = await clone(claimed);
    expect(await sql`select id from slots`).toEqual([{ id: 1 }]);
    const [settings] = await sql`
      select current_setting('search_path') as path, current_setting('statement_timeout') as timeout`;
    expect(settings).toEqual({ path: 'shop, public', timeout: '0' });
    expect(await strangersIn(sql)).toEqual([]);
    const loose = await sql`
      select relname from pg_class where relkind in ('r', 'm') and oid >= 16384 and reloptions is null`;
    expect(loose).toEqual([]);
  });

  it('is left as it is, and alone', async () => {
    const source = await shop();
    const look = async () => {
      const rows = await database.superuser`
        select tup_inserted, tup_updated, tup_deleted, d.datdba, d.datacl, d.datistemplate, s.setconfig
        from pg_stat_database join pg_database d using (datname) left join pg_db_role_setting s on s.setdatabase = d.oid
        where datname = ${nameOf(source)}`;
      return JSON.stringify(rows);
    };
    const before = await look();
    await clone(await claim({ url: source, schema: await schemaFile('delete from shop.slots') }));
    expect(await look()).toBe(before);
    const connected = await database.superuser`
      select application_name from pg_stat_activity where datname = ${nameOf(source)}`;
    expect(connected).toEqual([]);
  });

  it('is refused with who is connected, where nothing can dump it', async () => {
    const source = await shop();
    const sql = database.open(source);
    await sql`select 1`;
    await expect(claim({ url: source })).rejects.toThrow(
      /while others are connected to it: test \(pid \d+\)\. Stop them, or install pg_dump of 18 or newer/,
    );
    await sql.end();
  });

  it('is refused with what to grant where the role may not make databases or roles', async () => {
    await database.superuser.unsafe(`create role plain login password 'plain'`);
    const source = Object.assign(new URL(await shop()), { username: 'plain', password: 'plain' }).href;
    await expect(claim({ url: source })).rejects.toThrow(
      'The role plain may not create databases and roles, and the gate needs a database and a role of its own. Let it: alter role "plain" createdb createrole',
    );
  });

  it('is refused where it is not there, or its server is not', async () => {
    const there = new URL(url);
    await expect(claim({ url: Object.assign(new URL(there), { pathname: '/none' }).href })).rejects.toThrow(
      'There is no database none on the server of --gate.',
    );
    await expect(claim({ url: `postgres://somebody:secret-of-his@127.0.0.1:1/shop` })).rejects.toThrow(
      /^The gate cannot connect to postgres:\/\/\*\*\*@127\.0\.0\.1:1\/shop: .*ECONNREFUSED.*Start that server/,
    );
  });

  it('is refused where the server does not let a role of ours in', async () => {
    const source = await shop();
    const [row] = await database.superuser`select current_setting('hba_file') as file`;
    const file = String(row?.['file']);
    const rules = await readFile(file, 'utf8');
    const set = async (text: string) => {
      await writeFile(file, text);
      await database.superuser`select pg_reload_conf()`;
    };
    const { username } = new URL(source);
    await set(`host all ${username} 127.0.0.1/32 trust\n`);
    try {
      await expect(claim({ url: source })).rejects.toThrow(/does not let the role in.*pg_hba\.conf/);
    } finally {
      await set(rules);
    }
  });

  it('is copied by a role that is no superuser, and may create databases and roles', async () => {
    await database.superuser.unsafe(`create role owner login createdb createrole password 'owner'`);
    const source = Object.assign(new URL(await shop()), { username: 'owner', password: 'owner' }).href;
    await database.superuser.unsafe(`alter database ${nameOf(source)} owner to owner`);
    await expect(claim({ url: source })).rejects.toThrow(
      /must be owner of schema shop.*Name the role that owns it in the URL of --gate/,
    );
    const own = Object.assign(new URL(await shop('owner')), { username: 'owner', password: 'owner' }).href;
    const sql = await clone(await claim({ url: own }));
    await sql`alter table shop.slots add column seats int`;
    expect(await strangersIn(sql)).toEqual([]);
  });
});

describe('what a process has left behind', () => {
  it('is swept by the next one, and what is in use is not', async () => {
    const first = await claim();
    const kept = await clone(first);
    await database.superuser.unsafe('create database simcity_clone_00000000dead_1');
    await database.superuser.unsafe('create database simcity_template_00000000dead');
    await database.superuser.unsafe('create role simcity_gate_00000000dead');
    const second = await claim();
    expect((await remains()).filter((name) => name.includes('dead'))).toEqual([]);
    expect(await kept`select 1 as one`).toEqual([{ one: 1 }]);
    await kept.end();
    await leaveGround(first);
    expect((await remains()).sort()).toEqual(
      [second.names.role, second.names.template, second.names.keeper].sort(),
    );
  });

  it('is not what a server that comes back has cut off', async () => {
    const first = await claim();
    await database.superuser`
      select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${first.names.keeper}`;
    const second = await claim();
    expect(await remains()).toContain(first.names.template);
    await leaveGround(first);
    ground = second;
  });
});
