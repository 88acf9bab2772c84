/**
 * A hundred wrong HTTP services and ten right ones of different designs, as processes of their own, against
 * runs of the usual length: prints what was found when, and fails for a wrong one that is never found and for
 * a right one that is called wrong. SIMCITY_HEAVY below 1 takes that share of the wrong ones, evenly.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { executeLive } from '../../runner/harness/live/execute-live.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { FAULT_PROFILES, runConfigSchema, SERVICE_LIMITS } from '../../server/contract/index.ts';
import { BUGS, BUGS_OF_RESTARTS } from '../fixtures/booking-services/bugs.ts';
import { RIGHTS } from '../fixtures/booking-services/rights.ts';
import { neverStopped } from '../helpers/execute.ts';
import { commandFor } from '../helpers/http-service.ts';

/** Runs until a wrong service has to be found. */
const MOST_RUNS = 4;

const share = Math.min(1, Number(process.env['SIMCITY_HEAVY'] ?? 1));
const WRONG = Object.keys(BUGS).filter((_, i) => Math.floor((i + 1) * share) > Math.floor(i * share));

let services: ChildProcess;
let origin: string;
const table: string[] = [];

beforeAll(async () => {
  const script = fileURLToPath(new URL('../fixtures/booking-services/all.ts', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  services = child;
  origin = await new Promise((resolve, reject) => {
    child.once('exit', reject);
    child.stdout.once('data', (port: Buffer) => resolve(`http://127.0.0.1:${String(port).trim()}`));
  });
});

afterAll(() => {
  services.stdin?.end();
  process.stdout.write(`${['runs  seconds  bug', ...table].join('\n')}\n`);
});

async function live(target: string, seed: number, config: object, exec: string | null = null) {
  const options = { scenario: 'bookings', target, seed, exec, retries: 0, signal: neverStopped };
  return await executeLive({ ...options, config: runConfigSchema.parse(config), sink: new MemorySink() });
}

it.each(Object.keys(RIGHTS))('the right service "%s" passes under every fault profile', async (name) => {
  for (const faults of FAULT_PROFILES) {
    // Each run of the slow one takes ten seconds of waiting.
    for (const seed of name === 'slow' ? [1] : [1, 2]) {
      const end = await live(`${origin}/${name}`, seed, { operations: 2_500, faults });
      expect(end.failForensic?.message ?? end.status, `${faults}, seed ${seed}`).toBe('PASS');
    }
  }
});

it('the right service passes while it is killed and started again, under every profile', async () => {
  for (const faults of FAULT_PROFILES) {
    using command = await commandFor(null);
    const end = await live(command.url, 5, { operations: 1_500, faults }, command.exec);
    expect(end.failForensic?.message ?? end.status, faults).toBe('PASS');
  }
});

it.each(WRONG)('the wrong service "%s" is found by a run of the usual length', async (bug) => {
  const begunMs = performance.now();
  const isOfRestarts = BUGS_OF_RESTARTS.includes(bug);
  let runs = 0;
  for (let found = false; !found; ) {
    expect(++runs, `${bug} was not found`).toBeLessThanOrEqual(MOST_RUNS);
    using command = isOfRestarts ? await commandFor(bug) : null;
    const target = command?.url ?? `${origin}/${bug}`;
    const end = await live(target, runs, SERVICE_LIMITS, command?.exec ?? null);
    found = end.status === 'FAIL';
  }
  const seconds = ((performance.now() - begunMs) / 1_000).toFixed(1);
  table.push(`${String(runs).padStart(4)}  ${seconds.padStart(7)}  ${bug}`);
});
