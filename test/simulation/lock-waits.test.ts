/** Requests that wait for each other in the database: who goes on is told once, and nobody is accused of it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Scheduler } from '../../runner/harness/scheduler.ts';
import { setLoaded } from '../../runner/modules/loaded.ts';
import type { MemoryService } from '../../runner/service/memory-service.ts';
import { CityClock } from '../../runner/sim/clock.ts';
import { Prng } from '../../runner/sim/prng.ts';
import { createStrategy } from '../../runner/sim/strategies/index.ts';
import { MemoryTarget } from '../../runner/targets/memory.ts';
import { CityKeeper } from '../../runner/targets/postgres/keeper.ts';
import type { Task } from '../../runner/targets/target.ts';
import { decided } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { attemptOf, transacted } from '../helpers/random-transactions.ts';
import { CROWDED, executedService } from '../helpers/sql-services.ts';

let database: TestPostgres;
let url: string;

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
});
afterAll(() => database.close());
afterEach(() => setLoaded({ scenario: null, adapter: null, service: null }));

describe('a right service', () => {
  // Seeds that 0.1.0 broke off or failed.
  it.each([
    ['whose statement gets through because a deadlock was broken', 'opposite-orders', [12]],
    ['whose requests wait for rows in a ring', 'ring-of-rows', [25]],
    ['whose requests wait for advisory locks in a ring', 'ring-of-advisory-locks', [25]],
    ['that goes back to a savepoint', 'savepoints', [2, 5, 7]],
    ['whose commit waits for a check that was put off to it', 'checks-at-commit', [12, 14]],
  ] as const)('%s passes, with one history a seed', async (_, name, seeds) => {
    for (const seed of seeds) {
      const { events, end } = await executedService(name, seed, CROWDED, url);
      expect(end, `seed ${seed}`).toMatchObject({ status: 'PASS' });
      const again = await executedService(name, seed, CROWDED, url);
      expect(decided(again.events), `seed ${seed}`).toEqual(decided(events));
    }
  });

  it('keeps what it acknowledged, whatever its transactions wait for', async () => {
    const cities = new CityKeeper();
    for (let seed = 1; seed <= 12; seed++) {
      const { trace } = await transacted(seed, url, cities);
      expect((await transacted(seed, url, cities)).trace, `seed ${seed}`).toEqual(trace);
    }
    await cities.close();
  });
});

describe('a target that breaks the rule of who tells that a request can go on', () => {
  /** Tells of each request that took a step, besides what the step itself tells. */
  class Twice extends MemoryTarget {
    readonly #stepped: Task[] = [];

    override step(task: Task): void {
      super.step(task);
      this.#stepped.push(task);
    }

    override takeWoken(): readonly Task[] {
      return this.#stepped.splice(0);
    }
  }

  const service: MemoryService = {
    prepare() {},
    *handle() {
      yield;
      return { outcome: 'refused', reason: 'full' };
    },
    inspect: () => null,
  };

  it('is told so, as a fault of the engine', () => {
    const scheduler = new Scheduler({
      target: new Twice(service, new CityClock()),
      strategy: createStrategy('random', new Prng(1, 'schedule')),
      latency: new Prng(1, 'latency'),
      picks: null,
      done: () => {},
      halted: () => false,
      note: () => {},
    });
    scheduler.enter(attemptOf(0, { operation: 'read' }));
    expect(() => scheduler.step()).toThrow(
      /SimCity broke a rule of its own, which is no fault of the service/,
    );
  });

  it('cannot have a request take a step that is over', () => {
    const memory = new MemoryTarget(service, new CityClock());
    const task = memory.start({ operation: 'read' });
    while (task.state !== 'done') memory.step(task);
    expect(() => memory.step(task)).toThrow(/no fault of the service: A request takes a step only while/);
  });
});
