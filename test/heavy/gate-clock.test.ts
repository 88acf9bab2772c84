/** Services that go by the clock of their run, with their PostgreSQL: holds of ten minutes run out in milliseconds. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shellWord } from '../../runner/reproduce.ts';
import { CityClock } from '../../runner/sim/clock.ts';
import { resolveService, type ServiceAddress } from '../../runner/targets/http/address.ts';
import { Wire } from '../../runner/targets/http/wire.ts';
import { ClockedGround } from '../../runner/targets/pgwire/clock/clocked-ground.ts';
import { compiledPreload } from '../../runner/targets/pgwire/clock/compile.ts';
import { WireClock } from '../../runner/targets/pgwire/clock/wire-clock.ts';
import { GateStage } from '../../runner/targets/pgwire/ground/stage.ts';
import { connectOne } from '../../runner/targets/postgres/connection.ts';
import { findCompiler } from '../../server/contract/c-compiler.ts';
import { FOUNDED_MS } from '../../server/contract/index.ts';
import { type DebianPostgres, debianPostgres, startDebianPostgres } from '../helpers/debian-postgres.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import { freePort } from '../helpers/http-service.ts';

const SERVICES = fileURLToPath(new URL('../fixtures/gate-services/', import.meta.url));
const NODE = [process.execPath, join(SERVICES, 'holds.ts')];
/** Debian's own: what stands before it on PATH has none of its modules. */
const FLASK = ['/usr/bin/python3', join(SERVICES, 'holds.py')];
const ROUNDS = 50;
const LIFE_MS = 600_000;

const hasCompiler = findCompiler(process.env) !== null;
const hasFlask = spawnSync('/usr/bin/python3', ['-c', 'import flask, psycopg2']).status === 0;
const hasGo = spawnSync('go', ['version']).status === 0;

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

/** A service at its clock, and citizens who ask it one after another. */
class Holding {
  readonly #stage: GateStage;
  readonly #address: ServiceAddress;
  readonly #city = new CityClock();
  readonly #clock: WireClock;

  private constructor(stage: GateStage, address: ServiceAddress) {
    this.#stage = stage;
    this.#address = address;
    if (!stage.clock) throw new Error('The stage has no clock.');
    this.#clock = new WireClock(this.#city, stage.clock);
  }

  static async open(words: readonly string[], timers = false): Promise<Holding> {
    const address = await resolveService(`http://127.0.0.1:${await freePort()}`);
    const clock = { folder: join(folder.path, 'clock'), timers };
    const order = { url: null, schema: null, prepare: null, large: false, clock };
    const exec = words.map(shellWord).join(' ');
    return new Holding(await GateStage.open({ order, targetUrl: null, exec, address }), address);
  }

  /** Every answer of so many rounds: hold, confirm a second before it runs out, hold, confirm a second after. */
  async rounds(count: number): Promise<string[]> {
    await this.begin();
    const said: string[] = [];
    for (let round = 0; round < count; round++) {
      for (const [id, waitMs] of [
        [2 * round, LIFE_MS - 1_000],
        [2 * round + 1, LIFE_MS + 1_000],
      ] as const) {
        said.push(await this.ask(`/holds/${id}`));
        await this.move(waitMs);
        said.push(await this.ask(`/holds/${id}/confirm`));
      }
    }
    return said;
  }

  async begin(): Promise<void> {
    this.#city.moveTo(FOUNDED_MS);
    this.#clock.tell();
    await this.#stage.begin('restart');
  }

