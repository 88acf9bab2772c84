/** The adapter that `simcity init --kind tickets` writes, as it is, against a shop that has such an API. */
import { resolve } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { loadModules } from '../../runner/modules/load-modules.ts';
import { servedShop } from '../fixtures/reference-services/ticket-shop.ts';
import { simcity } from '../helpers/cli-process.ts';
import { executedLive } from '../helpers/execute.ts';

const ADAPTER = resolve('cli/init/templates/adapter-tickets.ts');

afterEach(() => loadModules(undefined));

async function ran(bug: string | null) {
  await loadModules({ target: null, scenario: null, adapter: ADAPTER });
  await using shop = await servedShop(bug);
  const config = { operations: 400, slots: 8 };
  return await executedLive({ scenario: 'tickets', target: shop.url, seed: 1, config });
}

it('the right shop passes', async () => {
  const { end, events } = await ran(null);
  expect(end.failForensic?.message ?? end.status).toBe('PASS');
  expect(events.at(-1)?.data).toMatchObject({ notTested: ['transfer', 'join', 'leave'] });
});

it('a wrong one fails', async () => {
  const { end } = await ran('partial-order');
  expect(end.failForensic?.invariant).toBe('per-object-history');
});

it('is walked through call by call', async () => {
  await using shop = await servedShop(null);
  const words = ['check-adapter', '--scenario', 'tickets', '--target', shop.url, '--adapter', ADAPTER];
  const { exitCode, stdout, stderr } = await simcity(words);
  expect(exitCode, stderr + stdout).toBe(0);
  expect(stdout).toMatch(
    /POST \/hooks\/payments .*\n\s+200 \{"payment":"accepted"\}\n\s+→ ok \{"state":"paid"\}/,
  );
  expect(stdout).toContain('join: the adapter has no such operation');
  expect(stdout).toMatch(/All \d+ steps went as a right service/);
});
