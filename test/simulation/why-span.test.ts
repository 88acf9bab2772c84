/** A span that nobody else enters, behind the gate: it passes from where the lock belongs, and from later on it does not. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { shellWord } from '../../runner/reproduce.ts';
import { SimulatedExecutor } from '../../runner/shrink/simulated-executor.ts';
import { AtomicSpan } from '../../runner/why/span.ts';
import { runConfigSchema } from '../../server/contract/index.ts';
import { neverStopped } from '../helpers/execute.ts';
import { freePort } from '../helpers/http-service.ts';
import { startTestPostgres } from '../helpers/postgres.ts';

const DESK = fileURLToPath(new URL('../fixtures/gate-services/desk.ts', import.meta.url));
const LOOK = 'select capacity, open from slots where id = $1';
const INSERT = 'insert into bookings (id, slot, citizen, key) values ($1, $2, $3, $4)';

it('keeps out whoever would wait for its lock, and waits for whoever has one', async () => {
  const database = await startTestPostgres();
  const gated = { gate: 'keep', settle: 'sleep', pool: 6 } as const;
  const small = { operations: 120, slots: 2, citizens: 6, concurrency: 6, faults: 'none' } as const;
  const config = runConfigSchema.parse({ ...small, ...gated });
  const subject = {
    scenario: 'bookings',
    target: `http://127.0.0.1:${await freePort()}`,
    seed: 1,
    config,
    targetUrl: await database.createDatabase({ migrated: false }),
    exec: ['env', 'BUG=check-then-insert', process.execPath, DESK].map(shellWord).join(' '),
    gate: { url: null, schema: null, prepare: null, large: false },
  };
  const executor = new SimulatedExecutor(subject, neverStopped);
  const failure = async (guide?: AtomicSpan) =>
    (await executor.execute(config, 120, false, { guide })).forensic?.invariant ?? null;
  try {
    expect(await failure()).toBe('one-active-booking-per-citizen-and-slot');
    const span = new AtomicSpan(LOOK);
    expect(await failure(span)).toBeNull();
    expect([span.fell, span.hasHeld]).toEqual([0, true]);
    expect(await failure(new AtomicSpan(INSERT))).not.toBeNull();
  } finally {
    await executor.close();
    await database.close();
  }
});
