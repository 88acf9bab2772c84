/** The built-in scenario `tickets`: citizens hold, pay and own seats. It uses nothing but the public interface. */
import type { Scenario } from '../../public.ts';
import { findTicketBug, TICKET_BUGS } from './bugs.ts';
import { TICKET_OPERATIONS, type TicketCall } from './calls.ts';
import { MemoryBoxOffice } from './memory-service.ts';
import { BoxOfficeWorkload } from './workload.ts';

export const tickets: Scenario<TicketCall> = {
  name: 'tickets',
  operations: TICKET_OPERATIONS,
  objectNoun: 'event',
  bugs: TICKET_BUGS.map(({ name }) => name),
  charts: [
    { title: 'occupancy, %', metric: 'occupancy' },
    { title: 'held', metric: 'held' },
    { title: 'sold', metric: 'sold' },
    { title: 'waiting', metric: 'waiting' },
    { title: 'money held', metric: 'money_held' },
  ],
  memoryService: (bug) => new MemoryBoxOffice(bug === null ? {} : findTicketBug(bug).memory),
  workload: (_seed, config, prng) => new BoxOfficeWorkload(config, prng),
};
