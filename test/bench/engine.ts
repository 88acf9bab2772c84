/**
 * The engine: checked operations on `memory` beside fast-check's `asyncModelRun` of the same model, gated
 * statements beside the same ones ungated, the checker's cost as a history grows, and memory.
 */

import fc from 'fast-check';
import postgres from 'postgres';
import { LinearizabilityChecker } from '../../runner/checkers/linearizability/index.ts';
import { ANY_TIME } from '../../runner/checkers/model.ts';
import { execute } from '../../runner/harness/execute.ts';
import { numbered, type SlotRow } from '../../runner/scenarios/bookings/calls.ts';
import { bookingsModel } from '../../runner/scenarios/bookings/model.ts';
import { MemoryBookingService } from '../../runner/scenarios/bookings/services/memory.ts';
import type { SlotAnswer, SlotCall } from '../../runner/scenarios/bookings/slot-call.ts';
import type { SlotState } from '../../runner/scenarios/bookings/slot-state.ts';
import type { Reply } from '../../runner/service/call.ts';
import type { SqlService } from '../../runner/service/sql-service.ts';
import { CityClock } from '../../runner/sim/clock.ts';
import { Prng } from '../../runner/sim/prng.ts';
import { PostgresTarget } from '../../runner/targets/postgres/target.ts';
import type { Task } from '../../runner/targets/target.ts';
import { NullSink } from '../../runner/telemetry/null.ts';
import { CONTRACT_RULES, runConfigSchema } from '../../server/contract/index.ts';
import { neverStopped } from '../helpers/execute.ts';
import { startTestPostgres } from '../helpers/postgres.ts';
import { interleaved, median, report } from './measure.ts';

const MODEL = bookingsModel(CONTRACT_RULES);
const print = (text: string) => process.stdout.write(`${text}\n`);

export async function bench(): Promise<void> {
  print(
    report('Checked operations on memory, all faults and checks on, nothing recorded', await operations()),
  );
  print(report('Statements on postgres, one at a time', await gatedStatements()));
  print(growth());
  await memory();
}

async function simulate(seed: number, count: number): Promise<number> {
  const config = runConfigSchema.parse({ operations: count });
  const end = await execute({
    ...{ scenario: 'bookings', target: 'memory', seed, config, targetUrl: null },
    sink: new NullSink(),
    signal: neverStopped,
  });
  if (end.status !== 'PASS') throw new Error(`seed ${seed} ended ${end.status}`);
  return count;
}

/** Planned operations a second on either side; SimCity's duplicates and repeats are not counted. */
function operations() {
  const count = 60_000;
  return interleaved([
    {
      name: 'fast-check asyncModelRun, same model, service and mix',
      run: (round) => fastCheck(round, count),
    },
    { name: 'simcity on memory', run: (round) => simulate(round + 1, count) },
  ]);
}

interface Model {
  readonly states: Map<string, SlotState>;
}
interface Real {
  readonly service: MemoryBookingService;
  readonly clock: CityClock;
  keys: number;
  /** Bookings made, oldest first, with their slots. */
  readonly made: { booking: string; slot: string }[];
}
type Given = { citizen: string; slot: string };
type Make = (real: Real, given: Given) => SlotCall & { slot?: string };

/** What fast-check's citizens do, as often as SimCity's; seventeen in twenty of them at one slot of twelve. */
const COMMANDS: readonly { weight: number; name: string; make: Make }[] = [
  {
    ...{ weight: 46, name: 'book' },
    make: (real, { citizen, slot }) => ({ operation: 'book', slot, citizen, key: `k-${real.keys++}` }),
  },
  {
    ...{ weight: 26, name: 'cancel' },
    make: (real, { slot }) => {
      const { booking, slot: where } = real.made.shift() ?? { booking: 'b-0', slot };
      return { operation: 'cancel', booking, slot: where };
    },
  },
  { weight: 14, name: 'read', make: (_, { slot }) => ({ operation: 'read', slot }) },
  { weight: 4, name: 'list', make: () => ({ operation: 'count' }) },
  { weight: 4, name: 'close', make: (_, { slot }) => ({ operation: 'close', slot }) },
  { weight: 6, name: 'open', make: (_, { slot }) => ({ operation: 'open', slot }) },
];

