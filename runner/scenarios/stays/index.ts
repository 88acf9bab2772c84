/** The built-in scenario `stays`: citizens take resources for ranges of time. */
import type { Scenario } from '../../public.ts';
import { askedStay } from './asked.ts';
import { findHouseBug, HOUSE_BUGS } from './bugs.ts';
import { type House, STAY_OPERATIONS, type StayCall } from './calls.ts';
import { houseOverHttp } from './http.ts';
import { MemoryHouse } from './memory-service.ts';
import { replyIssueOf } from './reply-issue.ts';
import { sqlHouse } from './sql-service.ts';
import { HouseWorkload } from './workload.ts';

export const stays: Scenario<StayCall> = {
  name: 'stays',
  operations: STAY_OPERATIONS,
  objectNoun: 'resource',
  bugs: HOUSE_BUGS.map(({ name }) => name),
  charts: [
    { title: 'occupancy, %', metric: 'occupancy' },
    { title: 'booked', metric: 'booked' },
    { title: 'refused, for it was taken', metric: 'taken' },
    { title: 'moved', metric: 'moved' },
  ],
  memoryService: (bug) => new MemoryHouse(bug === null ? {} : findHouseBug(bug).memory),
  sqlService: (bug) => sqlHouse(bug === null ? {} : findHouseBug(bug).sql),
  rules: ['keys', 'keyTtl', 'capacity', 'buffer', 'errors'],
  http: houseOverHttp,
  asked: (call, world) => askedStay(call, world as House),
  replyIssue: replyIssueOf,
  live: {
    look: (resource) => ({ actor: 'observer', call: { operation: 'read', resource } }),
  },
  workload: (_seed, config, prng, rules) => new HouseWorkload(config, prng, rules),
};
