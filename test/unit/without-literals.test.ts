/** SQL without the values that drivers write into it. */
import { expect, it } from 'vitest';
import { literalsIn, withoutLiterals } from '../../runner/service/without-literals.ts';

it.each([
  ["insert into b values ('citizen-004', 'k-48', 17)", 'insert into b values (?, ?, ?)'],
  ["select * from b where name = 'O''Hara' and n >= 1.5e3", 'select * from b where name = ? and n >= ?'],
  ["select E'a\\'b', U&'d\\0061t', x'1F', $tag$it's k-48$tag$, $$k-49$$", 'select ?, ?, ?, ?, ?'],
  // Without an E a backslash is a character as any other, so that the string ends before it.
  ["select 'a\\', 'k-48'", 'select ?, ?'],
  ['select "Citizen-1", t1.c2 from t1 where id = $1', 'select "Citizen-1", t1.c2 from t1 where id = $1'],
  ["update s /* citizen='citizen-004' */ set open = true -- k-48", 'update s  set open = true '],
  ["select 'cut in the mid", 'select ?'],
])('%s', (sql, text) => {
  expect(withoutLiterals(sql)).toBe(text);
});

it('says which strings stood there', () => {
  expect(literalsIn("insert into b values ('citizen-004', E'k-48', 'O''Hara', 17)")).toEqual([
    'citizen-004',
    'k-48',
    "O'Hara",
  ]);
});
