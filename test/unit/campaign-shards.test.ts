/** Shards of a campaign that were executed by themselves, and what they come to together. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  documentOfLine,
  documentText,
  type NamedDocument,
  type ShardDocument,
} from '../../cli/campaign/shard/document.ts';
import { mergeShards } from '../../cli/campaign/shard/merge.ts';
import { mergedCheckpoint } from '../../cli/campaign/shard/merged-campaign.ts';
import {
  emptyTally,
  mergeTallies,
  partOf,
  runConfigSchema,
  type SeedFailure,
  type SeedRange,
  tallyOf,
} from '../../server/contract/index.ts';

const SEEDS: SeedRange[] = [
  [1, 60],
  [100, 139],
];
const campaign: ShardDocument['campaign'] = {
  ...{ scenario: 'bookings', target: 'memory', config: runConfigSchema.parse({}), seeds: SEEDS },
  ...{ generation: 9, version: '0.2.0', build: 'a'.repeat(64), code: null },
};

/** What became of a seed is decided by it alone. */
function executed(seed: number): ReturnType<typeof tallyOf> {
  const failures: SeedFailure[] =
    seed % 3 === 0
      ? [{ seed, operations: (seed * 37) % 101, message: `of ${seed}`, signature: signature(seed % 5) }]
      : [];
  return tallyOf({ seeds: [seed], failures, operations: seed }, seed % 7);
}

function signature(rule: number): SeedFailure['signature'] {
  return { kind: 'invariant', invariant: `rule-${rule}`, operation: null };
}

function document(number: number, count: number, change: Partial<ShardDocument> = {}): NamedDocument {
  const tally = partOf(SEEDS, number, count)
    .flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i))
    .map(executed)
    .reduce(mergeTallies, emptyTally());
  const whole = {
    format: 'simcity-shard-1',
    shard: { number, count },
    campaign,
    end: 'whole',
    tally,
  } as const;
  return { name: `${number}.json`, document: { ...whole, ...change } };
}

describe('shards that are merged', () => {
  it('come to what one process finds, whatever their number and order', () => {
    const { tally: one } = document(1, 1).document;
    expect(one.failures).toHaveLength(5);
    const cut = fc.integer({ min: 1, max: 130 }).chain((count) => {
      const all = Array.from({ length: count }, (_, i) => i + 1);
      return fc.shuffledSubarray(all, { minLength: count });
    });
    fc.assert(
      fc.property(cut, (numbers) => {
        const merged = mergeShards(numbers.map((number) => document(number, numbers.length)));
        expect(merged).toMatchObject({ tally: one, missing: [], stopped: [], left: [] });
      }),
      { seed: 21, numRuns: 30 },
    );
  });

  it('tell which of them are missing or were stopped, and the seeds that are left', () => {
    const through = tallyOf({ seeds: [51, 52], failures: [], operations: 3 });
    const merged = mergeShards([document(1, 4), document(3, 4, { end: 'stopped', tally: through })]);
    expect(merged).toMatchObject({ missing: [2, 4], stopped: [3] });
    expect(merged.left).toEqual([
      [26, 50],
      [53, 60],
      [100, 139],
    ]);
  });

  it('are as whole as their time allowed', () => {
    const through = tallyOf({ seeds: [51, 52], failures: [], operations: 3 });
    const merged = mergeShards([document(1, 2), document(2, 2, { end: 'time', tally: through })]);
    expect(merged).toMatchObject({ missing: [], stopped: [], left: [], isTimed: true });
    const kept = mergedCheckpoint(merged, { name: 'night', id: randomUUID(), at: new Date(0), known: [] });
    expect(kept).toMatchObject({ seeds: [[1, 52]], endedBy: 'time', finished: true });
  });

  it('take another attempt in the place of one that was stopped', () => {
    const stopped = { ...document(1, 1, { end: 'stopped', tally: emptyTally() }), name: 'first.json' };
    for (const attempts of [
      [stopped, document(1, 1)],
      [document(1, 1), stopped],
    ])
      expect(mergeShards(attempts).tally).toEqual(document(1, 1).document.tally);
  });
});

describe('shards that do not belong together are refused by name', () => {
  const other = (change: Partial<ShardDocument['campaign']>) =>
    document(2, 2, { campaign: { ...campaign, ...change } });

  it.each([
    [
      'of another configuration',
      other({ config: { ...campaign.config, bug: 'lost-cancel' } }),
      'bug, "lost-cancel" instead of null',
    ],
    [
      'of other seeds',
      other({ seeds: [[1, 5]] }),
      'is of another campaign than 1.json: seeds, [[1,5]] instead of',
    ],
    [
      'of another build',
      other({ version: '0.3.0' }),
      'by another build than 1.json: version, "0.3.0" instead of "0.2.0"',
    ],
    ['cut otherwise', document(2, 3), 'shards, 3 instead of 2'],
  ])('%s', (_, named, message) => {
    expect(() => mergeShards([document(1, 2), named])).toThrow(message);
  });

  it('one of them twice', () => {
    const again = { ...document(1, 2), name: 'again.json' };
    expect(() => mergeShards([document(1, 2), again])).toThrow(
      'shard 1/2 is there twice: in 1.json and in again.json.',
    );
  });
});

describe('a document', () => {
  it('is read from its line, also where a log has put something in front', () => {
    const { document: whole } = document(1, 1);
    const text = documentText(whole).trimEnd();
    expect(documentOfLine(text, 'a')).toEqual({ name: 'a', document: whole });
    expect(documentOfLine(`[pod/night-0/shard] ${text}`, 'a')?.document).toEqual(whole);
    expect(documentOfLine('simcity: 10 seeds', 'a')).toBe(null);
  });

  it('that was cut off is refused with the name of its file', () => {
    const text = documentText(document(1, 1).document);
    expect(() => documentOfLine(text.slice(0, -9), 'half.json')).toThrow(
      'half.json has a shard that cannot be read',
    );
  });
});
