/** An attempt at a run that repeats what a lost one has stored: what wall time decided then is done again. */
import { describe, expect, it } from 'vitest';
import { execute } from '../../runner/harness/execute.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { type Repeat, type RunConfig, type RunEvent, runConfigSchema } from '../../server/contract/index.ts';
import { decided, neverStopped } from '../helpers/execute.ts';

const UNLIMITED = 100_000_000;

async function run(config: Partial<RunConfig>, repeat: Repeat | null = null): Promise<RunEvent[]> {
  const sink = new MemorySink();
  await execute({
    ...{ scenario: 'bookings', target: 'memory', seed: 11, targetUrl: null, repeat, sink },
    config: runConfigSchema.parse(config),
    signal: neverStopped,
  });
  return sink.events;
}

const elapsed = (events: readonly RunEvent[]) =>
  (Date.parse(events.at(-1)?.at ?? '') - Date.parse(events[0]?.at ?? '')) / 1_000;

/** What the next attempt is told when all below `below` is stored. */
function repeatOf(events: readonly RunEvent[], below: number): Repeat {
  const stored = events.slice(0, below);
  const healed = stored.find(({ type }) => type === 'heal');
  return { below, elapsedSeconds: elapsed(stored), healedMs: healed?.virtualMs ?? null };
}

describe('a run with a duration', () => {
  const config = { operations: UNLIMITED, durationSeconds: 0.4, faults: 'rough' } as const;

  it('is healed at the same instant again when its time was up before it was lost', async () => {
    const first = await run(config);
    const heal = first.findIndex(({ type }) => type === 'heal');
    expect(heal).toBeGreaterThan(200);
    for (const below of [heal + 1, heal + 2, first.length - 1]) {
      expect(decided(await run(config, repeatOf(first, below)))).toEqual(decided(first));
    }
  });

  it('goes on for what is left of its time, whatever the repetition takes', async () => {
    const first = await run(config);
    const below = Math.floor(first.findIndex(({ type }) => type === 'heal') / 2);
    // So much was spent that nothing is left: the faults are healed right behind the prefix.
    const spent = await run(config, { ...repeatOf(first, below), elapsedSeconds: 60 });
    expect(decided(spent).slice(0, below)).toEqual(decided(first).slice(0, below));
    const healedAt = spent.findIndex(({ type }) => type === 'heal');
    expect(healedAt).toBeGreaterThanOrEqual(below);
    expect(healedAt - below, 'events until it is next looked at the time').toBeLessThan(600);
    // Nothing was spent: all of its time is still to come.
    const fresh = await run(config, { ...repeatOf(first, below), elapsedSeconds: 0 });
    expect(decided(fresh).slice(0, below)).toEqual(decided(first).slice(0, below));
    const heal = fresh.findIndex(({ type }) => type === 'heal');
    const afterPrefix = (Date.parse(fresh[heal]?.at ?? '') - Date.parse(fresh[below]?.at ?? '')) / 1_000;
    expect(afterPrefix).toBeGreaterThan(0.35);
  });
});

it('a rate slows down only what is new', async () => {
  const config = { operations: 400, rate: 400 };
  const first = await run(config);
  expect(elapsed(first)).toBeGreaterThan(0.7);
  const below = Math.floor(first.length / 2);
  const second = await run(config, repeatOf(first, below));
  expect(decided(second)).toEqual(decided(first));
  expect(elapsed(second.slice(0, below))).toBeLessThan(elapsed(first.slice(0, below)) / 2);
  expect(elapsed(second.slice(below))).toBeGreaterThan(0.3);
});
