/** Faults at the wire: what pg, postgres.js and psycopg make of each, what is in the database, and that they go on. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type postgres from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Gate } from '../../runner/targets/pgwire/gate.ts';
import type { Group } from '../../runner/targets/pgwire/wire.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { letThrough, startGate, type TestListener } from '../helpers/wire-gate.ts';
import { conninfo, type Login, PYTHON, SCHEMA } from '../helpers/wire-usual.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/pgwire');
const CUT = /^(57P01|lost|CONNECTION_CLOSED|ECONNRESET|Connection terminated.*)$/;

let database: TestPostgres;
let gate: Gate;
let login: Login;
let listener: TestListener;
let control: postgres.Sql;

beforeAll(async () => {
  database = await startTestPostgres();
});

beforeEach(async () => {
  const started = await startGate(database, SCHEMA);
  ({ gate, login, listener } = started);
  control = database.open(started.direct);
});

afterEach(() => gate.close());
afterAll(() => database?.close());

/** A program that writes when it is told to. */
class Program {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: string[] = [];
  #ended = false;

  constructor(driver: string) {
    const { host, port, user, password } = login;
    const [command, ...parameters] =
      driver === 'psycopg'
        ? [PYTHON, join(FIXTURES, 'transfer.py'), conninfo(login)]
        : [process.execPath, join(FIXTURES, 'transfer.ts'), driver, host, String(port), user, password];
    this.#child = spawn(command as string, parameters);
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#lines.push(line);
      listener.closed(undefined as never);
    });
    this.#child.on('exit', () => {
      this.#ended = true;
      listener.closed(undefined as never);
    });
  }

  /** Has it write; `strike` is called with each statement that is held, and true when it has seen to it. */
  async write(strike: (group: Group) => Promise<boolean>): Promise<string> {
    this.#child.stdin.write('go\n');
    for (;;) {
      await listener.until(() => listener.groups.length > 0 || this.#lines.length > 0 || this.#ended);
      const group = listener.groups.shift();
      if (group?.state === 'held') {
        if (!(await strike(group))) await letThrough(group);
      } else if (!group) return this.#lines.shift() ?? 'the process ended';
    }
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }
}

const rows = () =>
  control`select count(*)::int n from notes where body = 'written'`.then(([row]) => row?.['n'] as number);
const isText = (group: Group, text: RegExp) => group.statements.some((each) => text.test(each.text));
const none = async () => false;

async function terminate(pid: number): Promise<void> {
  await control`select pg_terminate_backend(${pid})`;
  await expect.poll(() => control`select 1 from pg_stat_activity where pid = ${pid}`).toEqual([]);
}

interface Fault {
  name: string;
  at: RegExp;
  strike(group: Group): Promise<void>;
  /** What the program says, and the rows that are there then. */
  says: RegExp;
  rows: number;
  /** postgres.js throws where nobody can catch it when a connection ends in the middle of a transaction (its issue 1208). */
  endsPostgresJs?: true;
}

async function fails(group: Group, code: string): Promise<void> {
  await group.connection.raiseInstead(group, code, 'raised');
  group.connection.deliver(group);
}

const UPDATE = /^update slots/;
const COMMIT = /^commit/i;
const FAULTS: Fault[] = [
  {
    name: 'a backend killed inside a transaction',
    at: UPDATE,
    strike: ({ connection }) => terminate(connection.pid),
    says: CUT,
    rows: 0,
    endsPostgresJs: true,
  },
  {
    name: 'a connection cut inside a transaction',
    at: UPDATE,
    strike: async ({ connection }) => connection.cut(),
    says: CUT,
    rows: 0,
    endsPostgresJs: true,
  },
  {
    name: 'a COMMIT that is done, and its answer lost with the connection',
    at: COMMIT,
    strike: async (group) => {
      group.connection.send(group);
      await group.answered;
      group.connection.cut();
    },
    says: CUT,
    rows: 1,
  },
  {
    name: '40001 at a statement',
    at: UPDATE,
    strike: (group) => fails(group, '40001'),
    says: /^40001$/,
    rows: 0,
  },
  {
    name: '40P01 at a statement',
    at: UPDATE,
    strike: (group) => fails(group, '40P01'),
    says: /^40P01$/,
    rows: 0,
  },
  {
    name: '40001 at COMMIT',
    at: COMMIT,
    strike: async (group) => {
      await group.connection.sendInstead(group, 'rollback', '40001', 'could not serialize access');
      group.connection.deliver(group);
    },
    says: /^40001$/,
    rows: 0,
  },
];

// A driver that never hears of a connection that ended waits for ever.
vi.setConfig({ testTimeout: 60_000 });

describe.each(['pg', 'postgres.js', 'psycopg'])('%s', (driver) => {
  let program: Program;

  beforeEach(async () => {
    program = new Program(driver);
    expect(await program.write(none)).toBe('done');
    await control`delete from notes where body = 'written'`;
    gate.isOpen = false;
  });

  afterEach(() => program.end());

  test.each(FAULTS)('$name', async (fault) => {
    let struck = 0;
    const said = await program.write(async (group) => {
      if (struck > 0 || !isText(group, fault.at)) return false;
      struck++;
      await fault.strike(group);
      return true;
    });
    expect(struck).toBe(1);
    expect(said).toMatch(fault.says);
    expect(await rows()).toBe(fault.rows);
    if (driver === 'postgres.js' && fault.endsPostgresJs) {
      expect(await program.write(none)).toBe('the process ended');
      program = new Program(driver);
    }
    expect(await program.write(none)).toBe('done');
    expect(await rows()).toBe(fault.rows + 1);
  });

  test('connections refused', async () => {
    // By a program without a connection: postgres.js 3.4.9 that lost a statement with its connection tries a login that
    // is refused again at once and for ever, since it keeps the error for the statement that it lost.
    await program.end();
    gate.refuses = true;
    program = new Program(driver);
    // psycopg does not tell the code.
    expect(await program.write(none)).toBe(driver === 'psycopg' ? 'lost' : '53300');
    expect(await rows()).toBe(0);
    gate.refuses = false;
    expect(await program.write(none)).toBe('done');
    expect(await rows()).toBe(1);
  });
});
