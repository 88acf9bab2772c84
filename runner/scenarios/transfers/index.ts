/**
 * The built-in scenario `transfers`: citizens move money between accounts. It uses nothing but the public
 * interface, so that it can be read as an example of a scenario of one's own.
 */
import type { Scenario } from '../../public.ts';
import { BANK_BUGS, findBankBug } from './bugs.ts';
import { BANK_OPERATIONS, type BankCall } from './calls.ts';
import { bankOverHttp } from './http.ts';
import { MemoryBank } from './memory-service.ts';
import { sqlBank } from './sql-service.ts';
import { BankWorkload } from './workload.ts';

export const transfers: Scenario<BankCall> = {
  name: 'transfers',
  operations: BANK_OPERATIONS,
  objectNoun: 'account',
  bugs: BANK_BUGS.map(({ name }) => name),
  charts: [
    { title: 'coins moved', metric: 'coins_moved' },
    { title: 'transfers', metric: 'transfers' },
    { title: 'refused for want of money', metric: 'insufficient' },
  ],
  memoryService: (bug) => new MemoryBank(bug === null ? {} : findBankBug(bug).memory),
  sqlService: (bug) => sqlBank(bug === null ? {} : findBankBug(bug).sql),
  rules: ['keys', 'keyTtl', 'errors'],
  http: bankOverHttp,
  workload: (_seed, config, prng) => new BankWorkload(config, prng),
};
