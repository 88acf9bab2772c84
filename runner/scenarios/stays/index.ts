/** The built-in scenario `stays`: citizens take resources for ranges of time. It uses the public interface, and the clock of a zone. */
import type { Scenario } from '../../public.ts';
import { findHouseBug, HOUSE_BUGS } from './bugs.ts';
import { STAY_OPERATIONS, type StayCall } from './calls.ts';
import { MemoryHouse } from './memory-service.ts';
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
  workload: (_seed, config, prng) => new HouseWorkload(config, prng),
};
