import { expect, test } from 'vitest';
import { execute } from '../../runner/harness/execute.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { runConfigSchema, splitReached } from '../../server/contract/index.ts';
import { neverStopped } from '../helpers/execute.ts';

test('a run tells from its beginning all that it has to reach, and at its end in its event alone', async () => {
  const told: Record<string, number>[] = [];
  const sink = new (class extends MemorySink {
    override live(metrics: Record<string, number>): void {
      told.push(metrics);
    }
  })();
  const config = runConfigSchema.parse({ operations: 200 });
  await execute({
    ...{ scenario: 'bookings', target: 'memory', seed: 5, config, targetUrl: null, cities: undefined },
    ...{ sink, signal: neverStopped },
  });
  const atTheEnd = sink.events.at(-1)?.data['sometimes'] as Record<string, number>;
  const reached = told.map((live) => splitReached(live).reached);
  expect(Object.keys(reached[0] ?? {})).toEqual(Object.keys(atTheEnd));
  for (const [name, count] of Object.entries(reached.at(-2) ?? {}))
    expect(count).toBeLessThanOrEqual(atTheEnd[name] ?? 0);
  expect(reached.at(-1)).toBeNull();
  for (const { metrics } of sink.snapshots) expect(splitReached(metrics).reached).toBeNull();
});
