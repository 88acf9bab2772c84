/**
 * The engine: checked operations on `memory` beside fast-check's `asyncModelRun` of the same model, gated
 * statements beside the same ones ungated, the checker's cost as a history grows, and memory.
 */
import fc from 'fast-check';
import postgres from 'postgres';
import { NullSink } from '../../runner/campaign/null-sink.ts';
import { LinearizabilityChecker } from '../../runner/checkers/linearizability/index.ts';
import { execute } from '../../runner/harness/execute.ts';
import { bookingsModel } from '../../runner/scenarios/bookings/model.ts';
import { MemoryBookingService } from '../../runner/scenarios/bookings/services/memory.ts';
import type { SlotState } from '../../runner/scenarios/bookings/slot-state.ts';
import { CityClock } from '../../runner/sim/clock.ts';
import { Prng } from '../../runner/sim/prng.ts';
import type { SqlService } from '../../runner/targets/postgres/sql-client.ts';
import { PostgresTarget } from '../../runner/targets/postgres/target.ts';
import type { Task } from '../../runner/targets/target.ts';
import { runConfigSchema } from '../../server/contract/index.ts';
import { neverStopped } from '../helpers/execute.ts';
import { startTestPostgres } from '../helpers/postgres.ts';
import { interleaved, median, report } from './measure.ts';

const print = (text: string) => process.stdout.write(`${text}\n`);

export async function bench(): Promise<void> {
  print(
    report('Checked operations on memory, all faults and checks on, nothing recorded', await operations()),
  );
  print(report('Statements on postgres, one at a time', await statements()));
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

function operations() {
  return interleaved([
    { name: 'fast-check asyncModelRun, same model and service', run: (round) => fastCheck(round, 20_000) },
    { name: 'simcity on memory', run: (round) => simulate(round + 1, 20_000) },
  ]);
}

interface Model {
  state: SlotState;
}
interface Real {
  service: MemoryBookingService;
  clock: CityClock;
  keys: number;
  ids: string[];
}

/** The same service, driven by fast-check's commands and held against the same sequential model. */
async function fastCheck(seed: number, wanted: number): Promise<number> {
  const world = { slots: [{ id: 'slot-001', capacity: 3, open: true }], citizens: 40 };
  let done = 0;
  type Make = (real: Real) => Record<string, unknown> & { operation: string };
  const command = (name: string, make: Make): fc.AsyncCommand<Model, Real> => ({
    check: () => true,
    toString: () => name,
    async run(model, real) {
      const call = { slot: 'slot-001', ...make(real) };
      const routine = real.service.handle(call as never, real.clock as never);
      let step = routine.next();
      while (!step.done) {
        await Promise.resolve();
        step = routine.next();
      }
      const reply = step.value as { outcome: string; value?: { booking?: string }; reason?: string };
      const answer = reply.outcome === 'ok' ? { outcome: 'ok', ...reply.value } : reply;
      const next = bookingsModel.apply(model.state, call as never, answer as never);
      if (!next) throw new Error(`${name} is not explained`);
      model.state = bookingsModel.forget?.(next, call as never) ?? next;
      if (call.operation === 'book' && reply.value?.booking) real.ids.push(reply.value.booking);
      done++;
    },
  });
  const commands = [
    fc
      .nat(39)
      .map((n) =>
        command('book', (real) => ({ operation: 'book', citizen: `citizen-${n}`, key: `k-${real.keys++}` })),
      ),
    fc
      .nat(39)
      .map(() => command('cancel', (real) => ({ operation: 'cancel', booking: real.ids.shift() ?? 'b-0' }))),
    fc.constant(command('read', () => ({ operation: 'read' }))),
    fc.constant(command('open', () => ({ operation: 'open' }))),
    fc.constant(command('close', () => ({ operation: 'close' }))),
  ];
  while (done < wanted) {
    const property = fc.asyncProperty(
      fc.commands(commands, { maxCommands: 1_000, size: 'max' }),
      async (all) => {
        const service = new MemoryBookingService();
        service.prepare(world);
        const state = bookingsModel.initial('slot-001', world);
        await fc.asyncModelRun(
          () => ({ model: { state }, real: { service, clock: new CityClock(), keys: 0, ids: [] } }),
          all,
        );
      },
    );
    await fc.assert(property, { numRuns: 20, seed: seed + done });
  }
  return done;
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

async function statements() {
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
  const transactions = 500;
  try {
    return await interleaved([
      { name: 'one ungated connection, in series', run: () => inSeries(ungated, transactions) },
      {
        name: 'gated, 4 requests at once, no lock waits',
        run: () => gated(target, transactions, (i) => i % 8),
      },
      { name: 'gated, 4 requests at once, all on one row', run: () => gated(target, transactions, () => 0) },
    ]);
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
    const checker = new LinearizabilityChecker(bookingsModel as never, 'slot-001', {
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