/** The same service, driven by fast-check's commands and held against the same sequential model. */
async function fastCheck(seed: number, wanted: number): Promise<number> {
  const slots = Array.from({ length: 12 }, (_, i) => ({
    id: numbered('slot', i + 1),
    capacity: 1 + (i % 5),
    open: true,
  }));
  const world = { slots, citizens: 40 };
  let done = 0;
  const given = fc.record({
    citizen: fc.integer({ min: 1, max: 40 }).map((n) => numbered('citizen', n)),
    slot: fc.oneof(
      { weight: 17, arbitrary: fc.constant('slot-003') },
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }).map((n) => numbered('slot', n)) },
    ),
  });
  const command = (name: string, make: Make, what: Given): fc.AsyncCommand<Model, Real> => ({
    check: () => true,
    toString: () => name,
    async run(model, real) {
      const call = make(real, what);
      const request = name === 'list' ? { operation: 'list' } : call;
      const routine = real.service.handle(request as never, real.clock);
      let step = routine.next();
      while (!step.done) {
        await Promise.resolve();
        step = routine.next();
      }
      hold(model, call, step.value);
      if (call.operation === 'book' && step.value.outcome === 'ok')
        real.made.push({ booking: String(step.value.value['booking']), slot: what.slot });
      done++;
    },
  });
  const commands = COMMANDS.map(({ weight, name, make }) => ({
    weight,
    arbitrary: given.map((what) => command(name, make, what)),
  }));
  while (done < wanted) {
    const property = fc.asyncProperty(
      fc.commands([fc.oneof(...commands)], { maxCommands: 1_000, size: 'max' }),
      async (all) => {
        const service = new MemoryBookingService();
        service.prepare(world);
        const states = new Map(slots.map(({ id }) => [id, MODEL.initial(id, world)]));
        const real = { service, clock: new CityClock(), keys: 0, made: [] };
        await fc.asyncModelRun(() => ({ model: { states }, real }), all);
      },
    );
    await fc.assert(property, { numRuns: 20, seed: seed + done });
  }
  return done;
}

/** Holds an answer against the model, as a command of fast-check does: one call at a time. */
function hold({ states }: Model, call: SlotCall & { slot?: string }, reply: Reply): void {
  if (reply.outcome === 'failed') throw new Error(reply.error);
  const apply = (slot: string, answer: SlotAnswer) => {
    const next = MODEL.apply(states.get(slot) as SlotState, call, answer, ANY_TIME);
    if (!next) throw new Error(`${call.operation} is not explained`);
    states.set(slot, MODEL.forget?.(next, call) ?? next);
  };
  if (call.operation !== 'count') {
    apply(call.slot as string, reply.outcome === 'ok' ? { outcome: 'ok', ...reply.value } : reply);
    return;
  }
  if (reply.outcome === 'refused') throw new Error(reply.reason);
  for (const row of reply.value['slots'] as SlotRow[]) apply(row.id, { outcome: 'ok', ...row });
}

const COUNTER: SqlService = {
  schema: 'create table counters (id int primary key, n int not null)',
  async prepare(sql) {
    for (let id = 0; id < 8; id++) await sql`insert into counters values (${id}, 0)`;
  },
  async handle(sql, call) {
    const id = Number(call['id']);
    await sql.begin(async (inner) => {
      await inner`select n from counters where id = ${id}`;
      await inner`update counters set n = n + 1 where id = ${id}`;
      await inner`select n from counters where id = ${id}`;
    });
    return { outcome: 'ok', value: {} };
  },
  inspect: async () => null,
};

export async function gatedStatements() {
  const database = await startTestPostgres();
  const url = await database.createDatabase({ migrated: false });
  const clock = new CityClock();
  const target = new PostgresTarget(COUNTER, url, {
    ...{ concurrency: 4, isolation: 'read-committed', prng: new Prng(1, 'deadlock'), clock },
  });
  await target.prepare({});
  // As the city's own sessions: its commits do not wait for the disk.
  const ungated = postgres(url, {
    max: 1,
    fetch_types: false,
    connection: { synchronous_commit: 'off' as never },
  });
  await ungated`create table counters (id int primary key, n int not null)`;
  for (let id = 0; id < 8; id++) await ungated`insert into counters values (${id}, 0)`;
  const transactions = 1_000;
  try {
    return await interleaved(
      [
        { name: 'one ungated connection, in series', run: () => inSeries(ungated, transactions) },
        {
          name: 'gated, 4 requests at once, no lock waits',
          run: () => gated(target, transactions, (i) => i % 8),
        },
        {
          name: 'gated, 4 requests at once, all on one row',
          run: () => gated(target, transactions, () => 0),
        },
      ],
      9,
    );
  } finally {
    await ungated.end();
    await target.close();
    await database.close();
  }
}

