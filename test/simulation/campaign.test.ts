import { describe, expect, it } from 'vitest';
import { campaign } from '../../runner/campaign/campaign.ts';
import { executeSeed } from '../../runner/campaign/seed.ts';
import { StopControl } from '../../runner/harness/stop-control.ts';
import { runConfigSchema, type SeedFailure, type SeedRange } from '../../server/contract/index.ts';
import { executed, neverStopped } from '../helpers/execute.ts';

const threadFile = new URL('../../dist/worker.js', import.meta.url);
const subject = (config: Record<string, unknown>, target = 'memory') => ({
  scenario: 'bookings',
  target,
  targetUrl: null,
  config: runConfigSchema.parse({ operations: 300, ...config }),
});

async function hunted(
  options: { config?: Record<string, unknown>; target?: string; seeds: SeedRange[]; parallel?: number },
  signal = new StopControl(),
  onSeeds: (through: number) => void = () => {},
) {
  const seeds: number[] = [];
  const failures: SeedFailure[] = [];
  let operations = 0;
  await campaign({
    subject: subject(options.config ?? {}, options.target),
    seeds: options.seeds,
    parallel: options.parallel ?? 2,
    signal,
    threadFile,
    onThrough: (through) => {
      seeds.push(...through.seeds);
      failures.push(...through.failures);
      operations += through.operations;
      onSeeds(seeds.length);
    },
  });
  return {
    seeds: seeds.sort((a, b) => a - b),
    failures: failures.sort((a, b) => a.seed - b.seed),
    operations,
  };
}

describe('a campaign', () => {
  it('executes every seed once, whatever the number of threads', async () => {
    const seeds: SeedRange[] = [
      [1, 20],
      [31, 34],
    ];
    const expected = [...Array.from({ length: 20 }, (_, i) => i + 1), 31, 32, 33, 34];
    for (const parallel of [1, 3]) expect((await hunted({ seeds, parallel })).seeds).toEqual(expected);
  });

  it('finds what the same seeds find in recorded runs', async () => {
    const config = { bug: 'check-then-insert' };
    const { failures } = await hunted({ config, seeds: [[1, 12]] });
    expect(failures.length).toBeGreaterThan(0);
    for (let seed = 1; seed <= 12; seed++) {
      const { end } = await executed({ target: 'memory', seed, config: { ...subject(config).config } });
      const found = failures.find((failure) => failure.seed === seed);
      expect(found?.message).toBe(end.failForensic?.message);
    }
  });

  it('ends with what is through when it is stopped', async () => {
    const stop = new StopControl();
    const { seeds } = await hunted({ seeds: [[1, 100_000]] }, stop, (through) => {
      if (through >= 5) stop.request(null);
    });
    expect(seeds.length).toBeGreaterThanOrEqual(5);
    expect(seeds.length).toBeLessThan(100_000);
  });

  it('says why it cannot execute a seed', async () => {
    await expect(hunted({ config: { bug: 'no-such-bug' }, seeds: [[7, 8]] })).rejects.toThrow(/no-such-bug/);
    await expect(hunted({ target: 'postgres', seeds: [[7, 8]] })).rejects.toThrow(/seed \d: .*DATABASE_URL/);
  });
});

describe('a seed of a campaign', () => {
  it('has the operations that it took to fail', async () => {
    const outcome = await executeSeed(subject({ bug: 'no-idempotency' }), 1, neverStopped);
    expect(outcome?.failure).toMatchObject({ seed: 1, operations: outcome?.operations });
    expect(outcome?.operations).toBeLessThanOrEqual(300);
  });
});
