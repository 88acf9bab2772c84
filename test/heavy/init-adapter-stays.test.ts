/** The adapter that `simcity init --kind stays` writes, as it is, against a hotel that has such an API. */
import { resolve } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { loadModules } from '../../runner/modules/load-modules.ts';
import { servedHotel } from '../fixtures/reference-services/hotel.ts';
import { simcity } from '../helpers/cli-process.ts';
import { executedLive } from '../helpers/execute.ts';

const ADAPTER = resolve('cli/init/templates/adapter-stays.ts');

afterEach(() => loadModules(undefined));

async function ran(bug: string | null, rules: Record<string, unknown> = {}) {
  await loadModules({ target: null, scenario: null, adapter: ADAPTER });
  await using hotel = await servedHotel(bug);
  const config = { operations: 400, rules };
  return await executedLive({ scenario: 'stays', target: hotel.url, seed: 1, config });
}

it('the right hotel passes, also where each room has one bed', async () => {
  for (const rules of [{}, { capacity: 1 }]) {
    const { end, events } = await ran(null, rules);
    expect(end.failForensic?.message ?? end.status).toBe('PASS');
    expect(events.at(-1)?.data).toMatchObject({ notTested: ['series'] });
  }
});

it('a wrong one fails', async () => {
  const { end } = await ran('check-then-insert');
  expect(end.failForensic?.invariant).toMatch(/per-object-history|unit-taken-once/);
});

it('is walked through call by call', async () => {
  await using hotel = await servedHotel(null);
  const words = ['check-adapter', '--scenario', 'stays', '--target', hotel.url, '--adapter', ADAPTER];
  const { exitCode, stdout, stderr } = await simcity(words);
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toMatch(
    /PATCH \/rooms\/\d+\/reservations\/\d+ .*\n\s+200 \{"bed":\d\}\n\s+→ ok \{"unit":\d\}/,
  );
  expect(stdout).toContain('series: the adapter has no such operation');
  expect(stdout).not.toContain('did not come to it');
  expect(stdout).toMatch(/All \d+ steps went as a right service/);
});
