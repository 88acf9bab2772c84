/** Statements of a service behind the gate, which knows nothing of SimCity: in the history, and held back by a guide. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attempt } from '../../runner/harness/attempt.ts';
import { execute } from '../../runner/harness/execute.ts';
import { type Guide, requestKey } from '../../runner/harness/guide.ts';
import { emptyTrace } from '../../runner/harness/trace.ts';
import { shellWord } from '../../runner/reproduce.ts';
import type { WatchedStatement } from '../../runner/targets/statements.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { type RunEvent, runConfigSchema } from '../../server/contract/index.ts';
import { neverStopped } from '../helpers/execute.ts';
import { freePort } from '../helpers/http-service.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

const GATE = { url: null, schema: null, prepare: null, large: false };
const SERVICE = fileURLToPath(new URL('../fixtures/gate-services/tickets.ts', import.meta.url));
const BUGGY = [process.execPath, SERVICE, '--bug', 'check-then-insert'].map(shellWord).join(' ');
/** A slot is closed while a booking is under way, which is booked all the same. */
const CLOSED_MEANWHILE = 7;

let database: TestPostgres;
let targetUrl: string;
let target: string;

beforeAll(async () => {
  database = await startTestPostgres();
  targetUrl = await database.createDatabase({ migrated: false });
  target = `http://127.0.0.1:${await freePort()}`;
});
afterAll(() => database.close());

async function run(
  config: Record<string, unknown>,
  more: Partial<Parameters<typeof execute>[0]> = {},
): Promise<{ events: readonly RunEvent[]; trace: ReturnType<typeof emptyTrace> }> {
  const sink = new MemorySink();
  const trace = emptyTrace();
  const wire = { gate: 'keep', settle: 'count', pool: 6 };
  const asked = { ...wire, operations: 40, faults: 'none', rules: { secondCancel: 'refused' }, ...config };
  await execute({
    ...{ scenario: 'bookings', target, seed: CLOSED_MEANWHILE, targetUrl, exec: BUGGY, gate: GATE },
    config: runConfigSchema.parse(asked),
    ...{ sink, trace, signal: neverStopped, proofs: 0 },
    ...more,
  });
  return { events: sink.events.map((event) => ({ ...event, at: '' })), trace };
}

const statementsOf = (events: readonly RunEvent[]) => events.filter(({ type }) => type === 'statement');

describe('--record statements', () => {
  it('keeps the SQL of the service in order, the same each time, and the operations as they were', async () => {
    const plain = await run({});
    const recorded = await run({ record: 'statements' });
    expect((await run({ record: 'statements' })).events).toEqual(recorded.events);
    const statements = statementsOf(recorded.events);
    expect(statements.length).toBeGreaterThan(20);
    const operations = (events: readonly RunEvent[]) =>
      events
        .filter(({ type }) => type.includes('.'))
        .map(({ type, actor, virtualMs }) => [type, actor, virtualMs]);
    expect(operations(recorded.events)).toEqual(operations(plain.events));
    const times = recorded.events.map(({ virtualMs }) => virtualMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const kinds = new Set(statements.map(({ data }) => data['kind']));
    expect([...kinds].sort()).toEqual(['begin', 'commit', 'rollback', 'statement']);
    for (const { data } of statements) {
      for (const said of [data['text'], data['values'] ?? '', data['answer'] ?? ''])
        expect(String(said).length).toBeLessThanOrEqual(1_000);
    }
  }, 240_000);

  it('leaves every value out with --redact-values', async () => {
    const open = statementsOf((await run({ record: 'statements' })).events);
    const { events } = await run({ record: 'statements', redactValues: true });
    const redacted = statementsOf(events);
    const value = /citizen-\d|\bk-\d|slot-\d/;
    expect(open.filter((event) => value.test(JSON.stringify(event))).length).toBeGreaterThan(20);
    expect(redacted.filter((event) => value.test(JSON.stringify(event)))).toEqual([]);
    const left = (of: readonly RunEvent[]) =>
      of.map(({ data: { id, op, kind, tag, count } }) => [id, op, kind, tag, count]);
    expect(left(redacted)).toEqual(left(open));
  }, 240_000);
});

/** Keeps one request from its first statement until another has left. */
class Hold implements Guide {
  isGone = false;
  fell = 0;
  readonly held: string;
  readonly other: string;

  constructor(held: string, other: string) {
    this.held = held;
    this.other = other;
  }

  holds: Guide['holds'] = (attempt, next) =>
    requestKey(attempt) === this.held && next.kind !== 'code' && !this.isGone;

  left = (attempt: Attempt) => {
    this.isGone ||= requestKey(attempt) === this.other;
  };

  gaveWay = () => {
    this.fell++;
  };
}

describe('a guide', () => {
  it('holds the statements of one request until another has left, and so turns what it reads', async () => {
    const first = await recorded();
    const { booking, closing } = racing(first.events);
    const keyOf = (op: number) => first.keys.get(op) as string;
    // By itself it reads that the slot is open before the other commits, and is told so.
    expect(first.outcome(booking)).toBe('book.ok');
    expect(first.firstRead(booking).settledAt).toBeLessThan(first.end(closing).settledAt as number);

    const guide = new Hold(keyOf(booking), keyOf(closing));
    const turned = await recorded({ guide, frozen: first.trace.calls });
    expect(guide.fell).toBe(0);
    expect(turned.firstRead(booking).sentAt).toBeGreaterThan(turned.end(closing).settledAt as number);
    expect(turned.outcome(booking)).toBe('book.refused');
    const calls = ({ trace }: typeof first) => trace.calls.slice(0, 4).map(({ n, call }) => [n, call]);
    expect(calls(turned)).toEqual(calls(first));
  }, 240_000);

  it('that holds for ever gives way, and nothing hangs', async () => {
    const guide = { fell: 0, holds: () => true, gaveWay: () => void guide.fell++ };
    const { events } = await run({ operations: 6 }, { guide });
    expect(guide.fell).toBeGreaterThan(0);
    expect(events.at(-1)?.type).toBe('end');
  }, 120_000);
});

async function recorded(more: Partial<Parameters<typeof execute>[0]> = {}) {
  const settled: WatchedStatement[] = [];
  const statements = {
    began: () => {},
    settled: (statement: WatchedStatement) => void settled.push(statement),
  };
  const { events, trace } = await run({}, { statements, ...more });
  const of = (op: number) => settled.filter(({ owner }) => (owner as Attempt | null)?.id === op);
  const keys = new Map(
    settled.flatMap(({ owner }) =>
      owner ? [[(owner as Attempt).id, requestKey(owner as Attempt)] as const] : [],
    ),
  );
  return {
    ...{ events, trace, keys },
    firstRead: (op: number) => of(op).find(({ kind }) => kind === 'statement') as WatchedStatement,
    end: (op: number) => of(op).findLast(({ kind }) => kind === 'commit') as WatchedStatement,
    outcome: (op: number) =>
      events.find(({ type, data }) => data['op'] === op && !type.endsWith('.invoke') && type.includes('.'))
        ?.type,
  };
}

/** Operations of the booking that should have been refused, and of the closing that it did not see. */
function racing(events: readonly RunEvent[]): { booking: number; closing: number } {
  const violation = events.find(({ type }) => type === 'violation');
  const closing = events.find(({ type }) => type === 'close.ok');
  return { booking: Number(violation?.data['op']), closing: Number(closing?.data['op']) };
}
