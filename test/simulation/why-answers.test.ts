/** Without statements an explanation names the answers that cannot be true together, folds the rest, and turns requests round. */
import { describe, expect, it } from 'vitest';
import { shrink } from '../../runner/shrink/shrink.ts';
import { composeSmallest } from '../../runner/shrink/smallest.ts';
import { explain } from '../../runner/why/explain.ts';
import {
  type Forensic,
  runConfigSchema,
  signatureOf,
  type Why,
  whySchema,
} from '../../server/contract/index.ts';
import { executed, neverStopped } from '../helpers/execute.ts';

async function explained(
  bug: string,
  more: Record<string, unknown> = {},
): Promise<{ why: Why; events: Events }> {
  const config = runConfigSchema.parse({ operations: 1_000, bug, ...more });
  const of = { scenario: 'bookings', target: 'memory', seed: 1, config, targetUrl: null };
  const options = { maxSeconds: 60, signal: neverStopped, onProgress: () => {} };
  const { events } = await executed(of);
  const shrunk = await shrink(of, { ...options, maxExecutions: 1_500, confirmations: 0 });
  if (typeof shrunk === 'string') throw new Error(shrunk);
  const signature = signatureOf(shrunk.trial.forensic as Forensic);
  const why = await explain({ ...of, signature, smallest: composeSmallest(of, shrunk) }, options);
  if (typeof why === 'string') throw new Error(why);
  return { why: whySchema.parse(why), events };
}
type Events = Awaited<ReturnType<typeof executed>>['events'];

const carrying = ({ lanes }: Why) => lanes.filter(({ role }) => role !== 'other');

describe('a booking of a slot that was closed meanwhile', () => {
  it('is told by two answers, as few as cannot be true together', async () => {
    const { why, events } = await explained('check-then-insert');
    expect(why.source).toBe('answers');
    expect(why.sentence).toMatch(
      /^These two answers cannot both be true: read \S+ (\S+) was answered "(?:no bookings|bookings: ).*open false" \(\d+\); book \S+ \1 \S+, asked earlier, was answered "b-\d+" \(\d+\)$/,
    );
    expect(
      carrying(why)
        .map(({ operation }) => operation)
        .sort(),
    ).toEqual(['book', 'read']);
    expect(why.lanes.length).toBeGreaterThan(2);
    // The rest is folded: what matters is of these two, and their answers are pointed to.
    const shown = why.steps.filter(({ matters }) => matters);
    expect(new Set(shown.map(({ lane }) => lane)).size).toBe(2);
    expect(why.steps.filter(({ mark }) => mark !== '').map(({ mark }) => mark)).toEqual([
      'allowed: refused: closed',
    ]);
    // Turned round with the one that changed something, and not with the one that only looked.
    const turn = why.cures.find(({ kind }) => kind === 'turn');
    expect(turn).toMatchObject({ passes: 1, of: 1 });
    expect(turn?.what).toMatch(/^if book \S+ begins after close manager is through$/);
    expect(why.conclusion.join('\n')).toMatch(
      /\d other answers? (?:is|are) not needed for it\. Needs no fault, no repeat\./,
    );
    expect(why.conclusion.at(-1)).toMatch(/^Suggestion: let nothing change slot-\d+ while book /);
    // Steps link to the run's own events: the same citizen asked the same there.
    const linked = why.steps.filter(({ event }) => event !== null);
    expect(linked.length).toBeGreaterThan(0);
    for (const { event, kind, lane } of linked) {
      const { actor, operation, outcome } = why.lanes[lane as number] as Why['lanes'][number];
      expect(events[event as number]).toMatchObject({
        actor,
        type: `${operation}.${kind === 'answer' ? outcome : 'invoke'}`,
      });
    }
  });
});

describe('an id that is given out twice', () => {
  it('is no matter of order, so nothing is turned round and no lock is suggested', async () => {
    const { why } = await explained('id-reuse');
    expect(why.sentence).toMatch(
      /^These two answers cannot both be true: book .* "(b-\d+)" \(\d+\); book .* "\1" \(\d+\)$/,
    );
    expect(why.cures.filter(({ kind }) => kind === 'turn')).toEqual([]);
    expect(why.conclusion.join(' ')).not.toContain('Suggestion');
  });
});

describe('a read that was torn', () => {
  it('is held against the booking that it does not show, and passes after what frees or takes', async () => {
    const { why } = await explained('torn-read');
    expect(carrying(why).map(({ operation }) => operation)).toEqual(['book', 'read']);
    expect(why.sentence).toContain('asked after that, was answered');
    expect(why.cures.find(({ kind }) => kind === 'turn')?.what).toMatch(
      /^if read \S+ begins after (?:cancel|book) \S+ is through$/,
    );
  });
});
