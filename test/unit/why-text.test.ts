import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { explanationText } from '../../cli/output/explanation.ts';
import { forensicText } from '../../cli/output/forensic.ts';
import { styleFor } from '../../cli/output/style.ts';
import { whyText } from '../../cli/output/why.ts';
import { laneLines } from '../../cli/output/why-lanes.ts';
import { toAscii } from '../../cli/terminal/ascii.ts';
import { textWidth } from '../../cli/terminal/columns.ts';
import { type Why, whySchema } from '../../server/contract/index.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';

const why = whySchema.parse(
  JSON.parse(readFileSync(new URL('../fixtures/why.json', import.meta.url), 'utf8')),
);
const PLAIN = styleFor(false);
const textOf = (given: Why, width: number) =>
  laneLines(given, width).map(({ pieces }) => pieces.map(({ text }) => text).join(''));

describe('the lanes', () => {
  it('stand beside each other where there is room, each step in its own', () => {
    const lines = textOf(why, 120);
    expect(lines[0]).toMatch(
      /^ {5}A {2}book citizen-004 slot-007 k-48 +B {2}book citizen-021 slot-007 k-50$/,
    );
    expect(lines.find((line) => line.startsWith(' 3 '))).toBe(
      ' 3     begin; select capacity, open from slots … → 1, true',
    );
    expect(lines.find((line) => line.startsWith(' 6 '))).toMatch(/^ 6 {59,}begin$/);
  });

  it('draw a wait as a bar from where it began to its answer, and a line to its blocker', () => {
    const lines = textOf(why, 120);
    const begins = lines.findIndex((line) => line.includes('waits for A'));
    const column = lines[begins]?.indexOf('┐') ?? -1;
    expect(lines[begins]).toMatch(/^ {7}◀─+┐ waits for A$/);
    const ends = lines.findIndex((line) => line.startsWith('20 '));
    expect(lines.slice(begins + 1, ends).map((line) => line[column])).toEqual(['│', '│']);
    expect(lines[ends]?.[column]).toBe('└');
  });

  it('stack at 80 columns, each step with the name of its lane', () => {
    const lines = textOf(why, 80);
    expect(lines.slice(0, 2)).toEqual([
      '     A  book citizen-004 slot-007 k-48',
      '     B  book citizen-021 slot-007 k-50',
    ]);
    expect(lines.some((line) => /^13 {3}B {5}select count/.test(line))).toBe(true);
    expect(lines.some((line) => /^ {5}B {3}┌ waits for A$/.test(line))).toBe(true);
  });

  it.each([40, 60, 80, 100, 120, 160])('take no more than %i columns', (width) => {
    const wide = whyText(why, PLAIN, width)
      .split('\n')
      .filter((line) => textWidth(line) > width);
    expect(wide).toEqual([]);
  });

  it('fold the lanes that do not matter, and say so', () => {
    expect(textOf(why, 120).at(-1)).toBe('     2 requests folded: C listBookings, D availability');
    const whole = laneLines(why, 120, { unfolded: true });
    expect(whole.flatMap(({ steps }) => steps)).toContain(10);
  });

  it('are as wide in ASCII, with nothing else in them', () => {
    const lines = textOf(why, 120);
    expect(lines.map((line) => textWidth(toAscii(line)))).toEqual(lines.map(textWidth));
    expect(toAscii(lines.join('\n'))).toMatch(/^[\n -~]*$/);
    expect(toAscii(lines.join('\n'))).not.toContain('?');
  });

  it('obey nothing that stands in a statement, a value, an answer or a mark', () => {
    const evil = '\u001b[2J\u0007';
    const hostile: Why = {
      ...why,
      sentence: evil,
      name: evil,
      conclusion: [evil],
      lanes: why.lanes.map((lane) => ({ ...lane, words: evil, name: `${lane.name}${evil}` })),
      steps: why.steps.map((step) => ({ ...step, text: evil, values: evil, answer: evil, mark: evil })),
      cures: why.cures.map((cure) => ({ ...cure, what: evil })),
    };
    for (const width of [80, 120]) {
      const text = whyText(hostile, PLAIN, width);
      expect([text.includes('\u001b'), text.includes('\u0007')]).toEqual([false, false]);
    }
  });
});

describe('why it broke as text', () => {
  it('has the name of the anomaly at the right, the conclusion and what was tried with counts', () => {
    const text = whyText(why, PLAIN, 120);
    expect(text.split('\n')[0]).toMatch(/^WHY {2}book citizen-021 counted .* G2, phantom$/);
    expect(text).toContain('     Nothing locks the slot between 13 and 21.');
    expect(text).toMatch(
      / {5}✔ passes: 13 after A's commit \(1 of 1\); .* serializable \(16 of 16, 9 retries\);/,
    );
    expect(text).toContain('     ✖ fails: repeatable read (0 of 16)');
    expect(text).toContain('     Suggestion: hold a lock on the slot from 12 on.');
  });

  it('is what explain prints, and what forensics begin with', () => {
    expect(explanationText({ state: 'ready', result: why }, PLAIN, 120)).toBe(whyText(why, PLAIN, 120));
    const text = forensicText(recordedForensic(), 'FAIL', PLAIN, { why, width: 100 });
    expect(text).toContain(whyText(why, PLAIN, 100));
    expect(forensicText(recordedForensic(), 'FAIL', PLAIN)).not.toContain('WHY');
  });
});