  async move(byMs: number): Promise<void> {
    this.#clock.moveTo(this.#city.nowMs() + byMs);
    const poke = new Wire(this.#address, 1);
    await poke.pin(1_000);
    poke.close();
  }

  /** Over a connection of its own. */
  async ask(path: string): Promise<string> {
    const wire = new Wire(this.#address, 1);
    const request = { method: 'POST', path, headers: {}, body: null };
    const answer = await wire.exchange(request, { deadlineMs: 10_000 });
    wire.close();
    return answer.kind === 'answer' ? `${answer.status} ${answer.body}` : answer.kind;
  }

  /** Of its clock and its PostgreSQL. */
  get folder(): string {
    return dirname(this.#stage.clock?.file.path ?? '');
  }

  close(): Promise<void> {
    return this.#stage.close();
  }
}

async function twice(words: readonly string[], timers = false): Promise<void> {
  const holding = await Holding.open(words, timers);
  try {
    const first = await holding.rounds(ROUNDS);
    const statuses = first.map((text) => text.slice(0, 3));
    expect(statuses).toEqual(Array.from({ length: ROUNDS }, () => ['201', '200', '201', '409']).flat());
    expect(first[0]).toContain('2026-01-01T00:10:00');
    expect(await holding.rounds(ROUNDS)).toEqual(first);
  } finally {
    await holding.close();
  }
  expect(existsSync(holding.folder)).toBe(false);
}

describe.skipIf(!hasCompiler)('holds of ten minutes (needs a C compiler)', () => {
  it('run out in SQL, of Node', () => twice(NODE));
  it('run out in the memory of Node', () => twice(['env', 'KEEP=memory', ...NODE]));
  it('run out by a timer of Node', () => twice(['env', 'KEEP=timer', ...NODE], true));
  it.skipIf(!hasFlask)('run out in SQL, of Flask (needs Flask)', () => twice(FLASK));
  it.skipIf(!hasFlask)('run out in the memory of Flask (needs Flask)', () =>
    twice(['env', 'KEEP=memory', ...FLASK]),
  );
});

describe.skipIf(!hasCompiler)('a service that does not go by the clock (needs a C compiler)', () => {
  async function refused(words: readonly string[]): Promise<void> {
    const holding = await Holding.open(words);
    try {
      await holding.begin();
    } finally {
      await holding.close();
    }
  }

  it('is named when it takes the library out of its environment', async () => {
    await expect(refused(['env', '-u', 'LD_PRELOAD', ...NODE])).rejects.toThrow(
      /^node does not go by the virtual clock: no library is loaded before it/,
    );
  });

  it.skipIf(!hasGo)('is named when it was made by Go (needs Go)', async () => {
    const source = join(folder.path, 'main.go');
    writeFileSync(source, GO);
    const program = join(folder.path, 'answers');
    const env = { ...process.env, GOCACHE: join(folder.path, 'go'), GO111MODULE: 'off', CGO_ENABLED: '1' };
    execFileSync('go', ['build', '-o', program, source], { env });
    await expect(refused([program])).rejects.toThrow(/^answers does not go by the virtual clock/);
  });
});

const GO = `package main
import ("net/http"; "os")
func main() { http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil) }`;

describe.skipIf(!hasCompiler)('PostgreSQL at a clock that stands still (needs a C compiler)', () => {
  let ground: ClockedGround;
  beforeAll(async () => {
    ground = await ClockedGround.open({ folder: join(folder.path, 'clock'), timers: false });
  });
  afterAll(() => ground.close());

  const connect = () => connectOne({ url: ground.url, database: null }, 'simcity-test');
  const timeOf = async (sql: ReturnType<typeof connect>) =>
    Number((await sql`select extract(epoch from clock_timestamp()) * 1000 as ms`)[0]?.['ms']);

  it('ends what waits too long, finds deadlocks, and sleeps', async () => {
    const [one, other] = [connect(), connect()];
    try {
      await one`create table a as select 1 as n`;
      await one`create table b as select 1 as n`;
      await one`begin`;
      await one`lock table a`;
      await other`set lock_timeout = '1200ms'`;
      await expect(other`select from a`).rejects.toThrow('lock timeout');
      await other`set lock_timeout = 0`;
      await other`set statement_timeout = '1200ms'`;
      await expect(other`select from a`).rejects.toThrow('statement timeout');
      await other`set statement_timeout = 0`;
      await other`begin`;
      await other`lock table b`;
      const ends = await Promise.allSettled([one`lock table b`, other`lock table a`]);
      const lost = ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []));
      expect(lost).toEqual([expect.stringContaining('deadlock detected')]);
      await Promise.all([one`rollback`, other`rollback`]);
      expect([await timeOf(one), await timeOf(other)]).toEqual([FOUNDED_MS, FOUNDED_MS]);
      await one`select pg_sleep(0.3)`;
      expect(await timeOf(one)).toBe(FOUNDED_MS + 300);
    } finally {
      await Promise.all([one.end(), other.end()]);
    }
  });
});

const debian = debianPostgres();
/** Newer ones begin with a word that is drawn each time. */
const dumped = ({ dump, url }: DebianPostgres) => dump(url).replace(/^\\(?:un)?restrict .*$/gm, '');

describe.skipIf(!hasCompiler || debian === null)(
  'a template of a user’s (needs a C compiler and Debian’s PostgreSQL)',
  () => {
    it('is copied to the server with the clock, and left as it is', async () => {
      await using server = await startDebianPostgres(String(debian));
      const own = connectOne({ url: server.url, database: null }, 'simcity-test');
      try {
        await own`create table prices as select 7 as price, now() as since`;
        const before = dumped(server);
        const address = await resolveService(`http://127.0.0.1:${await freePort()}`);
        const clock = { folder: join(folder.path, 'clock'), timers: false };
        const order = { url: server.url, schema: null, prepare: null, large: false, clock };
        const stage = await GateStage.open({
          order,
          targetUrl: null,
          exec: NODE.map(shellWord).join(' '),
          address,
        });
        try {
          expect(stage.template.how).toMatch(/^postgres, copied by pg_dump \d+$/);
          const { control } = await stage.begin('restart');
          const [row] = await control`select price, extract(year from now())::int as year from prices`;
          expect(row).toEqual({ price: 7, year: 2026 });
          expect(await control`select from prices where since > now()`).toHaveLength(1);
        } finally {
          await stage.close();
        }
        expect(dumped(server)).toBe(before);
      } finally {
        await own.end();
      }
    });
  },
);

describe('the library', () => {
  it.skipIf(!hasCompiler)('is compiled once (needs a C compiler)', async () => {
    const cache = join(folder.path, 'once');
    const path = await compiledPreload(cache);
    expect(await compiledPreload(cache)).toBe(path);
    expect(readdirSync(cache).map((name) => join(cache, name))).toEqual([path]);
  });

  it('says what to install where there is no compiler', async () => {
    await expect(compiledPreload(folder.path, { PATH: '/nowhere' })).rejects.toThrow(
      /needs a C compiler once. None of cc, gcc, clang is on PATH: install one .* leave --clock out/,
    );
  });
});
