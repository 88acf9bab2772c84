import { expect, it } from 'vitest';
import { AutocommitWrites } from '../../runner/targets/locks/autocommit-writes.ts';

const writes = new AutocommitWrites(['take_seat', 'Take']);

it.each([
  'insert into t values ($1)',
  '  -- a comment\n /* another */ UPDATE t set a = 1',
  'delete from t;',
  'merge into t using s on true when matched then do nothing',
  'with a as (insert into t values (1) returning id) select id from a',
  'with a as (select 1) update t set b = 2',
  'select * from t where id = $1 for update',
  'select * from t FOR NO KEY UPDATE skip locked',
  'select * from t for\n share',
  '(select * from t for key share)',
  'select take_seat($1)',
  'select * from app.Take_Seat ($1)',
  'select "Take"($1)',
  'select 1; insert into t values (1)',
])('gives a transaction to: %s', (text) => {
  expect(writes.has(text)).toBe(true);
});

it.each([
  'select 1',
  'select updated, deleted from t',
  "select 'for update' from t",
  "select E'it\\'s for update' from t",
  'select $$ insert $$, $a$ for update $a$',
  'select "insert" from t -- for update',
  'with a as (select 1) select * from a',
  "with a as (select 'delete') select * from a",
  'select lower(name), other_take_seat(1) from t',
  'select substring(name for 3) from t',
  'select take_seat from t',
  'values (1)',
  'vacuum t',
  'create table t (id int)',
  'call take_seat(1)',
  'begin; insert into t values (1); commit',
  'set x.y = 1; update t set a = 1',
  'copy t from stdin',
  '',
])('sends as it is: %s', (text) => {
  expect(writes.has(text)).toBe(false);
});
