/** `tickets` on a running service in real time: the reference box offices over HTTP, right and with bugs of their zoo. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { shellWord } from '../../runner/reproduce.ts';
import { boxOffice } from '../fixtures/reference-services/box-office.ts';
import { executedLive } from '../helpers/execute.ts';
import { freePort } from '../helpers/http-service.ts';
import { attacksOn, referenceGround } from '../helpers/reference-over-http.ts';

const SERVICE = fileURLToPath(new URL('../fixtures/reference-services/command-line.ts', import.meta.url));
/** By so many seeds each bug is found. */
const SEEDS = 3;
/** The same of what only a kill at the right moment shows. */
const SEEDS_TO_BE_KILLED = 10;

describe('tickets over HTTP', () => {
  const usual = { operations: 800, slots: 4, citizens: 12 };
  const ground = referenceGround();
  const attacked = attacksOn(ground, 'tickets', boxOffice(), usual);

  /** Over PostgreSQL, and killed now and then. */
  async function killed(bug: string | null, seed: number, config: Record<string, unknown> = {}) {
    const port = await freePort();
    const given = [
      `DATABASE_URL=${await ground.databaseUrl()}`,
      `PORT=${port}`,
      ...(bug ? [`BUG=${bug}`] : []),
    ];
    const words = ['env', ...given, process.execPath, SERVICE, 'tickets'];
    const launch = {
      scenario: 'tickets',
      target: `http://127.0.0.1:${port}`,
      seed,
      config: { ...usual, ...config },
    };
    return await executedLive(launch, words.map(shellWord).join(' '));
  }

  it.each([
    ['memory', 'none'],
    ['postgres', 'calm'],
    ['postgres', 'brutal'],
  ] as const)('passes the right box office, %s under %s faults', async (store, faults) => {
    const { end, events } = await attacked(store, null, 1, { faults });
    expect(end.failForensic?.message ?? end.status).toBe('PASS');
    expect(events.at(-1)?.data).toMatchObject({ notTested: [] });
    // So many requests get lost under brutal that not all of what may still happen can be looked at.
    if (faults !== 'brutal') expect(events.at(-1)?.data).toMatchObject({ undecided: [] });
    expect(events.find(({ data }) => data['what'] === 'clock')?.data).toMatchObject({
      aheadMs: { least: expect.any(Number), most: expect.any(Number) },
    });
  });

  it('passes the right box office although it is killed', async () => {
    const { end, events } = await killed(null, 1);
    expect(end.failForensic?.message ?? end.status).toBe('PASS');
    expect(events.some(({ type, data }) => type === 'fault' && data['name'] === 'crash')).toBe(true);
  });

  it('fails one that acknowledges payments before it stores them, and is killed', async () => {
    for (let seed = 1; seed <= SEEDS_TO_BE_KILLED; seed++) {
      const { end } = await killed('paid-before-stored', seed, { citizens: 30 });
      if (end.status === 'FAIL') return;
    }
    expect.unreachable(`${SEEDS_TO_BE_KILLED} seeds found nothing.`);
  });

  it.each([
    ['postgres', 'expires-while-paying'],
    ['postgres', 'late-payment-lost'],
    ['memory', 'offer-never-ends'],
    ['memory', 'paid-twice'],
    ['memory', 'partial-order'],
    ['memory', 'refund-frees-two'],
  ] as const)('fails a box office, %s with %s', async (store, bug) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { end } = await attacked(store, bug, seed);
      if (end.status === 'FAIL') return;
    }
    expect.unreachable(`${SEEDS} seeds found nothing.`);
  });
});
