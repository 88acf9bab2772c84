/** What mission control is held against: a picture of the same size, redrawn by hand ten times a second. */
import { COLUMNS as columns, ROWS as rows } from './screen.ts';

const PICTURE = `
  const bar = (i, n) => Array.from({ length: ${columns} }, (_, x) => (x * 7 + i * 13 + n) % 19 === 0 ? '|' : ' ').join('');
  const rows = (n) => Array.from({ length: ${rows} }, (_, i) => i % 3 === 0 ? String(n * 1000 + i).padEnd(${columns}, '.') : bar(i, n));
`;

export const HAND_WRITTEN = `${PICTURE}
  let n = 0;
  process.stdout.write('\\u001b[?1049h');
  setInterval(() => { n++; process.stdout.write('\\u001b[H' + rows(n).map((row) => '\\u001b[32m' + row + '\\u001b[0m').join('\\r\\n')); }, 100);
`;
