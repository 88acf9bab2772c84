import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BANK_BUGS } from '../../runner/scenarios/transfers/bugs.ts';
import { decided, executed } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

const scenario = 'transfers';

describe('transfers', () => {
  let postgres: TestPostgres;
  let url: string;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    url = await postgres.createDatabase({ migrated: false });
  });
  afterAll(() => postgres?.close());

  it('the right bank passes in memory under every profile', async () => {
    for (const faults of ['none', 'calm', 'rough', 'brutal'] as const) {
      for (let seed = 1; seed <= 8; seed++) {
        const { end } = await executed({
          scenario,
          target: 'memory',
          seed,
          config: { operations: 400, faults },
        });
        expect(end, `seed ${seed}, faults ${faults}`).toMatchObject({ status: 'PASS' });
      }
    }
  });

  it('the right bank passes on postgres at every isolation level', async () => {
    for (const isolation of ['read-committed', 'repeatable-read', 'serializable'] as const) {
      for (let seed = 1; seed <= 2; seed++) {
        const config = { operations: 120, isolation };
        const { end } = await executed({ scenario, target: 'postgres', seed, config }, url);
        expect(end, `seed ${seed}, ${isolation}`).toMatchObject({ status: 'PASS' });
      }
    }
  }, 180_000);

  it('one seed gives one history, on both targets', async () => {
    for (const target of ['memory', 'postgres']) {
      const launch = { scenario, target, seed: 7, config: { operations: 200 } };
      const histories = [await executed(launch, url), await executed(launch, url)].map((run) =>
        decided(run.events),
      );
      expect(histories[0]).toEqual(histories[1]);
    }
  });

  it.each(BANK_BUGS.map(({ name }) => name))('the bug %s is found on both targets', async (bug) => {
    for (const target of ['memory', 'postgres']) {
      const kinds = new Set<string | undefined>();
      for (let seed = 1; seed <= 6; seed++) {
        const { end } = await executed({ scenario, target, seed, config: { bug, operations: 1_000 } }, url);
        if (end.status === 'FAIL') kinds.add(end.failForensic?.invariant);
      }
      expect([...kinds], target).not.toEqual([]);
    }
  });

  it('tells its own charts and objects, nothing of slots', async () => {
    const { events, snapshots, end } = await executed({
      scenario,
      target: 'memory',
      seed: 2,
      config: { operations: 1_000, bug: 'no-idempotency' },
    });
    expect(events[0]?.data).toMatchObject({
      charts: [{ title: 'coins moved', metric: 'coins_moved' }, expect.anything(), expect.anything()],
    });
    expect(snapshots.at(-1)?.metrics).toHaveProperty('coins_moved');
    expect(end.failForensic?.reproduce).toContain('npx simcity run transfers --target memory');
    expect(events.some(({ data }) => 'account' in data)).toBe(true);
    expect(events.some(({ type, data }) => type !== 'start' && 'slot' in data)).toBe(false);
  });
});
