import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attempt } from '../../runner/harness/attempt.ts';
import { execute } from '../../runner/harness/execute.ts';
import { type Guide, requestKey } from '../../runner/harness/guide.ts';
import { emptyTrace } from '../../runner/harness/trace.ts';
import type { StatementWatch, WatchedStatement } from '../../runner/targets/statements.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { runConfigSchema } from '../../server/contract/index.ts';
import { decided, neverStopped } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

let database: TestPostgres;
let url: string;

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
});

afterAll(async () => {
  await database.close();
});

const CROWDED = { operations: 40, slots: 2, citizens: 6, concurrency: 6 };

/** Keeps all that it is told, in order. */
class Listener implements StatementWatch {
  readonly began_: WatchedStatement[] = [];
  readonly settled_: WatchedStatement[] = [];
  /** Rows of bookings that others see after each commit. */
  readonly seen: number[] = [];
  #isPrepared = false;

  async prepared(control: Parameters<NonNullable<StatementWatch['prepared']>>[0]): Promise<void> {
    const [row] = await control.unsafe('select count(*)::int as slots from slots');
    this.#isPrepared = row?.['slots'] === CROWDED.slots;
  }

  began(statement: WatchedStatement): void {
    if (!this.#isPrepared) throw new Error('The city is laid before anything begins.');
    this.began_.push(statement);
  }

  async settled(
    statement: WatchedStatement,
    control: Parameters<StatementWatch['settled']>[1],
  ): Promise<void> {
    this.settled_.push(statement);
    if (statement.kind !== 'commit') return;
    const [row] = await control.unsafe('select count(*)::int as bookings from bookings');
    this.seen.push(row?.['bookings'] as number);
  }
}

async function run(
  target: string,
  seed: number,
  config: Parameters<typeof runConfigSchema.parse>[0] & object,
  more: Partial<Parameters<typeof execute>[0]> = {},
) {
  const sink = new MemorySink();
  const trace = emptyTrace();
  const end = await execute({
    scenario: 'bookings',
    target,
    seed,
    config: runConfigSchema.parse(config),
    targetUrl: target === 'memory' ? null : url,
    sink,
    signal: neverStopped,
    trace,
    ...more,
  });
  return { end, events: decided(sink.events), trace };
}

/** The first two requests that are inside at once, of which the one that begins first does not end first. */
function overlapping(steps: readonly string[]): [string, string] {
  for (const first of new Set(steps)) {
    const second = steps.flatMap((key, i) => (key === first ? [i] : []))[1];
    if (second === undefined) continue;
    const other = steps.find(
      (key, i) => key !== first && i > steps.indexOf(first) && steps.lastIndexOf(key) > second,
    );
    if (other !== undefined) return [first, other];
  }
  throw new Error('No two requests overlap.');
}

describe('what the postgres target tells of statements', () => {
  it('changes no history, and is the same each time', async () => {
    const config = { ...CROWDED, bug: 'check-then-insert', faults: 'rough' as const };
    const first = new Listener();
    const second = new Listener();
    const plain = await run('postgres', 3, config);
    const heard = await run('postgres', 3, config, { statements: first });
    await run('postgres', 3, config, { statements: second });
    expect(heard.events).toEqual(plain.events);
    const told = ({ began_ }: Listener) =>
      began_.map(({ owner, ...rest }) => [requestKey(owner as Attempt), rest]);
    expect(JSON.stringify(told(second))).toBe(JSON.stringify(told(first)));
    expect(first.began_.length).toBeGreaterThan(50);
  });

  it('has transactions from begin to commit, with rows, tags, counts and times', async () => {
    const listener = new Listener();
    await run('postgres', 2, { ...CROWDED, faults: 'none' }, { statements: listener });
    const { began_, settled_ } = listener;
    expect(began_.map(({ id }) => id)).toEqual([...began_.keys()]);
    expect(settled_.length).toBe(began_.length);
    const times = settled_.map(({ settledAt }) => settledAt as number);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const transactions = Map.groupBy(
      began_.filter(({ transaction }) => transaction !== null),
      ({ transaction }) => transaction,
    );
    expect(transactions.size).toBeGreaterThan(10);
    for (const of of transactions.values()) {
      const [first, ...rest] = of;
      expect(new Set(of.map(({ connection }) => connection)).size).toBe(1);
      if (first?.isAutocommit) expect(of.map(({ kind }) => kind)).toEqual(['statement', 'commit']);
      else expect(first).toMatchObject({ kind: 'begin', tag: 'BEGIN', isolation: 'read committed' });
      expect(rest.at(-1)?.kind).toMatch(/commit|rollback/);
    }
    const statements = began_.filter(({ kind }) => kind === 'statement');
    for (const { tag, count, text, rows } of statements) {
      expect(
        text
          .trim()
          .toUpperCase()
          .startsWith(tag ?? '-'),
      ).toBe(true);
      if (tag === 'SELECT') expect(rows).toHaveLength(count ?? -1);
    }
    expect(statements.some(({ tag, count }) => tag === 'UPDATE' && count === 1)).toBe(true);
    expect(listener.seen.length).toBeGreaterThan(10);
    expect(listener.seen.at(-1)).toBeGreaterThan(0);
  });

  it('says for whom a statement waited, until that one has ended', async () => {
    const listener = new Listener();
    await run('postgres', 5, { ...CROWDED, faults: 'none' }, { statements: listener });
    const { began_, settled_ } = listener;
    const waited = began_.filter(({ waitedFor }) => waitedFor.length > 0);
    expect(waited.length).toBeGreaterThan(3);
    for (const { waitedFor, waitedAt, settledAt, transaction } of waited) {
      expect(waitedAt.length).toBeGreaterThan(0);
      for (const id of waitedFor) {
        const holder = began_[id] as WatchedStatement;
        expect(holder.transaction).not.toBe(transaction);
        const ended = settled_.find(
          (each) => each.transaction === holder.transaction && /commit|rollback/.test(each.kind),
        );
        expect(ended?.settledAt).toBeLessThan(settledAt ?? 0);
        expect(ended?.settledAt).toBeGreaterThan(waitedAt[0] as number);
      }
    }
  });
});

describe('a crash', () => {
  it('cuts off what was under way, and nothing stays without an end', async () => {
    const config = { ...CROWDED, operations: 200, faults: 'none' as const, faultRates: { crash: 0.05 } };
    const listener = new Listener();
    const { end } = await run('postgres', 2, config, { statements: listener });
    expect(end.status).toBe('PASS');
    const cut = listener.settled_.filter(({ error }) => error === '08006');
    expect(cut.length).toBeGreaterThan(0);
    expect(listener.settled_.length).toBe(listener.began_.length);
    for (const { id, settledAt, rows, transaction } of cut) {
      expect([settledAt === null, rows]).toEqual([false, null]);
      // Nothing of its transaction is answered after it.
      const later = listener.began_.filter((each) => each.id > id && each.transaction === transaction);
      const answered = transaction === null ? [] : later.filter(({ error }) => error !== '08006');
      expect(answered.map(({ text }) => text)).toEqual([]);
    }
  });
});

describe('a guide', () => {
  it('keeps a request from its first statement until another has left', async () => {
    const config = { ...CROWDED, operations: 12, faults: 'none' as const };
    const plain = await run('postgres', 2, config);
    const { steps } = plain.trace;
    // Of two that overlap, the one that begins first is to wait for the other.
    const [first, other] = overlapping(steps);
    let isGone = false;
    let fell = 0;
    const texts: (string | null)[] = [];
    const guide: Guide = {
      holds: (attempt, next) => requestKey(attempt) === first && next.kind === 'statement' && !isGone,
      stepped: (attempt, next) => {
        if (requestKey(attempt) === first) texts.push(next.text);
      },
      left: (attempt) => {
        isGone ||= requestKey(attempt) === other;
      },
      gaveWay: () => {
        fell++;
      },
    };
    const { trace, end } = await run('postgres', 2, config, { guide, frozen: plain.trace.calls });
    expect(end.status).toBe('PASS');
    expect(fell).toBe(0);
    const own = trace.steps.flatMap((key, i) => (key === first ? [i] : []));
    // Its code up to the first statement, and that statement.
    expect(own[1]).toBeGreaterThan(trace.steps.lastIndexOf(other));
    expect(steps.flatMap((key, i) => (key === first ? [i] : []))[1]).toBeLessThan(steps.lastIndexOf(other));
    expect(texts[0]).toBeNull();
    expect(texts[1]).toMatch(/select|insert|update/);
    expect(trace.calls.map(({ n, call }) => [n, call.operation])).toEqual(
      plain.trace.calls.map(({ n, call }) => [n, call.operation]),
    );
  });

  it.each(['memory', 'postgres'])(
    'that holds nobody changes nothing on %s; one that holds all gives way',
    async (target) => {
      const config = { ...CROWDED, faults: 'rough' as const };
      const plain = await run(target, 4, config);
      let fell = 0;
      const nobody = { holds: () => false, gaveWay: () => fell++ };
      expect((await run(target, 4, config, { guide: nobody })).events).toEqual(plain.events);
      expect(fell).toBe(0);
      const all = { holds: () => true, gaveWay: () => fell++ };
      expect((await run(target, 4, config, { guide: all })).end.status).toBe('PASS');
      expect(fell).toBeGreaterThan(10);
    },
  );
});

describe('an order by request', () => {
  it.each(['memory', 'postgres'])('repeats an execution on %s event for event', async (target) => {
    for (const seed of [1, 2, 3]) {
      const config = { ...CROWDED, faults: 'rough' as const };
      const whole = await run(target, seed, { ...config, reduction: { operations: [...Array(40).keys()] } });
      const order = whole.trace.steps.map((request) => ({ request, steps: 1 }));
      const reduction = { operations: [...Array(40).keys()], order };
      const again = await run(target, seed, { ...config, reduction });
      expect(again.events.slice(1)).toEqual(whole.events.slice(1));
      expect(again.trace.notAsAsked).toBe(0);
      const frozen = await run(target, seed, { ...config, reduction }, { frozen: whole.trace.calls });
      expect(frozen.events).toEqual(again.events);
    }
  });

  it('says how many steps were not as asked, and passes over what cannot go', async () => {
    const operations = [...Array(40).keys()];
    const config = { ...CROWDED, faults: 'none' as const };
    const whole = await run('memory', 1, { ...config, reduction: { operations } });
    // The last request of all cannot take the first step: it comes when others have gone.
    const order = [{ request: whole.trace.steps.at(-1) as string, steps: 500 }];
    const { events, trace, end } = await run('memory', 1, { ...config, reduction: { operations, order } });
    expect(end.status).toBe('PASS');
    expect(trace.notAsAsked).toBeGreaterThan(10);
    expect(events.at(-2)).toContain(`"message":"${trace.notAsAsked} steps were not as asked`);
    const gone = [{ request: '39.0', steps: 500 }];
    const without = { operations: operations.slice(0, 20), order: gone };
    expect((await run('memory', 1, { ...config, reduction: without })).trace.notAsAsked).toBe(0);
  });
});
