/** Runs of a scenario at its reference service over PostgreSQL, which is a process of its own behind the gate. */
import { fileURLToPath } from 'node:url';
import { execute } from '../../runner/harness/execute.ts';
import { shellWord } from '../../runner/reproduce.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { runConfigSchema } from '../../server/contract/index.ts';
import { neverStopped } from './execute.ts';
import { freePort } from './http-service.ts';
import type { ReferenceGround } from './reference-over-http.ts';

const SERVICE = fileURLToPath(new URL('../fixtures/reference-services/command-line.ts', import.meta.url));

/** `usual` are settings of all runs. `clockFolder` keeps what the clock of a run is compiled into. */
export function gatedAttacksOn(
  ground: ReferenceGround,
  scenario: string,
  usual: Record<string, unknown>,
  clockFolder: () => string | null = () => null,
) {
  return async (bug: string | null, seed: number, given: Record<string, unknown>) => {
    const words = ['env', ...(bug === null ? [] : [`BUG=${bug}`]), process.execPath, SERVICE, scenario];
    const sink = new MemorySink();
    const folder = clockFolder();
    const end = await execute({
      scenario,
      target: `http://127.0.0.1:${await freePort()}`,
      config: runConfigSchema.parse({ gate: 'keep', settle: 'count', pool: 8, ...usual, ...given }),
      targetUrl: await ground.databaseUrl(),
      exec: words.map(shellWord).join(' '),
      gate: {
        ...{ url: null, schema: null, prepare: null, large: false },
        ...(folder === null ? {} : { clock: { folder, timers: false } }),
      },
      ...{ seed, sink, signal: neverStopped },
    });
    return { end, events: sink.events, proof: sink.events.at(-1)?.data['proof'] };
  };
}
