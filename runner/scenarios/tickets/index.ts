/** The built-in scenario `tickets`: citizens hold, pay and own seats. */
import type { Scenario } from '../../public.ts';
import { findTicketBug, TICKET_BUGS } from './bugs.ts';
import { TICKET_OPERATIONS, type TicketCall } from './calls.ts';
import { boxOfficeOverHttp } from './http.ts';
import { MemoryBoxOffice } from './memory-service.ts';
import { replyIssueOf } from './reply-issue.ts';
import { sqlBoxOffice } from './sql-service.ts';
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
  sqlService: (bug) => sqlBoxOffice(bug === null ? {} : findTicketBug(bug).sql),
  rules: ['keys', 'keyTtl', 'holdTtl', 'errors'],
  http: boxOfficeOverHttp,
  replyIssue: replyIssueOf,
  live: {
    look: (event) => ({ actor: 'observer', call: { operation: 'read', event } }),
  },
  workload: (_seed, config, prng, rules, foundedMs) => new BoxOfficeWorkload(config, prng, rules, foundedMs),
};
