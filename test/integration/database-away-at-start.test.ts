/** A run whose database is away at its start reports no end: another attempt is made. */
import { expect, it } from 'vitest';
import { executeReported } from '../../runner/harness/execute-reported.ts';
import { NotBegunError } from '../../runner/harness/run-fault.ts';
import { StopControl } from '../../runner/harness/stop-control.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { runConfigSchema } from '../../server/contract/index.ts';
import { freePort } from '../helpers/folder.ts';

it('says which database is meant, and leaves the run as it was', async () => {
  const sink = new MemorySink();
  const ended = executeReported({
    ...{ scenario: 'bookings', target: 'postgres', seed: 1, repeat: null, exec: null, modules: undefined },
    targetUrl: `postgres://x@127.0.0.1:${await freePort()}/y`,
    config: runConfigSchema.parse({ operations: 5 }),
    ...{ sink, signal: new StopControl() },
  });
  await expect(ended).rejects.toThrow(NotBegunError);
  await expect(ended).rejects.toThrow(/^The run could not begin: The city's database cannot be used/);
  expect(sink.events).toEqual([]);
});
