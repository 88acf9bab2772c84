/** How often each kind of event came by, as far as the stream was seen. */
import type { JsonObject, RunEvent } from '../../server/contract/index.ts';
import { tellsRules } from './rules.ts';

export interface Tally {
  /** Index of the first event that was counted; null before one was. Earlier ones are not in the counts. */
  since: number | null;
  /** Events that the server passed over, because the link is thin; they are not in the counts. */
  passedOver: number;
  /** By event type. */
  types: Readonly<Record<string, number>>;
  /** By fault. */
  faults: Readonly<Record<string, FaultTally>>;
  audits: number;
  healedAt: number | null;
  /** What the `end` event says: the sometimes-properties and what stayed undecided. */
  closing: JsonObject | null;
  /** What the event says that tells the rules of the service. */
  rules: JsonObject | null;
  /** The newest faults, oldest first. */
  recent: readonly RunEvent[];
}

export interface FaultTally {
  count: number;
  /** Where the first of them struck, by index; no more than are few. */
  at: readonly number[];
  lastIndex: number;
  lastMs: number;
}

/** A fault that struck no more often than that is rare. */
export const RARE = 12;

const RECENT_KEPT = 60;
/** Types and names are text of the run, so their number is bounded here. */
const NAMES_KEPT = 200;

export const EMPTY_TALLY: Tally = {
  since: null,
  passedOver: 0,
  types: {},
  faults: {},
  audits: 0,
  healedAt: null,
  closing: null,
  rules: null,
  recent: [],
};

/** The counts after `events`, which come in order. */
export function tallyEvents(tally: Tally, events: readonly RunEvent[]): Tally {
  const types = { ...tally.types };
  let { faults, audits, healedAt, closing, rules, recent } = tally;
  for (const event of events) {
    if (types[event.type] !== undefined || Object.keys(types).length < NAMES_KEPT) {
      types[event.type] = (types[event.type] ?? 0) + 1;
    }
    if (event.type === 'fault') {
      faults = tallyFault(faults, event);
      recent = [...recent, event].slice(-RECENT_KEPT);
    } else if (event.type === 'note' && event.data['what'] === 'audit') audits += 1;
    else if (event.type === 'heal') healedAt = event.index;
    else if (event.type === 'end') closing = event.data;
    else if (tellsRules(event)) rules = event.data;
  }
  const since = tally.since ?? events[0]?.index ?? null;
  return { ...tally, since, types, faults, audits, healedAt, closing, rules, recent };
}

function tallyFault(faults: Tally['faults'], event: RunEvent): Tally['faults'] {
  const name = typeof event.data['name'] === 'string' ? event.data['name'] : 'fault';
  const before = faults[name];
  if (before === undefined && Object.keys(faults).length >= NAMES_KEPT) return faults;
  return {
    ...faults,
    [name]: {
      count: (before?.count ?? 0) + 1,
      at:
        before === undefined
          ? [event.index]
          : before.at.length < RARE
            ? [...before.at, event.index]
            : before.at,
      lastIndex: event.index,
      lastMs: event.virtualMs,
    },
  };
}
