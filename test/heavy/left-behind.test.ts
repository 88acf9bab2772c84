/**
 * What a run leaves with its sessions and its database, and what others do there at the same time, is nothing to the
 * next one; and whatever hangs is broken off.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { campaign } from '../../runner/campaign/campaign.ts';
import { execute } from '../../runner/harness/execute.ts';
import { StopControl } from '../../runner/harness/stop-control.ts';
import { loadModules } from '../../runner/modules/load-modules.ts';
import { setLoaded } from '../../runner/modules/loaded.ts';
import { type Shrunk, shrink } from '../../runner/shrink/shrink.ts';
import { CityKeeper } from '../../runner/targets/postgres/keeper.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { type RunEvent, runConfigSchema, type SeedFailure } from '../../server/contract/index.ts';
import { decided } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { CROWDED, executedService, labelOf, modulesFor } from '../helpers/sql-services.ts';

const CONFIG = { ...CROWDED, operations: 60 };
/** What a machine under load may add. */
const MARGIN_MS = 10_000;
const LEAVERS = [
  'leaves-advisory-locks',
  'keeps-advisory-locks',
  'leaves-settings',
  'leaves-temporary-tables',
  'alters-tables',
] as const;

let database: TestPostgres;
let url: string;

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
});
afterAll(() => database.close());
afterEach(() => setLoaded({ scenario: null, adapter: null, service: null }));

const subjectOf = (name: string, seed: number) => ({
  scenario: 'bookings',
  target: labelOf(name),
  seed,
  config: runConfigSchema.parse(CONFIG),
  targetUrl: url,
});

async function shrunkService(name: string, seed: number, maxSeconds = 120): Promise<Shrunk | string> {
  await loadModules(modulesFor(name));
  const budget = { maxExecutions: 40, maxSeconds, confirmations: 3 };
  return await shrink(subjectOf(name, seed), {
    ...budget,
    signal: new StopControl(),
    onProgress: () => {},
  });
}

/** What is connected to cities, and what there is of them. */
async function remains(): Promise<unknown[]> {
  const sql = database.open(url);
  const backends = await sql`select pid from pg_stat_activity where application_name like 'simcity-c%'`;
  const databases = await sql`select datname from pg_database where datname like 'simcity_city_%'`;
  const schemas = await sql`select nspname from pg_namespace where nspname like 'simcity_city_%'`;
  return [...backends, ...databases, ...schemas];
}

describe.each(LEAVERS)('a service that %s', (name) => {
  it('has in a city that is used again the histories that it has in a new one', async () => {
    const cities = new CityKeeper();
    for (const seed of [1, 2, 3, 2]) {
      const again = await executedService(name, seed, CONFIG, url, cities);
      const fresh = await executedService(name, seed, CONFIG, url);
      expect(decided(again.events), `seed ${seed}`).toEqual(decided(fresh.events));
    }
    await cities.close();
  });

  it('is made small', async () => {
    const result = await shrunkService(name, 2);
    expect(result).toMatchObject({ reproduced: { times: 3, of: 3 } });
  });

  it('fails in a campaign at the seeds at which it fails by itself', async () => {
    const failures: SeedFailure[] = [];
    await campaign({
      subject: { ...subjectOf(name, 0), modules: modulesFor(name) },
      seeds: [[1, 8]],
      parallel: 2,
      signal: new StopControl(),
      threadFile: new URL('../../dist/worker.js', import.meta.url),
      onThrough: (through) => failures.push(...through.failures),
    });
    const found = failures.sort((a, b) => a.seed - b.seed).map(({ seed, message }) => ({ seed, message }));
    const expected = [];
    for (let seed = 1; seed <= 8; seed++) {
      const { end } = await executedService(name, seed, CONFIG, url);
      if (end.failForensic) expected.push({ seed, message: end.failForensic.message });
    }
    expect(found).toEqual(expected);
    expect(found.length).toBeGreaterThan(0);
  });
});

describe('two cities at one database', () => {
  it.each(['ring-of-advisory-locks', 'session-locks'])(
    'do not meet in the advisory locks of %s',
    async (name) => {
      const alone = [];
      for (const seed of [3, 4]) alone.push(decided((await executedService(name, seed, CONFIG, url)).events));
      const together = await Promise.all([3, 4].map((seed) => executedService(name, seed, CONFIG, url)));
      expect(together.map(({ events }) => decided(events))).toEqual(alone);
      for (const { end } of together) expect(end.status).toBe('PASS');
    },
  );

  it('do not meet in an advisory lock that an application beside them holds', async () => {
    const sql = await database.open(url).reserve();
    await sql`select pg_advisory_lock(7, 0), pg_advisory_lock(7, 1), pg_advisory_lock(7, 2)`;
    expect((await executedService('ring-of-advisory-locks', 3, CONFIG, url)).end.status).toBe('PASS');
    await sql`select pg_advisory_unlock_all()`;
    sql.release();
  });
});

