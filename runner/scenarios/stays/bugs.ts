/** The known bugs of `stays`: the few steps in which a wrong house differs from the right one. */

import { asIfUtc, dayText, instantOf, rangeOf } from '../../../server/contract/zone.ts';
import type { Range, Resource, Span } from './calls.ts';
import type { MemorySteps } from './memory-service.ts';
import type { SqlSteps } from './sql-steps.ts';

export interface HouseBug {
  readonly name: string;
  readonly sql: Partial<SqlSteps>;
  readonly memory: Partial<MemorySteps>;
}

/** Reads the resources, and holds nobody back. */
const withoutLock: Pick<SqlSteps, 'takeResources'> = {
  async takeResources(sql, ids) {
    const resources: Resource[] = [];
    for (const id of ids)
      resources.push(...(await sql<Resource>`select id, units, buffer from resources where id = ${id}`));
    return resources;
  },
};

export const HOUSE_BUGS: readonly HouseBug[] = [
  bug('cached-ranges', { cachesFree: true }),
  {
    name: 'check-then-insert',
    sql: withoutLock,
    memory: { locks: false },
  },
  withRanges('days-of-24-hours', (zone, { from, to }) => {
    const start = instantOf(zone, from);
    if (!isDay(from) || !isDay(to)) return { from: start, to: instantOf(zone, to) };
    return { from: start, to: start + asIfUtc(to) - asIfUtc(from) };
  }),
  {
    name: 'exclusion-of-days',
    sql: {
      ...withoutLock,
      schema: `
      alter table bookings add exclude using gist (
        int4range(number, number, '[]') with &&,
        int4range(unit, unit, '[]') with &&,
        daterange((lower(during) at time zone 'UTC')::date, (upper(during) at time zone 'UTC')::date) with &&
      ) where (active);`,
    },
    memory: {
      locks: false,
      constraint: (a, b) => daysOf(a).from < daysOf(b).to && daysOf(b).from < daysOf(a).to,
    },
  },
  bug('frees-before-taking', { freesFirst: true }),
  {
    name: 'half-series',
    sql: { isSeriesWhole: false },
    memory: { decidesSeries: false },
  },
  {
    name: 'inclusive-ends',
    sql: { bounds: '[]' },
    memory: {
      collides: (taken, wanted, buffer) =>
        taken.from <= wanted.to + buffer && wanted.from <= taken.to + buffer,
    },
  },
  {
    name: 'one-sided-buffer',
    sql: { needed: ({ from, to }, buffer) => ({ from: from - buffer, to }) },
    memory: {
      collides: (taken, wanted, buffer) => taken.from < wanted.to && wanted.from < taken.to + buffer,
    },
  },
  withRanges('second-of-two-times', (zone, { from, to }) => ({
    from: instantOf(zone, from, true),
    to: instantOf(zone, to, true),
  })),
  withRanges('utc-days', (zone, { from, to }) => {
    const right = rangeOf(zone, from, to);
    return { from: isDay(from) ? asIfUtc(from) : right.from, to: isDay(to) ? asIfUtc(to) : right.to };
  }),
];

/** The bug of this name; an error that lists the known ones when there is none. */
export function findHouseBug(name: string): HouseBug {
  const found = HOUSE_BUGS.find((known) => known.name === name);
  if (!found) {
    const known = HOUSE_BUGS.map((each) => each.name).join(', ');
    throw new Error(`There is no bug "${name}" of stays. Known bugs: ${known}.`);
  }
  return found;
}

/** The same in memory and over a database. */
function bug(name: string, steps: Partial<SqlSteps> & Partial<MemorySteps>): HouseBug {
  return { name, sql: steps, memory: steps };
}

function withRanges(name: string, rangeOfCall: (zone: string, span: Span) => Range): HouseBug {
  return bug(name, { rangeOf: rangeOfCall });
}

function isDay(text: string): boolean {
  return text.length === 10;
}

/** The days in UTC, without the last. */
function daysOf({ from, to }: Range): Range {
  return { from: asIfUtc(dayText(from)), to: asIfUtc(dayText(to)) };
}
