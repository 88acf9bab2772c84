/** A real server on a real database, in this process, and a harness to feed it. */
import { createHash, randomBytes } from 'node:crypto';
import {
  API_BASE,
  apiPath,
  type EndReport,
  type Launch,
  type Run,
  type RunEvent,
  runSchema,
  type Snapshot,
  telemetryAnswerSchema,
} from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { type RunningServer, startServer } from '../../server/server.ts';
import { silentLog } from './postgres.ts';

/** `hostToken`: what the process that hosts it knows; null: nobody does. */
export async function startTestServer(
  databaseUrl: string,
  port = 0,
  hostToken: string | null = null,
): Promise<RunningServer> {
  return startServer(
    { databaseUrl, host: '127.0.0.1', port, allowedHosts: [], access: { hostToken } },
    silentLog,
  );
}

export interface Answer {
  status: number;
  headers: Headers;
  /** What the JSON says; null when the body is empty. */
  body: unknown;
}

export async function call(base: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${base}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}

export async function launch(base: string, given: Launch = {}): Promise<Run> {
  const { status, body } = await call(base, 'POST', `${API_BASE}/runs`, given);
  if (status !== 201) throw new Error(`the launch was answered with ${status}: ${JSON.stringify(body)}`);
  return runSchema.parse(body);
}

/** Plays the part of a harness for one run. */
export class FakeHarness {
  readonly runId: string;
  readonly token = randomBytes(16).toString('hex');
  base: string;
  next = 0;

  constructor(base: string, runId: string) {
    this.base = base;
    this.runId = runId;
  }

  async claim(sql: Sql, leaseSeconds = 60): Promise<void> {
    const hash = createHash('sha256').update(this.token).digest();
    const rows = await sql`select id from simcity_claim_run('test', ${leaseSeconds}, ${hash}, ${this.runId})`;
    if (rows.length !== 1) throw new Error(`run ${this.runId} could not be claimed`);
  }

  async post(batch: unknown, token = this.token): Promise<Answer> {
    const response = await fetch(`${this.base}${apiPath.telemetry(this.runId)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: typeof batch === 'string' ? batch : JSON.stringify(batch),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  /** Sends the next `count` events, with a snapshot after every tenth. */
  async send(count: number, extra: { end?: EndReport } = {}): Promise<Answer> {
    const events = eventsFrom(this.next, count);
    const last = events.at(-1);
    if (extra.end && last) last.type = 'end';
    const snapshots: Snapshot[] = events
      .filter(({ index }) => index % 10 === 9)
      .map(({ index, at }) => ({ index, at, metrics: { bookings: index } }));
    const answer = await this.post({
      events,
      snapshots,
      live: { metrics: { bookings: this.next + count }, eventsPerSecond: 5 },
      ...extra,
    });
    if (answer.status === 200) this.next = telemetryAnswerSchema.parse(answer.body).next;
    return answer;
  }
}

export function eventsFrom(index: number, count: number): RunEvent[] {
  return Array.from({ length: count }, (_, i) => ({
    index: index + i,
    at: new Date(1_750_000_000_000 + index + i).toISOString(),
    virtualMs: (index + i) / 2,
    type: index + i === 0 ? 'start' : 'book.ok',
    actor: `citizen-${(index + i) % 7}`,
    data: { op: index + i, text: 'ünïcode \n "quoted"' },
  }));
}

export const passed: EndReport = { status: 'PASS', reason: null, failForensic: null };