describe('a role that may not create databases', () => {
  let limited: string;

  beforeAll(async () => {
    const sql = database.open(url);
    await sql`create role limited login password 'limited'`;
    await sql.unsafe(`grant create on database ${new URL(url).pathname.slice(1)} to limited`);
    limited = Object.assign(new URL(url), { username: 'limited', password: 'limited' }).href;
  });

  it('has the same histories in a schema, two at once where nothing of the whole database is used', async () => {
    const own = decided((await executedService('opposite-orders', 12, CROWDED, url)).events);
    const both = await Promise.all(
      [12, 12].map((seed) => executedService('opposite-orders', seed, CROWDED, limited)),
    );
    for (const { events } of both) expect(decided(events)).toEqual(own);
    const advisory = decided((await executedService('ring-of-advisory-locks', 3, CONFIG, url)).events);
    const shared = await executedService('ring-of-advisory-locks', 3, CONFIG, limited);
    expect(decided(shared.events)).toEqual(advisory);
    expect(await remains()).toEqual([]);
  });

  it('is told that two cannot use advisory locks at once, and what to do', async () => {
    const both = await Promise.allSettled(
      [3, 4].map((seed) => executedService('ring-of-advisory-locks', seed, CONFIG, limited)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = both.find(({ status }) => status === 'rejected');
    expect(refused && 'reason' in refused ? String(refused.reason) : '').toMatch(
      /one run at a time here .*--parallel 1.*alter role "limited" createdb/,
    );
    expect(await remains()).toEqual([]);
  });
});

describe('a run that hangs', () => {
  it('because its service never lets a lock go fails by that, the same way every time', async () => {
    const { events, end } = await executedService('leaks-locks', 1, CONFIG, url);
    expect(end.failForensic).toMatchObject({ kind: 'liveness', invariant: 'every-request-is-answered' });
    const again = await executedService('leaks-locks', 1, CONFIG, url);
    expect(decided(again.events)).toEqual(decided(events));
  });

  it('is made small within the time for that, and leaves nothing', async () => {
    const begun = performance.now();
    const result = await shrunkService('hangs-later', 2, 2);
    expect(performance.now() - begun).toBeLessThan(2_000 + 3_000 + MARGIN_MS);
    expect(result).toContain('its time was up');
    // PostgreSQL ends what was broken off when it comes to it.
    await expect.poll(remains, { timeout: 30_000 }).toEqual([]);
  });

  it('is broken off at its limit, with what it waited for', async () => {
    await loadModules(modulesFor('hangs-later'));
    const run = { ...subjectOf('hangs-later', 1), sink: new MemorySink(), signal: new StopControl() };
    await execute({ ...run, limits: { seconds: 1 } }).catch(() => {});
    await expect(execute({ ...run, limits: { seconds: 4 } })).rejects.toThrow(
      /broken off: it had not come to its end after 4 s\. The database has not answered: select pg_sleep/,
    );
    expect(await remains()).toEqual([]);
  });

  it.each(['while its city is built', 'when its city stands'])(
    'is stopped %s, and leaves nothing',
    async (when) => {
      await loadModules(modulesFor('hangs-later'));
      const stop = new StopControl();
      class Stopping extends MemorySink {
        override event(event: RunEvent): void {
          super.event(event);
          stop.request('its history has begun');
        }
      }
      if (when === 'while its city is built') stop.request('it has not begun');
      const run = { ...subjectOf('hangs-later', 1), sink: new Stopping(), signal: new StopControl() };
      await execute({ ...run, limits: { seconds: 1 } }).catch(() => {});
      await expect(execute({ ...run, limits: { seconds: 600, stop } })).rejects.toThrow(
        /broken off: it was stopped/,
      );
      // What was being built when it was stopped is taken down once it stands.
      await expect.poll(remains, { timeout: 30_000 }).toEqual([]);
    },
  );

  it('because its code runs in a circle ends the campaign, which says at which seed', async () => {
    const hunt = campaign({
      subject: { ...subjectOf('loops-later', 0), modules: modulesFor('loops-later') },
      seeds: [[1, 4]],
      parallel: 1,
      signal: new StopControl(),
      threadFile: new URL('../../dist/worker.js', import.meta.url),
      // More than a busy machine takes to start a thread.
      silentSeconds: 20,
      onThrough: () => {},
    });
    await expect(hunt).rejects.toThrow(/seed 2: nothing was heard of it for 20 s/);
  });

  it('whose database goes away is not the service', async () => {
    await loadModules(modulesFor('ends-its-backend'));
    await expect(executedService('ends-its-backend', 1, CONFIG, url)).rejects.toThrow(
      /A connection to PostgreSQL was lost in the middle of the run .*no fault of the service/,
    );
    expect(await remains()).toEqual([]);
  });
});
