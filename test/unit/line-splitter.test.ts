import { expect, test } from 'vitest';
import { LineSplitter } from '../../server/contract/child-process/line-splitter.ts';

function split(chunks: Buffer[], longest = 10): [string, boolean][] {
  const lines: [string, boolean][] = [];
  const splitter = new LineSplitter((line, whole) => lines.push([line, whole]), longest);
  for (const chunk of chunks) splitter.add(chunk);
  splitter.end();
  return lines;
}

test('lines are whole however they arrive, the last one also without its end', () => {
  const bytes = Buffer.from('ä\nbc\n\nd');
  const expected = [
    ['ä', true],
    ['bc', true],
    ['', true],
    ['d', true],
  ];
  expect(split([bytes])).toEqual(expected);
  expect(split([...bytes].map((byte) => Buffer.from([byte])))).toEqual(expected);
});

test('a line that never ends comes in pieces, none of which counts as a line', () => {
  const pieces = split([Buffer.alloc(25, 'x'), Buffer.alloc(5, 'x'), Buffer.from('\nnext')]);
  expect(pieces.map(([line]) => line.length)).toEqual([10, 10, 10, 4]);
  expect(pieces.map(([, whole]) => whole)).toEqual([false, false, false, true]);
});
