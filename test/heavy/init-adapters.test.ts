/** The adapters that `simcity init` writes, as they are, against services that have such APIs. */
import { readdirSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { ADAPTER_KINDS } from '../../cli/init/kinds.ts';
import { loadModules } from '../../runner/modules/load-modules.ts';
import { STRANGER_SERVICES } from '../fixtures/stranger-services/index.ts';
import { executedStranger, served } from '../helpers/stranger-services.ts';

afterEach(() => loadModules(undefined));

const TEMPLATES = '../../../cli/init/templates';

/** One run with the adapter of this kind against the service of that name, right or wrong. */
async function ran(kind: string, name: string, bug: string | null) {
  const service = STRANGER_SERVICES.find((each) => each.name === name);
  if (!service) throw new Error(`There is no service ${name}.`);
  await using at = await served(service, bug);
  const adapted = { ...service, adapter: `${TEMPLATES}/adapter-${kind}.ts` };
  const { end } = await executedStranger(adapted, at.url, 1, { operations: 600 });
  return end;
}

it('there is one for each kind', () => {
  const files = readdirSync('cli/init/templates').filter((file) => file.startsWith('adapter-'));
  expect(files.sort()).toEqual(ADAPTER_KINDS.map(({ name }) => `adapter-${name}.ts`).sort());
});

it.each([
  ['keyless', 'seats', 'check-then-act'],
  ['accounts', 'accounts', 'current-user'],
  ['holds', 'holds', 'hold-lost'],
  ['caldav', 'calendar', 'none-match'],
])('%s: the right service passes, the wrong one fails', async (kind, name, bug) => {
  const right = await ran(kind, name, null);
  expect(right.failForensic?.message ?? right.status).toBe('PASS');
  const wrong = await ran(kind, name, bug);
  const expected = STRANGER_SERVICES.find((each) => each.bug === bug)?.expects;
  expect(wrong.status).toBe('FAIL');
  expect(expected?.invariants).toContain(wrong.failForensic?.invariant);
});
