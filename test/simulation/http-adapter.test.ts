/** Services with another API, reached through the adapter that `simcity init` writes; and adapters that are wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { executeLive } from '../../runner/harness/live/execute-live.ts';
import { loadModules } from '../../runner/modules/load-modules.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { runConfigSchema } from '../../server/contract/index.ts';
import { serveTickets } from '../fixtures/booking-services/tickets.ts';
import { neverStopped } from '../helpers/execute.ts';

const TEMPLATE = resolve('cli/init/templates/adapter-keys.ts');
const servers: Server[] = [];

afterEach(async () => {
  await loadModules(undefined);
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

async function live(isBuggy: boolean, adapter: string) {
  const server = await serveTickets(isBuggy);
  servers.push(server);
  await loadModules({ target: null, scenario: null, adapter });
  return await executeLive({
    scenario: 'bookings',
    target: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seed: 3,
    config: runConfigSchema.parse({ operations: 600 }),
    sink: new MemorySink(),
    signal: neverStopped,
    retries: 1,
  });
}

it('passes a right service, under the usual faults', async () => {
  const { status, failForensic } = await live(false, TEMPLATE);
  expect(failForensic?.message ?? status).toBe('PASS');
});

it('fails a buggy one, with the adapter in the command that reproduces it', async () => {
  const { failForensic } = await live(true, TEMPLATE);
  expect(failForensic).toMatchObject({ kind: 'invariant' });
  expect(failForensic?.reproduce).toMatch(/--target http:.*--adapter \S*adapter-keys\.ts/);
});

const NONE = 'reset() {}';
const SHORT = `name: 'x', ${NONE}, request() {}, reply() {}`;

it.each([
  ['export default { name: 1 }', /no adapter: name is number.*reset \(function\) is missing/],
  ['export default 7', /must be an object: an adapter/],
  [`export default { name: 'x', ${NONE} }`, /perform \(function\) is missing, or request and reply/],
  [`export default { name: 'x', ${NONE}, request() {} }`, /reply \(function\) is missing/],
  [`export default { name: 'x', ${NONE}, perform: 1 }`, /perform is number instead of function/],
  [`export default { ${SHORT}, setup: true }`, /setup is boolean instead of function/],
  [
    `export default { ${SHORT}, operations: ['book', 'cancle'] }`,
    /operations has "cancle", which is none of book, .* \(did you mean cancel\?\)/,
  ],
  [`export default { ${SHORT}, operations: [] }`, /operations is empty/],
  [
    `export default { ${SHORT}, rules: { key: false } }`,
    /rules has key, which is none of keys, .* \(did you mean keys\?\)/,
  ],
  [`export default { ${SHORT}, rules: { capacity: 0 } }`, /rules\.capacity: /],
  [`export default { ${SHORT}, rules: { secondCancel: 'no' } }`, /rules\.secondCancel: .*"ok"\|"refused"/],
])('an adapter file of %s is refused with what it lacks', async (text, why) => {
  const folder = mkdtempSync(join(tmpdir(), 'simcity-adapter-'));
  const file = join(folder, 'wrong.mjs');
  writeFileSync(file, text);
  await expect(loadModules({ target: null, scenario: null, adapter: file })).rejects.toThrow(why);
  rmSync(folder, { recursive: true });
});
