import { describe, expect, it } from 'vitest';
import { formatReduction, parseReduction, type Reduction } from '../../server/contract/index.ts';

const some: Reduction = { operations: [3, 17, 18, 19, 22, 23], muted: [], schedule: null, variant: 0 };

describe('the text of a reduction', () => {
  it.each<[Reduction, string]>([
    [some, 'ops=3,17-19,22,23'],
    [{ ...some, muted: ['17.0.delay', '3.1.reorder'] }, 'ops=3,17-19,22,23;mute=17.0.delay,3.1.reorder'],
    [{ ...some, schedule: [] }, 'ops=3,17-19,22,23;schedule='],
    [{ ...some, schedule: [0, 1, 0, 2], variant: 7 }, 'ops=3,17-19,22,23;schedule=0,1,0,2;variant=7'],
    [{ ...some, operations: [] }, 'ops='],
    [
      {
        ...some,
        order: [
          { request: '17.0', steps: 4 },
          { request: '18.1d', steps: 1 },
          { request: '17.0', steps: 3 },
        ],
      },
      'ops=3,17-19,22,23;order=17.0*4,18.1d,17.0*3',
    ],
  ])('%j is written as %s and read back', (reduction, text) => {
    expect(formatReduction(reduction)).toBe(text);
    expect(parseReduction(text)).toEqual(reduction);
  });

  it('is read with blanks, in any order, with double and unordered numbers', () => {
    expect(parseReduction(' variant=2; ops= 9, 1-3, 2')).toEqual({
      operations: [1, 2, 3, 9],
      muted: [],
      schedule: null,
      variant: 2,
    });
  });

  it.each([
    ['', 'ops='],
    ['mute=1.0.delay', 'ops='],
    ['ops=1;opps=2', '"opps=2"'],
    ['ops=1,x', '"x"'],
    ['ops=5-3', '"5-3"'],
    ['ops=0-999999999', '0-999999999'],
    ['ops=1;schedule=-1', '"-1"'],
    ['ops', '"ops"'],
    ['ops=1;order=1', '"1"'],
    ['ops=1;order=1.0*0', '"1.0*0"'],
    ['ops=1;order=1.0*2*3', '"1.0*2*3"'],
    ['ops=1;schedule=0,1;order=1.0', 'give one of them'],
  ])('%j is refused with what is wrong', (text, named) => {
    expect(() => parseReduction(text)).toThrow(named);
  });
});
