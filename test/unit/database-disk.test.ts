import { expect, it } from 'vitest';
import { DatabaseDisk } from '../../server/db/disk.ts';
import { toApiError } from '../../server/errors.ts';
import { silentLog } from '../helpers/postgres.ts';

const coded = (code: string) => Object.assign(new Error(code), { code });

it('explains for a while that a database which is away said that its disk is full', () => {
  let now = 0;
  const disk = new DatabaseDisk(null, () => now);
  const told = (code: string) => toApiError(coded(code), silentLog, disk).message;
  expect(told('ECONNREFUSED')).toMatch(/^The database cannot be reached just now\. Try again/);
  expect(told('53100')).toContain('The disk of the database is full');
  now += 599_000;
  expect(told('57P03')).toContain('the last it said was that its disk is full');
  now += 2_000;
  expect(told('57P03')).not.toContain('disk');
});

it('looks at the disk where the database is on this machine', () => {
  const disk = new DatabaseDisk('/');
  disk.said();
  expect(disk.whyAway, 'there is room on it again').toBeNull();
  expect(new DatabaseDisk('/no/such/folder').whyAway).toBeNull();
});
