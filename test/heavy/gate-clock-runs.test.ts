/** Runs of a scenario in which something runs out, behind the gate, with the clock of the run. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute } from '../../runner/harness/execute.ts';
import { loadModules } from '../../runner/modules/load-modules.ts';
import { shellWord } from '../../runner/reproduce.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { findCompiler } from '../../server/contract/c-compiler.ts';
import { CLOCK_EVENT, moduleLabel, proofSchema, runConfigSchema } from '../../server/contract/index.ts';
import { neverStopped } from '../helpers/execute.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import { freePort } from '../helpers/http-service.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/gate-services/', import.meta.url));
const SCENARIO = join(FIXTURES, 'desks-scenario.ts');
const WIRE = { gate: 'restart', settle: 'sleep', pool: 4 } as const;

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
  await loadModules({ target: null, scenario: SCENARIO, adapter: null });
});
afterAll(async () => {
  await loadModules(undefined);
  await folder.remove();
});

async function executed(seed: number, given: Record<string, unknown>, environment: readonly string[] = []) {
  const sink = new MemorySink();
  const config = runConfigSchema.parse({
    ...{ ...WIRE, clock: 'virtual', faults: 'none', operations: 120, slots: 3, citizens: 3 },
    ...given,
  });
  const clock = { folder: join(folder.path, 'clock'), timers: config.clock === 'virtual-timers' };
  const own = { url: null, schema: null, prepare: null, large: false };
  const end = await execute({
    scenario: moduleLabel(SCENARIO),
    target: `http://127.0.0.1:${await freePort()}`,
    targetUrl: null,
    exec: ['env', ...environment, process.execPath, join(FIXTURES, 'desks.ts')].map(shellWord).join(' '),
    gate: config.clock === 'real' ? own : { ...own, clock },
    ...{ seed, config, sink, signal: neverStopped },
  });
  return { end, events: sink.events, last: sink.events.at(-1)?.data ?? {} };
}

describe.skipIf(findCompiler(process.env) === null)('a scenario with deadlines (needs a C compiler)', () => {
  it('passes on a right service, with its clock moved past what runs out, and is the same each time', async () => {
    const { end, events, last } = await executed(1, { prove: 2 });
    expect(end, JSON.stringify(end.failForensic)).toMatchObject({ status: 'PASS' });
    expect(events.filter(({ type }) => type === CLOCK_EVENT).length).toBeGreaterThan(5);
    expect(events.find(({ data }) => data['what'] === 'gate')?.data).toMatchObject({ clock: 'virtual' });
    const proof = proofSchema.parse(last['proof']);
    expect(proof, JSON.stringify(proof)).toMatchObject({ executions: 2, identical: 2 });
    expect(last['notTested']).not.toContain('clock-skew');
  });

  it('passes with timers that skip the time, too, and with the service’s clock set wrong', async () => {
    const { end } = await executed(2, { clock: 'virtual-timers', faultRates: { 'clock-skew': 0.1 } });
    expect(end, JSON.stringify(end.failForensic)).toMatchObject({ status: 'PASS' });
  });

  it('fails on a service whose holds never run out', async () => {
    const { end } = await executed(1, { prove: 0 }, ['BUG=for-ever']);
    expect(end.status).toBe('FAIL');
    expect(end.failForensic).toMatchObject({ invariant: 'per-object-history' });
  });
});
