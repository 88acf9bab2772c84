/**
 * Recorded histories: which seeds are executed to see that a seed still means the same, the hash of each
 * history, and what is said when they are not as recorded.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setLoaded } from '../../runner/modules/loaded.ts';
import { BUGS } from '../../runner/scenarios/bookings/bugs/index.ts';
import { SCENARIOS } from '../../runner/scenarios/registry.ts';
import { HOUSE_BUGS } from '../../runner/scenarios/stays/bugs.ts';
import { TICKET_BUGS } from '../../runner/scenarios/tickets/bugs.ts';
import { BANK_BUGS } from '../../runner/scenarios/transfers/bugs.ts';
import type { Account } from '../../runner/scenarios/transfers/calls.ts';
import { sqlBank } from '../../runner/scenarios/transfers/sql-service.ts';
import type { SqlService } from '../../runner/service/sql-service.ts';
import { STRATEGIES } from '../../runner/sim/strategies/index.ts';
import type { CityKeeper } from '../../runner/targets/postgres/keeper.ts';
import {
  ENGINE_GENERATION,
  FAULT_PROFILES,
  ISOLATION_LEVELS,
  type Launch,
  type RunEvent,
} from '../../server/contract/index.ts';
import withoutTransactions from '../fixtures/sql-services/counts-in-its-slot.ts';
import { type Executed, executed } from './execute.ts';

export const HISTORIES_FILE = 'test/fixtures/histories.json';
const RECORD = '`npm run histories:record`';

/** `few`: those of `npm test`. `many`: those of the heavy suite. */
export type Extent = 'few' | 'many';
export const EXTENTS: readonly Extent[] = ['few', 'many'];
/** A hash by the name of its case. */
export type Hashes = Record<string, string>;

export interface RecordedHistories {
  generation: number;
  hashes: Record<Extent, Hashes>;
}

/** Seeds that are executed with the same settings, and have one hash together. */
export interface HistoryCase {
  name: string;
  scenario: string;
  target: string;
  config: NonNullable<Launch['config']>;
  seeds: readonly number[];
  /** The target, when it is none of the built-in ones. */
  service?: SqlService;
}

/** Known bugs by scenario. A scenario without an entry has its cases all the same, without bugs. */
const KNOWN_BUGS: Readonly<Record<string, readonly { name: string; memory: unknown }[]>> = {
  bookings: BUGS,
  transfers: BANK_BUGS,
  stays: HOUSE_BUGS,
  tickets: TICKET_BUGS,
};

/** Every scenario of the registry on every target that it has a service for. */
export function historyCases(extent: Extent): HistoryCase[] {
  const builtIn = SCENARIOS.flatMap((scenario) => [
    ...(scenario.memoryService ? casesOf(scenario.name, 'memory', extent) : []),
    ...(scenario.sqlService ? casesOf(scenario.name, 'postgres', extent) : []),
  ]);
  return [...builtIn, deadlockCase(extent), autocommitCase(extent)];
}

/** The built-in services never deadlock, so what the gate makes of deadlocks is seen in one that does. */
function deadlockCase(extent: Extent): HistoryCase {
  return {
    name: 'transfers by a bank that deadlocks',
    scenario: 'transfers',
    target: 'module:./deadlocks.ts',
    config: { operations: 40, citizens: 6, slots: 4, concurrency: 12, faults: 'none' },
    seeds: extent === 'few' ? [2, 3] : [7, 8, 10, 11],
    service: sqlBank({
      // Whoever pays first: two citizens who pay each other wait for each other.
      async takeAccounts(sql, { from, to }) {
        const [payer] = await sql<Account>`select id, balance from accounts where id = ${from} for update`;
        const [payee] = await sql<Account>`select id, balance from accounts where id = ${to} for update`;
        return [payer, payee].filter((account) => account !== undefined);
      },
    }),
  };
}

/** Nor are the writes of the built-in ones that need no transaction of theirs ever taken back. */
function autocommitCase(extent: Extent): HistoryCase {
  return {
    name: 'bookings by a service without transactions',
    scenario: 'bookings',
    target: 'module:./counts-in-its-slot.ts',
    config: { operations: 40, citizens: 6, slots: 2, concurrency: 6 },
    seeds: extent === 'few' ? [1, 3] : [5, 6, 7, 8],
    service: withoutTransactions,
  };
}

function casesOf(scenario: string, target: 'memory' | 'postgres', extent: Extent): HistoryCase[] {
  // An execution on a database takes fifty times as long.
  const isShort = extent === 'few' && target === 'postgres';
  const seeds = isShort ? [1] : extent === 'few' ? range(1, 4) : range(11, target === 'memory' ? 40 : 13);
  const operations = isShort ? 40 : extent === 'few' ? 80 : 150;
  const make = (title: string, config: HistoryCase['config']): HistoryCase => ({
    name: `${scenario}@${target} ${title}`,
    ...{ scenario, target, seeds },
    config: { operations, ...config },
  });
  return [
    ...mixtures(isShort).map(({ strategy, faults }) => make(`${strategy} ${faults}`, { strategy, faults })),
    ...(target === 'memory' ? [] : ISOLATION_LEVELS.map((isolation) => make(isolation, { isolation }))),
    ...bugsOf(scenario, target, isShort).map((bug) => make(bug, { bug, operations: operations * 2 })),
    make('crowded', { citizens: 6, slots: 2, concurrency: 12 }),
    make('with every fault by its rate', { faults: 'none', faultRates: EVERY_FAULT }),
    make('reduced', { reduction: REDUCTION }),
    make('reduced, by the strategy', { reduction: { ...REDUCTION, schedule: null, variant: 3 } }),
  ];
}

