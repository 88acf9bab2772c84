/** What an adapter does wrong ends its run with the phase and the place, and never as a FAIL of the service. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { executeReported } from '../../runner/harness/execute-reported.ts';
import { StopControl } from '../../runner/harness/stop-control.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { type EndReport, runConfigSchema } from '../../server/contract/index.ts';
import { answerJson, smallServer } from '../helpers/small-server.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-adapter-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A run with an adapter of these members, one a line from line 2 on, on a service that answers 200 to everything. */
async function ended(members: string[], config: object = {}): Promise<EndReport> {
  await using service = await smallServer((_, response) => answerJson(response, 200, {}));
  const adapter = join(folder, 'adapter.mjs');
  writeFileSync(adapter, `export default {\n${members.map((member) => `${member},\n`).join('')}};\n`);
  return await executeReported({
    ...{ scenario: 'bookings', target: service.url, seed: 1, targetUrl: null, repeat: null, exec: null },
    config: runConfigSchema.parse({ operations: 50, ...config }),
    modules: { target: null, scenario: null, adapter },
    ...{ sink: new MemorySink(), signal: new StopControl() },
  });
}

const NAME = "name: 'mine'";
const RESET = "async reset(_, send) { await send({ method: 'POST', path: '/reset' }) }";
const PERFORM = "async perform() { return { outcome: 'refused', reason: 'full' } }";
const NEVER = 'new Promise(() => {})';

it.each<[phase: string, members: string[], said: RegExp]>([
  [
    'setup',
    [NAME, "async setup() { throw new Error('no accounts') }", RESET, PERFORM],
    /adapter\.mjs:3: setup\(\) .*no accounts/,
  ],
  [
    'setup',
    [NAME, `setup() { return ${NEVER} }`, RESET, PERFORM],
    /setup\(\) of the adapter did not end within 0\.2 s.*--setup-timeout/,
  ],
  [
    'reset',
    [NAME, `reset() { return ${NEVER} }`, PERFORM],
    /reset\(\) of the adapter did not end within 0\.2 s.*--setup-timeout/,
  ],
  ['reset', [NAME, 'async reset() { no.such() }', PERFORM], /adapter\.mjs:3: reset\(\) .*no is not defined/],
  [
    'mapping',
    [NAME, RESET, 'async perform() { return no.such }'],
    /adapter\.mjs:4: perform\(\) .*no is not defined/,
  ],
  ['load', [RESET, PERFORM], /is no adapter: name \(string\) is missing/],
])('in %s: %j', async (phase, members, said) => {
  const { status, reason, failForensic } = await ended(members, { setupTimeoutSeconds: 0.2 });
  expect({ status, reason }).toEqual({ status: 'STOPPED', reason: 'adapter-error' });
  expect(failForensic).toMatchObject({ kind: 'adapter-error', message: expect.stringMatching(said) });
  expect(failForensic?.message).toMatch(new RegExp(`^ADAPTER ERROR in ${phase}: `));
  expect(failForensic?.actual).toMatchObject({ role: 'adapter', phase });
});
