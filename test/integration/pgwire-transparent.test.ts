/** Through an open gate clients are told byte for byte the same as without one, however messages are cut. */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Prng } from '../../runner/sim/prng.ts';
import { Gate } from '../../runner/targets/pgwire/gate.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import {
  type Cutting,
  comparable,
  inWords,
  startCuttingProxy,
  startRecording,
} from '../helpers/recorded-wire.ts';
import { letThrough } from '../helpers/wire-gate.ts';
import { type Login, PYTHON, SCHEMA, usualPg, usualPostgresJs, usualPsycopg } from '../helpers/wire-usual.ts';

let database: TestPostgres;
let server: { host: string; port: number; user: string; password: string };
let template: string;
let clones = 0;

beforeAll(async () => {
  database = await startTestPostgres();
  const url = new URL(await database.createDatabase({ migrated: false }));
  template = url.pathname.slice(1);
  server = {
    host: url.hostname,
    port: Number(url.port),
    user: url.username,
    password: decodeURIComponent(url.password),
  };
  const pool = database.open(url.href);
  await pool.unsafe(SCHEMA);
  await pool.end();
});

afterAll(() => database?.close());

async function clone(): Promise<string> {
  const name = `clone_${++clones}`;
  await database.superuser.unsafe(`create database ${name} template ${template}`);
  return name;
}

type Usual = (login: Login) => Promise<void>;

async function record(port: number, login: Omit<Login, 'port' | 'host'>, usual: Usual): Promise<Buffer[]> {
  const recording = await startRecording(port);
  try {
    await usual({ ...login, host: '127.0.0.1', port: recording.port });
    return recording.streams();
  } finally {
    await recording.close();
  }
}

async function direct(usual: Usual): Promise<Buffer[]> {
  return record(server.port, { ...server, database: await clone() }, usual);
}

/** Through the gate, with what passes in front of it and behind it cut. */
async function gated(usual: Usual, cutting: Cutting | null, isHeld = false): Promise<Buffer[]> {
  const behind = cutting && (await startCuttingProxy(server.port, cutting));
  const upstream = { ...server, port: behind?.port ?? server.port, tls: false };
  const gate = await Gate.listen({
    upstream,
    serverVersion: 18,
    user: 'guest',
    password: 'made-for-this-run',
  });
  gate.database = await clone();
  gate.isOpen = !isHeld;
  gate.listener = { arrived: (group) => void letThrough(group), closed: () => {} };
  const front = cutting && (await startCuttingProxy(gate.port, cutting));
  try {
    const login = { user: gate.user, password: gate.password, database: 'whatever' };
    return await record(front?.port ?? gate.port, login, usual);
  } finally {
    await front?.close();
    await gate.close();
    await behind?.close();
  }
}

function expectSame(through: readonly Buffer[], without: readonly Buffer[]): void {
  expect(through.length).toBe(without.length);
  for (const [index, stream] of without.entries()) {
    const told = comparable(through[index] as Buffer);
    const expected = comparable(stream);
    expect(inWords(told.session)).toEqual(inWords(expected.session));
    expect(told.settings).toEqual(expected.settings);
    // All of it, and not only as far as it is told in words.
    expect(told.session.equals(expected.session)).toBe(true);
  }
  // What is large has been there, and not only the logins.
  expect(without.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(500_000);
}

const CUTTINGS: [string, () => Cutting][] = [
  ['pieces of a size that a seed draws', seeded],
  ['single bytes, but for what is large', byteByByte],
];

function seeded(): Cutting {
  const prng = new Prng(1, 'chaos');
  return () => 1 + prng.below([1, 30, 3_000, 60_000][prng.below(4)] as number);
}

function byteByByte(): Cutting {
  let count = 0;
  return () => (count++ < 15_000 ? 1 : 16_384);
}

describe.each([
  ['pg', usualPg],
  ['postgres.js', usualPostgresJs],
  ['psycopg', usualPsycopg],
] as const)('%s', (name, usual) => {
  // Debian's python3-psycopg; without it that is seen in the report.
  const isHere = name !== 'psycopg' || existsSync(PYTHON);

  test.runIf(isHere)('is told the same', async () => {
    expectSame(await gated(usual, null), await direct(usual));
  });

  test.runIf(isHere)('is told the same where each group is held, sent and handed on', async () => {
    expectSame(await gated(usual, null, true), await direct(usual));
  });

  test.runIf(isHere).each(CUTTINGS)('is told the same with messages cut into %s', async (_, cutting) => {
    expectSame(await gated(usual, cutting()), await direct(usual));
  });
});
