/** Laying out why it broke: columns, folds, waits, stepping, and text of foreign origin. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventOfStep, fitsBeside, stepBeside, type WhyRow, whyLayout } from '../../cli/run/why-layout.ts';
import { cureWords, whyLines } from '../../cli/run/why-words.ts';
import { whySchema } from '../../server/contract/index.ts';

const WHY = whySchema.parse(
  JSON.parse(readFileSync(new URL('../fixtures/why.json', import.meta.url), 'utf8')),
);

describe('the layout of a why', () => {
  it('draws the lanes that matter and folds the rest, each step exactly once', () => {
    const layout = whyLayout(WHY);
    expect(layout.columns.map(({ name, heading, role }) => `${name} ${heading} ${role}`)).toEqual([
      'A book citizen-004 slot-007 k-48 partner',
      'B book citizen-021 slot-007 k-50 accused',
    ]);
    expect(layout.foldedLanes).toBe('C listBookings, D availability');
    expect(layout.rows.flatMap(stepsOf).sort((a, b) => a - b)).toEqual(WHY.steps.map(({ step }) => step));
    expect(layout.rows.flatMap((row) => (row.row === 'fold' ? [row.words] : []))).toEqual([
      '5 steps folded',
      '1 step of C folded',
    ]);
    expect(layout.hasFolds).toBe(true);
  });

  it('draws all of it when it is unfolded', () => {
    const layout = whyLayout(WHY, { unfolded: true });
    expect(layout.columns).toHaveLength(4);
    expect(layout.rows.every(({ row }) => row !== 'fold')).toBe(true);
    expect(layout.rows.flatMap(stepsOf)).toHaveLength(WHY.steps.length);
    expect([layout.hasFolds, layout.foldedLanes, layout.foldedCount]).toEqual([false, '', 0]);
  });

  it('folds a lane in which nothing would stand, and none when no step is said to matter', () => {
    const three = { ...WHY, lanes: WHY.lanes.slice(0, 3), steps: WHY.steps.filter(({ lane }) => lane !== 3) };
    const folded = whyLayout(three);
    expect([folded.columns.length, folded.foldedCount, folded.foldedLanes]).toEqual([2, 1, 'C listBookings']);
    const plain = WHY.steps.map((step) => ({ ...step, matters: false, mark: '' }));
    const unmarked = whyLayout({ ...WHY, steps: plain, pair: null });
    expect([unmarked.columns.length, unmarked.hasFolds]).toEqual([4, false]);
  });

  it('has a begin in the row of its first statement, and an answer in that of the commit before it', () => {
    const rows = whyLayout(WHY).rows.flatMap((row) =>
      row.row === 'step' && row.joined.length > 0 ? [`${row.step}+${row.joined} ${row.text}`] : [],
    );
    expect(rows).toEqual([
      "3+2 begin; select capacity, open from slots where name = 'slot-007'",
      '18+19 commit; 201 b-1',
    ]);
    // The answer after the other commit has a mark of its own.
    expect(whyLayout(WHY).rows.flatMap((row) => (row.row === 'step' ? [row.step] : []))).toContain(22);
  });

  it('has the values of a statement where they belong, if it is sure which is which', () => {
    const step = { ...WHY.steps[3], kind: 'statement', text: 'x = $2 and y = $1' } as (typeof WHY.steps)[0];
    const said = (values: string) => {
      const { rows } = whyLayout({ ...WHY, steps: [{ ...step, values }] });
      return rows.flatMap((row) => (row.row === 'step' ? [`${row.text} [${row.values}]`] : []));
    };
    expect(said('a, 7')).toEqual(["x = 7 and y = 'a' []"]);
    expect(said('a, b, 7')).toEqual(['x = $2 and y = $1 [a, b, 7]']);
    expect(said('')).toEqual(['x = $2 and y = $1 []']);
  });

  it('tells an answer in words, not as JSON', () => {
    const step = { ...WHY.steps[3], kind: 'answer', text: 'ok' } as (typeof WHY.steps)[0];
    const said = (answer: string) =>
      whyLayout({ ...WHY, steps: [{ ...step, answer }] }).rows.flatMap((row) =>
        row.row === 'step' ? [row.answer] : [],
      );
    expect(said('{"booking":"b-5"}')).toEqual(['→ b-5']);
    expect(said('{"slot":"slot-1"}')).toEqual(['']);
    expect(said('{"open":false')).toEqual(['→ {"open":false']);
  });

  it('draws a wait from where it began to where it ended, to its blocker', () => {
    const { rows } = whyLayout(WHY);
    const bars = rows.flatMap((row) => (row.bars[1] === null ? [] : [`${nameOf(row)} ${row.bars[1]}`]));
    expect(bars).toEqual(['wait begins', 'fold goes-on', '18 goes-on', '20 ends']);
    expect(rows.find(({ row }) => row === 'wait')).toMatchObject({
      column: 1,
      blockers: [0],
      words: 'waits for A',
    });
    expect(rows.every(({ bars }) => bars[0] === null)).toBe(true);
  });

  it('tells the pair from what is marked', () => {
    const tones = whyLayout(WHY).rows.flatMap((row) =>
      row.row === 'step' && row.tone !== 'plain' ? [`${row.step} ${row.tone}`] : [],
    );
    expect(tones).toEqual(['1 quiet', '4 mark', '5 quiet', '13 read', '16 mark', '18 write', '22 mark']);
  });

  it('steps through what is drawn, and stops at both ends', () => {
    const layout = whyLayout(WHY);
    expect(stepBeside(layout, null, 1)).toBe(1);
    expect(stepBeside(layout, 6, 1)).toBe(12);
    expect(stepBeside(layout, 12, -1)).toBe(6);
    expect(stepBeside(layout, 22, 1)).toBeNull();
    expect(stepBeside(layout, null, -1)).toBe(22);
    expect(eventOfStep(WHY, 13)).toBe(97);
    expect(eventOfStep({ steps: [] }, 13)).toBeNull();
  });

  it('says whether the lanes fit beside each other', () => {
    const layout = whyLayout(WHY);
    expect(fitsBeside(layout, 70, 34, 2)).toBe(true);
    expect(fitsBeside(layout, 69, 34, 2)).toBe(false);
  });

  it('makes text of foreign origin safe', () => {
    const evil = '\u001b[2Jx';
    const steps = WHY.steps.map((step) => ({ ...step, text: evil, values: evil, answer: evil, mark: evil }));
    const lanes = WHY.lanes.map((lane) => ({ ...lane, name: evil, operation: evil, words: evil }));
    const all = [
      whyLayout({ ...WHY, steps, lanes }),
      whyLayout({ ...WHY, steps, lanes }, { unfolded: true }),
    ];
    expect(JSON.stringify(all)).not.toMatch(/\\u001b/);
    expect(whyLines({ ...WHY, sentence: evil, conclusion: [evil], name: evil }).join()).not.toContain(
      '\u001b',
    );
  });
});

describe('a why in words', () => {
  it('tells the sentence, the conclusion and what was tried, with counts', () => {
    const lines = whyLines(WHY);
    expect(lines[0]).toBe(
      'book citizen-021 counted the seats of slot-007 (13) before the booking of citizen-004 was committed (18) (G2, phantom)',
    );
    expect(lines).toContain('  serializable: 16 of 16 pass, 9 retries');
    expect(lines).toContain("  13 after A's commit: 1 of 1 passes");
  });

  it('calls nothing a cure that was not tried or that fails otherwise', () => {
    const cure = { kind: 'isolation', what: 'x', of: 16, otherwise: 1, retries: 1 } as const;
    expect(cureWords({ ...cure, passes: 15 })).toEqual({
      what: 'x',
      result: '15 of 16 pass, 1 fails in another way, 1 retry',
      passes: false,
    });
    expect(cureWords({ ...cure, passes: 0, of: 0, otherwise: 0 }).passes).toBe(false);
  });
});

function stepsOf(row: WhyRow): readonly number[] {
  return row.row === 'step' ? [...row.joined, row.step] : row.row === 'fold' ? row.steps : [];
}

function nameOf(row: WhyRow): string {
  return row.row === 'step' ? String(row.step) : row.row;
}
