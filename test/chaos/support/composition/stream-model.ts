/** The history of a run as a sequential object: what telemetry adds to it, what ends it, and what reads tell of it. */
import { createHash } from 'node:crypto';
import type { SequentialModel } from '../../../../runner/checkers/model.ts';

/** Events stand for what the seed decides of them; that of type `end` is not among them. */
export type StreamCall =
  | { kind: 'append'; token: string; from: number; events: readonly string[]; ends: boolean }
  /** The database ends a run by itself when its runner is lost, or when it was stopped before it began. */
  | { kind: 'end' }
  /** All that is stored from an index on. */
  | { kind: 'read'; from: number }
  /** A subscriber got these: they are stored, and maybe more. */
  | { kind: 'seen'; from: number; events: readonly string[]; ends: boolean };

export type StreamAnswer =
  | { kind: 'stored'; next: number }
  | { kind: 'refused' }
  | { kind: 'page'; events: readonly string[]; ends: boolean };

export interface StreamState {
  readonly events: readonly string[];
  /** Stands for all events. */
  readonly tip: string;
  readonly ended: boolean;
  /** The token by which was stored last, and those before it, by which nothing may be stored any more. */
  readonly holder: string | null;
  readonly past: readonly string[];
}

type Append = Extract<StreamCall, { kind: 'append' }>;

const EMPTY: StreamState = { events: [], tip: '', ended: false, holder: null, past: [] };

export const streamModel: SequentialModel<StreamState, StreamCall, StreamAnswer> = {
  initial: () => EMPTY,
  apply(state, call, answer) {
    switch (call.kind) {
      case 'append': {
        if (answer.kind !== 'stored') return state;
        const after = appended(state, call);
        return after !== null && isPlace(call, answer.next, lengthOf(after)) ? after : null;
      }
      case 'read': {
        if (answer.kind !== 'page') return state;
        const isAll = call.from + answer.events.length === state.events.length;
        return isAll && answer.ends === state.ended && holds(state, call.from, answer.events) ? state : null;
      }
      case 'seen':
        return holds(state, call.from, call.events) && (!call.ends || state.ended) ? state : null;
      case 'end':
        return state.ended ? null : { ...state, ended: true };
    }
  },
  effects(state, call) {
    if (call.kind === 'end') return state.ended ? [] : [{ state: { ...state, ended: true }, outcome: '' }];
    const after = call.kind === 'append' ? appended(state, call) : null;
    return after === null || after === state ? [] : [{ state: after, outcome: String(lengthOf(after)) }];
  },
  confirm(state, call, outcome, answer) {
    if (call.kind !== 'append' || answer.kind !== 'stored') return null;
    return isPlace(call, answer.next, Number(outcome)) ? state : null;
  },
  key: ({ events, tip, ended, holder, past }) => `${events.length} ${tip} ${ended} ${holder} ${past}`,
  describe(state, call) {
    const words = `${state.events.length} events${state.ended ? ' and an end' : ''}`;
    if (call.kind !== 'append') return [words];
    return appended(state, call) === null ? [`a refusal: there are ${words}`] : ['stored', 'a refusal'];
  },
  observes: (call) => call.kind === 'read' || call.kind === 'seen',
  spent(state, call) {
    if (call.kind !== 'append') return call.kind !== 'end' || state.ended;
    return state.ended || state.past.includes(call.token) || appended(state, call) === state;
  },
};

/** The state after a batch was taken, the same one when it adds nothing; null: it may not be taken. */
function appended(state: StreamState, { token, from, events, ends }: Append): StreamState | null {
  if (from > state.events.length || state.past.includes(token)) return null;
  const known = state.events.length - from;
  if (!holds(state, from, events.slice(0, known))) return null;
  const added = events.slice(known);
  if (state.ended) return added.length === 0 ? state : null;
  if (added.length === 0 && !ends && token === state.holder) return state;
  return {
    events: added.length === 0 ? state.events : [...state.events, ...added],
    tip: added.reduce((tip, event) => digestOf(tip + event), state.tip),
    ended: ends,
    holder: token,
    past: state.holder === null || state.holder === token ? state.past : [...state.past, state.holder],
  };
}

/** True for what may be answered to whoever sent up to there: it goes on behind that, and not beyond the end. */
function isPlace({ from, events, ends }: Append, next: number, length: number): boolean {
  return next >= from + events.length + (ends ? 1 : 0) && next <= length;
}

function lengthOf({ events, ended }: StreamState): number {
  return events.length + (ended ? 1 : 0);
}

function holds(state: StreamState, from: number, events: readonly string[]): boolean {
  return events.every((event, i) => state.events[from + i] === event);
}

/** Stands for a text, in few characters. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}
