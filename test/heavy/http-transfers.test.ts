/** A scenario that is not bookings, on a running service: the general patterns find what is wrong with a bank. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type BankBug, serveBank } from '../fixtures/bank-services/bank.ts';
import { executedLive } from '../helpers/execute.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

async function attacked(bug: BankBug | null, seed: number, faults: 'none' | 'rough' | 'brutal') {
  const server = await serveBank(bug);
  servers.push(server);
  return await executedLive({
    scenario: 'transfers',
    target: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seed,
    config: { operations: 400, slots: 6, faults },
  });
}

describe('transfers over HTTP', () => {
  it.each(['none', 'rough', 'brutal'] as const)('passes a right bank under %s faults', async (faults) => {
    const { end, events } = await attacked(null, 1, faults);
    expect(end.failForensic?.message ?? end.status).toBe('PASS');
    expect(events.at(-1)?.data).toMatchObject({ notTested: [] });
  });

  it.each([
    ['overdraws', ['no-account-below-zero', 'per-object-history'], ['transfer', 'balance', 'statement']],
    ['repeats-move-twice', ['per-object-history'], ['transfer', 'balance', 'statement']],
    ['torn-statement', ['money-is-conserved'], ['statement']],
  ] as const)('fails a bank that %s', async (bug, invariants, operations) => {
    for (const seed of [1, 2, 3]) {
      const { failForensic } = (await attacked(bug, seed, 'rough')).end;
      expect(invariants, `seed ${seed}`).toContain(failForensic?.invariant);
      expect(operations, `seed ${seed}`).toContain(failForensic?.operation?.['operation']);
    }
  });
});
