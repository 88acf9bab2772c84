/** A service that knows nothing of it, behind the gate on the wire: one seed is one history, and races are found. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Prng } from '../../runner/sim/prng.ts';
import { parting } from '../../runner/targets/pgwire/parting.ts';
import type { WireFaultName } from '../../runner/targets/target.ts';
import { type Desk, type DeskOptions, type DeskRun, openDesk } from '../helpers/gated-city.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

const FAULTS: readonly WireFaultName[] = [
  'backend-kill',
  'lost-commit',
  'deadlock',
  'serialization-failure',
  'slow-statement',
];
const LOST: readonly WireFaultName[] = ['backend-kill', 'lost-commit'];

let database: TestPostgres;
let url: string;

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
});
afterAll(() => database.close());

/** What `work` makes of the service with this in its environment. */
async function at<T>(env: Record<string, string>, work: (desk: Desk) => Promise<T>): Promise<T> {
  const desk = await openDesk(url, env);
  try {
    return await work(desk);
  } finally {
    await desk.close();
  }
}

/** Executes the seed so often, and expects the same of it each time. */
async function same(desk: Desk, options: DeskOptions, times = 2): Promise<DeskRun> {
  const first = await desk.execute(options);
  for (let i = 1; i < times; i++) {
    const again = await desk.execute(options);
    expect(parting(first.trace, again.trace)).toBeNull();
    expect(again.trace.hash).toBe(first.trace.hash);
  }
  return first;
}

it('a race over several statements is found, and each time alike', async () => {
  await at({ BUG: 'check-then-insert' }, async (desk) => {
    for (const seed of [1, 2]) expect((await same(desk, { seed })).overbooked).not.toBeNull();
  });
});

it('a race inside one statement is found, because its commit is a step', async () => {
  await at({ BUG: 'single-statement' }, async (desk) => {
    expect((await same(desk, { seed: 1 })).overbooked).not.toBeNull();
  });
});

describe('a right service', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk(url);
  });
  afterAll(() => desk.close());

  it('waits for its locks and passes', async () => {
    const run = await same(desk, { seed: 1, operations: 30 });
    expect(run.overbooked).toBeNull();
    expect(run.failed).toBe(0);
    expect(run.sometimes['a transaction waited for a lock']).toBeGreaterThan(0);
  });

  it('goes on after a crash, which ends what is open', async () => {
    const run = await same(desk, {
      seed: 3,
      operations: 20,
      stepped: async ({ steps, crash }) => {
        if (steps === 25) await crash();
      },
    });
    expect(run.failed).toBeGreaterThan(0);
    expect(run.overbooked).toBeNull();
  });

  it('makes requests wait when its pool is cut down, and lets all of them through', async () => {
    const run = await same(desk, {
      seed: 4,
      operations: 20,
      stepped: async ({ target, steps }) => {
        if (steps === 20) target.limitPool(1);
        if (steps === 60) target.limitPool(null);
      },
    });
    expect(run.sometimes['a request waited for a connection']).toBeGreaterThan(0);
    expect(run.failed).toBe(0);
  });

  it.each(FAULTS)('is struck by %s, each time alike', async (name) => {
    const struck = (n: number) => new Prng(7, 'fault', n).chance(0.4);
    const run = await same(desk, {
      seed: 7,
      operations: 14,
      strike: (n) => (struck(n) ? { name, at: new Prng(7, 'wire', n).float(), atCommit: n % 2 === 0 } : null),
    });
    expect(run.faults).toContain(name);
    expect(run.overbooked).toBeNull();
    expect(run.isStuck).toBe(false);
    // Who loses the connection cannot know what became of it.
    if (LOST.includes(name)) expect(run.failed).toBeGreaterThan(0);
  });
});

it('deadlocks are broken, and their victim is drawn from the seed', async () => {
  await at({ BUG: 'crossed-locks' }, async (desk) => {
    const run = await same(desk, { seed: 2, operations: 40, capacity: 30 });
    expect(run.isStuck).toBe(false);
    expect(run.sometimes['a deadlock was broken']).toBeGreaterThan(0);
  });
});

it('requests that wait for a lock of the process are waited for, and nobody else', async () => {
  await at({ LOCK: 'memory' }, async (desk) => {
    const run = await same(desk, { seed: 5, operations: 20 });
    expect(run.overbooked).toBeNull();
    expect(run.isStuck).toBe(false);
  });
});

it('what the service does by itself and only reads is learned, and passes', async () => {
  await at({ JOB: 'read' }, async (desk) => {
    const run = await same(desk, { seed: 6, operations: 20 });
    expect(run.told.background).toEqual(['select count(*) from ticks']);
    expect(run.told.backgroundWrites).toBe(0);
  });
});

it('what the service does by itself and writes is held, and told', async () => {
  await at({ JOB: 'write' }, async (desk) => {
    const run = await desk.execute({ seed: 6, operations: 20 });
    expect(run.isStuck).toBe(false);
    expect(run.told.backgroundWrites).toBe(1);
    const own = run.trace.lines.filter(({ owner }) => owner === 'background');
    expect(own.map(({ text }) => text)).toContain('update ticks set count = count + 1 where id = 1');
  });
});

it('who waits for the transaction of one that is answered waits for nobody for ever', async () => {
  await at({ BUG: 'answers-early' }, async (desk) => {
    const runs = [1, 2, 3, 4].map((seed) => ({ seed, operations: 10, capacity: 30 }));
    for (const run of runs) expect((await same(desk, run)).isStuck).toBe(false);
  });
});

it('counting serves a service that never has two statements of one request at once', async () => {
  await at({ BUG: 'check-then-insert' }, async (desk) => {
    const counted = await desk.execute({ seed: 1, plan: { settle: 'count' } });
    expect(counted.overbooked).not.toBeNull();
    expect(counted.told.counted).toBeGreaterThan(0);
    expect(parting(counted.trace, (await desk.execute({ seed: 1 })).trace)).toBeNull();
  });
});