const STATEMENTS_PER_TRANSACTION = 5;

async function inSeries(sql: postgres.Sql, transactions: number): Promise<number> {
  for (let i = 0; i < transactions; i++) {
    const id = i % 8;
    await sql.unsafe('begin');
    await sql.unsafe('select n from counters where id = $1', [id], { prepare: true });
    await sql.unsafe('update counters set n = n + 1 where id = $1', [id], { prepare: true });
    await sql.unsafe('select n from counters where id = $1', [id], { prepare: true });
    await sql.unsafe('commit');
  }
  return transactions * STATEMENTS_PER_TRANSACTION;
}

async function gated(
  target: PostgresTarget,
  transactions: number,
  idOf: (i: number) => number,
): Promise<number> {
  const prng = new Prng(1, 'schedule');
  const ready: Task[] = [];
  let begun = 0;
  let done = 0;
  while (done < transactions) {
    while (begun - done < 4 && begun < transactions) {
      ready.push(target.start({ operation: 'bump', id: idOf(begun++) }, { serializationFailure: false }));
    }
    const at = prng.below(ready.length);
    const task = ready[at] as Task;
    await target.step(task);
    if (task.state !== 'ready') ready.splice(at, 1);
    if (task.state === 'done') done++;
    ready.push(...target.takeWoken());
  }
  return transactions * STATEMENTS_PER_TRANSACTION;
}

/** One slot, three operations under way at any time, histories of 10,000 and of 100,000 operations. */
function growth(): string {
  const cost = (count: number): number => {
    const world = { slots: [{ id: 'slot-001', capacity: 3, open: true }], citizens: 40 };
    const checker = new LinearizabilityChecker(MODEL as never, 'slot-001', {
      maxConfigurations: 20_000,
      world,
    });
    const begun = performance.now();
    for (let i = 0; i < count; i += 3) {
      const booking = `b-${i}`;
      const book = { operation: 'book', citizen: 'citizen-001', key: `k-${i}` };
      checker.invoke(i, book);
      checker.invoke(i + 1, { operation: 'read' });
      checker.complete(i, { outcome: 'ok', booking });
      const bookings = [{ id: booking, citizen: 'citizen-001' }];
      checker.complete(i + 1, { outcome: 'ok', open: true, capacity: 3, bookings });
      checker.invoke(i + 2, { operation: 'cancel', booking });
      checker.complete(i + 2, { outcome: 'ok', booking });
      checker.forget(book);
    }
    return ((performance.now() - begun) * 1000) / count;
  };
  const ratios: number[] = [];
  const costs: [number, number][] = [];
  for (let round = 0; round <= 5; round++) {
    const pair: [number, number] = [cost(10_000), cost(100_000)];
    if (round === 0) continue;
    costs.push(pair);
    ratios.push(pair[1] / pair[0]);
  }
  const [short, long] = [median(costs.map(([a]) => a)), median(costs.map(([, b]) => b))];
  return [
    'Checker, microseconds an operation',
    `  history of 10,000: ${short.toFixed(2)}   history of 100,000: ${long.toFixed(2)}   ratio ${median(ratios).toFixed(2)} (1.00 is linear)`,
  ].join('\n');
}

/** Memory over one long run; the number of operations from SIMCITY_BENCH_OPERATIONS. */
async function memory(): Promise<void> {
  const wanted = Number(process.env['SIMCITY_BENCH_OPERATIONS'] ?? 1_000_000);
  print(
    `Memory over one run of ${wanted.toLocaleString('en')} operations on memory (set SIMCITY_BENCH_OPERATIONS)`,
  );
  const samples: number[] = [];
  const timer = setInterval(() => {
    globalThis.gc?.();
    samples.push(process.memoryUsage().heapUsed / 1e6);
  }, 1_000);
  const begun = performance.now();
  await simulate(1, wanted);
  clearInterval(timer);
  const seconds = (performance.now() - begun) / 1000;
  const quarter = Math.max(1, samples.length >> 2);
  const early = median(samples.slice(quarter, 2 * quarter));
  const late = median(samples.slice(-quarter));
  print(
    `  ${seconds.toFixed(0)} s; heap ${early.toFixed(0)} MB in the second quarter, ${late.toFixed(0)} MB in the last`,
  );
}