/** Every strategy with every profile, or both of them in turn until each was there. */
function mixtures(isShort: boolean): { strategy: string; faults: (typeof FAULT_PROFILES)[number] }[] {
  return STRATEGIES.flatMap(({ name: strategy }, i) =>
    FAULT_PROFILES.filter((_, j) => !isShort || i % FAULT_PROFILES.length === j % STRATEGIES.length).map(
      (faults) => ({ strategy, faults }),
    ),
  );
}

/** What a bug changes is its service, so that a few on a database go for all: memory has most of them. */
function bugsOf(scenario: string, target: string, isShort: boolean): string[] {
  const known = (KNOWN_BUGS[scenario] ?? []).filter((bug) => target === 'postgres' || bug.memory !== null);
  return known.slice(0, isShort ? 3 : undefined).map(({ name }) => name);
}

const EVERY_FAULT = {
  'drop-request': 0.05,
  'drop-response': 0.05,
  'duplicate-request': 0.05,
  delay: 0.05,
  reorder: 0.05,
  burst: 0.02,
  crash: 0.02,
  'serialization-failure': 0.05,
  'pool-exhaustion': 0.02,
  'clock-skew': 0.02,
};

const REDUCTION = {
  operations: range(3, 40),
  muted: ['5.0.delay', '7.0.drop-response', '11.0.duplicate-request'],
  schedule: [0, 1, 0, 2, 1, 0, 3],
  variant: 0,
};

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Executes the case's seeds; the hash of all that they decided. */
export async function historyHashOf(
  each: HistoryCase,
  url: string | null,
  cities: CityKeeper,
): Promise<string> {
  const hash = createHash('sha256');
  for (const seed of each.seeds) {
    const { events } = await executedCase(each, seed, url, cities);
    for (const event of events) hash.update(`${canonical(decidedBySeed(event))}\n`);
  }
  return hash.digest('hex').slice(0, 32);
}

/** Executes one seed of the case. */
export async function executedCase(
  { scenario, target, config, service }: HistoryCase,
  seed: number,
  url: string | null,
  cities?: CityKeeper,
): Promise<Executed> {
  setLoaded({ scenario: null, adapter: null, service: service ? { kind: 'sql', service } : null });
  return await executed({ scenario, target, seed, config }, url, cities);
}

/**
 * An event without wall time, versions, the settings, which are the case's own (a setting that is added, with a default that
 * changes nothing, is no other history), and what checking cost, which a better checker changes.
 */
export function decidedBySeed({ at: _, ...event }: RunEvent): unknown {
  if (event.type === 'end') {
    const { checking: _checking, ...data } = event.data;
    return { ...event, data };
  }
  if (event.type !== 'start') return event;
  const { versions: _versions, config: _config, ...data } = event.data;
  return { ...event, data };
}

/** JSON with its keys in order, because no comparison of histories goes by their order. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** What was recorded; null: nothing yet. */
export function readHistories(): RecordedHistories | null {
  try {
    return JSON.parse(readFileSync(HISTORIES_FILE, 'utf8')) as RecordedHistories;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** What is wrong, with what to do about it; null when the histories are those that were recorded. */
export function complaint(
  recorded: RecordedHistories | null,
  found: Hashes,
  extent: Extent,
  generation = ENGINE_GENERATION,
): string | null {
  if (recorded === null) return `No histories are recorded in ${HISTORIES_FILE}: ${RECORD} does it.`;
  if (recorded.generation !== generation) {
    return `The engine's generation is ${generation}, and the histories in ${HISTORIES_FILE} are of generation ${recorded.generation}: record them anew with ${RECORD}.`;
  }
  const before = recorded.hashes[extent];
  const changed = changedHistories(before, found);
  if (changed.length > 0) {
    return `A seed means something else than at the recorded generation ${generation}: ${listed(changed)}. If that is meant, raise ENGINE_GENERATION in server/contract/generation.ts to ${generation + 1} and record the histories anew with ${RECORD}; if not, the change has an effect that it should not have.`;
  }
  const missing = Object.keys(found).filter((name) => !Object.hasOwn(before, name));
  if (missing.length === 0) return null;
  return `No history is recorded for ${listed(missing)}: record what is new with ${RECORD}; the generation stays.`;
}

/** @throws the complaint, in full. */
export function assertAsRecorded(found: Hashes, extent: Extent): void {
  const wrong = complaint(readHistories(), found, extent);
  if (wrong !== null) throw new Error(wrong);
}

/** Names of recorded cases that have another hash, or are no case any more. */
export function changedHistories(recorded: Hashes, found: Hashes): string[] {
  return Object.keys(recorded).filter((name) => found[name] !== recorded[name]);
}

const NAMED = 5;

function listed(names: readonly string[]): string {
  const more = names.length - NAMED;
  return `${names.slice(0, NAMED).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
