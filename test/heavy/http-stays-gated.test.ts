/** `stays` over HTTP behind the gate: the reference house as a process of its own, which knows nothing of it. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { execute } from '../../runner/harness/execute.ts';
import { shellWord } from '../../runner/reproduce.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { proofSchema, runConfigSchema } from '../../server/contract/index.ts';
import { neverStopped } from '../helpers/execute.ts';
import { freePort } from '../helpers/http-service.ts';
import { referenceGround } from '../helpers/reference-over-http.ts';

const SERVICE = fileURLToPath(new URL('../fixtures/reference-services/command-line.ts', import.meta.url));
/** By so many seeds the bug is found. */
const SEEDS = 3;

const ground = referenceGround();

async function gated(bug: string | null, seed: number, config: Record<string, unknown>) {
  const words = ['env', ...(bug === null ? [] : [`BUG=${bug}`]), process.execPath, SERVICE, 'stays'];
  const sink = new MemorySink();
  const end = await execute({
    scenario: 'stays',
    target: `http://127.0.0.1:${await freePort()}`,
    config: runConfigSchema.parse({ gate: 'keep', settle: 'count', pool: 8, operations: 60, ...config }),
    targetUrl: await ground.databaseUrl(),
    exec: words.map(shellWord).join(' '),
    gate: { url: null, schema: null, prepare: null, large: false },
    ...{ seed, sink, signal: neverStopped },
  });
  return { end, proof: sink.events.at(-1)?.data['proof'] };
}

it('the right house passes under faults', async () => {
  const { end } = await gated(null, 1, { faults: 'rough' });
  expect(end.failForensic?.message ?? end.status).toBe('PASS');
});

it('a house that looks before it takes fails, and each execution is the same', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { end, proof } = await gated('check-then-insert', seed, { faults: 'none', prove: 1 });
    if (end.status !== 'FAIL') continue;
    const { executions, identical } = proofSchema.parse(proof);
    expect(executions).toBeGreaterThan(0);
    expect(identical).toBe(executions);
    return;
  }
  expect.unreachable(`${SEEDS} seeds found nothing.`);
});
