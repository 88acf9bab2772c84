/** Ingest, validated, idempotent and answered after commit, beside psql's \copy of the same rows. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiPath } from '../../../server/contract/index.ts';
import type { Sql } from '../../../server/db/client.ts';
import { ingest } from '../../../server/db/events.ts';
import type { Batch } from '../../../server/ingest/batch.ts';
import { GroupCommit } from '../../../server/ingest/group-commit.ts';
import { parsedBatch, readBatch } from '../../../server/ingest/read-batch.ts';
import { silentLog, startTestPostgres } from '../../helpers/postgres.ts';
import { compared, type Measured, median, report } from '../measure.ts';
import { postgresSeconds, startPart } from './processes.ts';
import { claimedRun, eventsOf, TOKEN, TOKEN_HASH } from './runs.ts';

const ROWS = Number(process.env['SIMCITY_BENCH_INGEST_ROWS'] ?? 100_000);
const ROUNDS = Number(process.env['SIMCITY_BENCH_ROUNDS'] ?? 5);
const BATCH = 500;

/** Bodies for some runs, for each in order. */
type Load = { runId: string; bodies: Buffer[] }[];

interface Candidate {
  name: string;
  runs: number;
  /** Before the clock runs. */
  prepare?(load: Load): Promise<void>;
  store(load: Load): Promise<void>;
}

export async function ingestion(): Promise<string> {
  const postgres = await startTestPostgres();
  const url = await postgres.createDatabase();
  const sql = postgres.open(url);
  const server = await startPart('server', { DATABASE_URL: url });
  const told = { onAdded: () => undefined, onChanged: () => undefined };
  const commit = new GroupCommit({ databaseUrl: url, sql, log: silentLog, ...told });
  const grouped = (read: (body: Buffer, runId: string) => Batch) => (runId: string, body: Buffer) =>
    commit.store(runId, TOKEN_HASH, read(body, runId));
  const alone = (runId: string, body: Buffer) => ingest(sql, runId, TOKEN_HASH, readBatch(body, runId));
  const candidates: Candidate[] = [
    ...(await copying(url)),
    { name: 'simcity over HTTP, 16 in flight', runs: 16, store: overHttp(server.url) },
    { name: 'simcity over HTTP, 4 in flight', runs: 4, store: overHttp(server.url) },
    { name: 'without HTTP: one pass over bytes, group COPY, 16', runs: 16, store: each(grouped(readBatch)) },
    { name: 'without HTTP: parsed, by zod, group COPY, 16', runs: 16, store: each(grouped(parsedBatch)) },
    { name: 'without HTTP: one pass, an INSERT a batch, 16', runs: 16, store: each(alone) },
  ];
  try {
    const { measured, costs } = await interleave(sql, candidates);
    const first = costs[0] as number;
    const lines = candidates.map(
      ({ name }, i) =>
        `  ${name.padEnd(52)} ${costs[i]?.toFixed(2)} s  ratio ${((costs[i] as number) / first).toFixed(2)}`,
    );
    return [
      report(
        `Ingest of ${ROWS} events in batches of ${BATCH}, validated and idempotent but for \\copy`,
        measured,
      ),
      "PostgreSQL's processor time for it",
      ...lines,
    ].join('\n');
  } finally {
    await commit.close();
    await server.stop();
    await postgres.close();
  }
}

/** Every candidate in turn, on runs of its own that are made before the clock runs. */
async function interleave(
  sql: Sql,
  candidates: Candidate[],
): Promise<{ measured: Measured[]; costs: number[] }> {
  const costs = candidates.map((): number[] => []);
  const rates = candidates.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, candidate] of candidates.entries()) {
      const { name, runs, store } = candidate;
      const load = await prepare(sql, runs);
      await candidate.prepare?.(load);
      const before = await postgresSeconds(sql);
      const begun = performance.now();
      await store(load);
      const seconds = (performance.now() - begun) / 1_000;
      const used = (await postgresSeconds(sql)) - before;
      await assertStored(sql, load, name);
      if (round === 0) continue;
      rates[i]?.push(ROWS / seconds);
      costs[i]?.push(used);
    }
  }
  const measured = compared(
    candidates.map(({ name }) => name),
    rates,
  );
  return { measured, costs: costs.map(median) };
}

async function prepare(sql: Sql, runs: number): Promise<Load> {
  const load: Load = [];
  for (let run = 0; run < runs; run++) {
    const bodies: Buffer[] = [];
    const rows = Math.floor(ROWS / runs) + (run < ROWS % runs ? 1 : 0);
    for (let from = 0; from < rows; from += BATCH) {
      const batch = {
        events: eventsOf(from, Math.min(BATCH, rows - from)),
        live: { metrics: { bookings: from }, eventsPerSecond: 1 },
      };
      bodies.push(Buffer.from(JSON.stringify(batch)));
    }
    load.push({ runId: await claimedRun(sql), bodies });
  }
  return load;
}

async function assertStored(sql: Sql, load: Load, name: string): Promise<void> {
  const ids = load.map(({ runId }) => runId);
  const [row] = await sql<
    { count: number }[]
  >`select count(*) as count from simcity_run_events where run_id = any(${ids})`;
  if (row?.count !== ROWS) throw new Error(`${name} stored ${row?.count} of ${ROWS} events`);
}

/** One batch of each run under way at once, as harnesses do it. */
function each(send: (runId: string, body: Buffer) => Promise<unknown>): Candidate['store'] {
  return async (load) => {
    await Promise.all(
      load.map(async ({ runId, bodies }) => {
        for (const body of bodies) await send(runId, body);
      }),
    );
  };
}

/** On connections of its own: those of the round before were idle for longer than a server keeps them. */
function overHttp(base: string): Candidate['store'] {
  return async (load) => {
    const agent = new Agent({ keepAlive: true });
    try {
      await each((runId, body) => postBatch(agent, base, runId, body))(load);
    } finally {
      agent.destroy();
    }
  };
}

/** psql's \copy on one connection from a file; nothing where there is no psql. */
async function copying(url: string): Promise<Candidate[]> {
  if (spawnSync('psql', ['--version']).status !== 0) {
    process.stdout.write(
      'psql is not installed (apt-get install postgresql-client): the first line is missing\n',
    );
    return [];
  }
  const file = join(tmpdir(), `simcity-bench-${process.pid}.copy`);
  return [
    {
      name: 'psql \\copy, one connection',
      runs: 1,
      async prepare(load) {
        const parts = load.flatMap(({ runId, bodies }) =>
          bodies.map((body) => parsedBatch(body, runId).block?.rows ?? Buffer.alloc(0)),
        );
        await writeFile(file, Buffer.concat(parts));
      },
      async store() {
        const child = spawn('psql', [url, '-qc', `\\copy simcity_run_events from '${file}'`], {
          stdio: ['ignore', 'inherit', 'inherit'],
        });
        const [code] = await once(child, 'exit');
        if (code !== 0) throw new Error(`psql ended with ${code}`);
        await rm(file);
      },
    },
  ];
}

function postBatch(agent: Agent, base: string, runId: string, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/json',
      'content-length': body.length,
    };
    const sent = request(base + apiPath.telemetry(runId), { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`HTTP ${answer.statusCode}`)),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
