/** The checks of a run: what each says, how often it was made, and whether it holds. */
import { formatCompact } from './format.ts';
import { brokenOf } from './picture.ts';
import type { RunData } from './run-data.ts';

export interface CheckRow {
  name: string;
  says: string;
  state: 'holds' | 'broken' | 'waiting';
  /** How often; null when nothing tells. */
  count: number | null;
  /** What it cost, in words, once the run has told; null before, and for what costs next to nothing. */
  cost: string | null;
}

interface Check {
  name: string;
  says: string;
  countOf: (data: RunData) => number;
}

const completions = (data: RunData) => (data.metrics['ok'] ?? 0) + (data.metrics['refused'] ?? 0);
const typed =
  (...types: string[]) =>
  (data: RunData) =>
    types.reduce((sum, type) => sum + (data.tally.types[type] ?? 0), 0);
const audits = (data: RunData) => data.tally.audits;
const reads = typed('read.ok', 'list.ok');
const books = typed('book.ok');

/** Of every scenario. */
const GENERAL: readonly Check[] = [
  {
    name: 'per-object-history',
    says: 'some order of the overlapping operations explains every answer',
    countOf: completions,
  },
  {
    name: 'city-matches-history',
    says: 'at rest, the whole city is what the answers say (audit)',
    countOf: audits,
  },
  {
    name: 'every-request-is-answered',
    says: 'once faults are healed, no request stays open',
    countOf: (data) => (data.tally.healedAt === null ? 0 : 1),
  },
];

/** What else a scenario holds to. */
const OF_SCENARIO: Readonly<Record<string, readonly Check[]>> = {
  bookings: [
    {
      name: 'no-overbooking',
      says: 'no slot holds more bookings than it has room',
      countOf: (data) => books(data) + reads(data),
    },
    {
      name: 'one-active-booking-per-citizen-and-slot',
      says: 'no citizen holds two bookings of a slot',
      countOf: (data) => books(data) + reads(data),
    },
    {
      name: 'acknowledged-booking-stays',
      says: 'what was confirmed is there until it is cancelled',
      countOf: (data) => reads(data) + audits(data),
    },
    {
      name: 'cancellation-frees-one-seat-once',
      says: 'a cancellation frees one seat, once',
      countOf: typed('cancel.ok'),
    },
    { name: 'ids-are-never-reused', says: 'no two bookings share an id', countOf: books },
    {
      name: 'availability-matches-bookings',
      says: 'free seats are capacity less active bookings',
      countOf: reads,
    },
  ],
};

/** Every check of the run, the broken one first. */
export function checkRows(data: RunData): CheckRow[] {
  const failure = brokenOf(data);
  const broken = failure?.invariant;
  const known = [...GENERAL, ...(OF_SCENARIO[data.run.scenario] ?? [])];
  const thresholds = data.run.config.thresholds.map((text) => ({
    name: text,
    says: 'threshold',
    countOf: () => 1,
  }));
  const rows = [...known, ...thresholds].map(({ name, says, countOf }): CheckRow => {
    const count = countOf(data);
    const state = name === broken ? 'broken' : count > 0 ? 'holds' : 'waiting';
    return { name, says, count, state, cost: costOf(data, name) };
  });
  if (broken !== undefined && !rows.some(({ name }) => name === broken)) {
    rows.push({
      name: broken,
      says: failure?.message ?? '',
      count: null,
      state: 'broken',
      cost: null,
    });
  }
  return rows.sort((a, b) => Number(b.state === 'broken') - Number(a.state === 'broken'));
}

/** As the end of the run tells it: `1,204 answers, 61 searched, 480 orders tried`. */
function costOf(data: RunData, name: string): string | null {
  const all = data.tally.closing?.['checking'];
  const told = typeof all === 'object' && all !== null ? (all as Record<string, unknown>)[name] : undefined;
  if (typeof told !== 'object' || told === null) return null;
  const { answers, searches, configurations } = told as Record<string, unknown>;
  const numbers = [answers, searches, configurations];
  if (!numbers.every((number) => typeof number === 'number')) return null;
  const [held, searched, tried] = numbers.map((number) => formatCompact(number));
  return `${held} answers, ${searched} searched for, ${tried} orders tried`;
}

/** A situation that a run has to reach, with how often it did; null while the run has not said. */
export interface SometimesRow {
  name: string;
  count: number | null;
}

const REACHED: readonly [name: string, countOf: (data: RunData) => number | null][] = [
  ['a retry followed a lost answer', (data) => data.metrics['retries'] ?? null],
];

/** The sometimes-properties: as the end says, before it as the newest heartbeat did, or else what the metrics tell. */
export function sometimesRows(data: RunData): SometimesRow[] {
  const said = data.tally.closing?.['sometimes'] ?? data.reached;
  if (typeof said === 'object' && said !== null) {
    return Object.entries(said).map(([name, count]) => ({ name, count: Number(count) }));
  }
  return REACHED.map(([name, countOf]) => ({ name, count: countOf(data) }));
}

export interface FaultRow {
  name: string;
  count: number;
  /** Configured rate, where the run names one of its own. */
  rate: number | null;
  lastIndex: number | null;
  lastMs: number | null;
}

/** The faults that struck or may strike, the most frequent first. */
export function faultRows(data: RunData): FaultRow[] {
  const rates: Readonly<Record<string, number>> = data.run.config.faultRates;
  const names = new Set([...Object.keys(data.tally.faults), ...Object.keys(rates)]);
  return [...names]
    .map((name) => {
      const tally = data.tally.faults[name];
      return {
        name,
        count: tally?.count ?? 0,
        rate: rates[name] ?? null,
        lastIndex: tally?.lastIndex ?? null,
        lastMs: tally?.lastMs ?? null,
      };
    })
    .sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
}
