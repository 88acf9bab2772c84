/** The Job of a campaign, and the parts of its seeds. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { indexesIn } from '../../cli/campaign/cluster/completed-indexes.ts';
import { indexedJob, shardWords } from '../../cli/campaign/cluster/indexed-job.ts';
import { joined, partOf, runConfigSchema, type SeedRange, sizeOf } from '../../server/contract/index.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

const night = {
  ...{ scenario: 'bookings', target: 'memory', config: { ...runConfigSchema.parse({}), rate: null } },
  seeds: [[1, 100_000]] as SeedRange[],
  ...{ shards: 20, parallel: 5, seconds: 3_600 },
};

describe('the Job of a campaign', () => {
  it('is the one that the example has', () => {
    const example = parse(readFileSync('.deploy/kubernetes/campaign.example.yaml', 'utf8'));
    const words = shardWords(night);
    const job = indexedJob({
      ...night,
      ...{ name: 'campaign', image: `simcity:${version}`, words, secret: null },
    });
    expect(job.metadata).toEqual({ generateName: 'campaign-', labels: example.metadata.labels });
    expect(example.spec).toEqual(job.spec);
  });

  it('is bounded by the time of the campaign alone, which its shards share', () => {
    expect(shardWords({ ...night, parallel: 20 })).toContain('3600s');
    const endless = { ...night, seconds: null };
    expect(shardWords(endless)).not.toContain('--for');
    const { spec } = indexedJob({ ...endless, name: 'n', image: 'i', words: [], secret: 'keys' });
    expect(spec).not.toHaveProperty('activeDeadlineSeconds');
    expect(spec?.template.spec?.containers[0]?.envFrom).toEqual([{ secretRef: { name: 'keys' } }]);
  });

  it('says what is executed, and the name of its pods fits', () => {
    const config = { ...night.config, bug: 'lost-cancel', operations: 50 };
    expect(shardWords({ ...night, config }).join(' ')).toContain('--operations 50 --bug lost-cancel');
    const { metadata } = indexedJob({
      ...night,
      ...{ name: `${'x'.repeat(35)}-${'y'.repeat(28)}`, image: 'i', words: [], secret: null },
    });
    expect(metadata?.generateName).toBe(`${'x'.repeat(35)}-`);
  });
});

it('reads which indexes are completed', () => {
  expect(indexesIn('1,3-5,7')).toEqual([1, 3, 4, 5, 7]);
  expect(indexesIn('')).toEqual([]);
  expect(indexesIn(undefined)).toEqual([]);
  expect(indexesIn('nonsense,2')).toEqual([2]);
});

it('puts each seed into exactly one part, however many there are', () => {
  const range = fc.tuple(fc.nat(1_000), fc.nat(50)).map(([from, more]): SeedRange => [from, from + more]);
  fc.assert(
    fc.property(
      fc.array(range, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 70 }),
      (ranges, count) => {
        const parts = Array.from({ length: count }, (_, i) => partOf(ranges, i + 1, count));
        const sizes = parts.map(sizeOf);
        expect(joined(parts.flat())).toEqual(joined(ranges));
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(sizeOf(joined(ranges)));
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      },
    ),
    { seed: 20 },
  );
  expect(partOf([[0, Number.MAX_SAFE_INTEGER - 1]], 3, 3).at(-1)?.[1]).toBe(Number.MAX_SAFE_INTEGER - 1);
});
