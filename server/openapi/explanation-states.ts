/** What the API's document says of an explanation in each of its states, with an example of each. */
import type { Explanation, Why } from '../contract/index.ts';

interface Example {
  summary: string;
  value: Explanation;
}

/** Of a service without a gate, as the shortest that there is. */
const WHY: Why = {
  version: 1,
  source: 'requests',
  kind: 'unknown',
  name: null,
  sentence: 'slot-002 has 3 acknowledged bookings that nobody cancelled, but only 2 seats.',
  conclusion: ['A and B were under way at once, for 3.2 ms.'],
  lanes: [
    {
      ...{ name: 'A', actor: 'citizen-004', operation: 'book', words: 'citizen-004 slot-002 k-48' },
      ...{ request: 'op 48', op: 48, role: 'accused', outcome: 'ok' },
    },
  ],
  steps: [
    {
      ...{ step: 1, lane: 0, kind: 'leave', text: 'POST /slots/slot-002/bookings', values: '', answer: '' },
      ...{ tag: null, count: null, error: null, connection: null, isolation: null, waitedFor: [] },
      ...{ waitedSince: null, takenBack: 0, mark: '', matters: true, event: 61 },
    },
  ],
  pair: null,
  cures: [],
  reduction: '',
  notAsAsked: 0,
  executions: 0,
  seconds: 0.01,
};

/** By state, or by what differs within one. */
export const EXPLANATION_EXAMPLES: Readonly<Record<string, Example>> = {
  asked: {
    summary: 'pending, and nobody works at it: a lease can be taken',
    value: { state: 'pending', progress: null },
  },
  working: {
    summary: 'pending, worked at under a lease: how far it is',
    value: {
      state: 'pending',
      progress: { stage: 'asking every read again after each commit', executions: 12 },
    },
  },
  ready: {
    summary: 'ready: the story in lanes, what it shows, and what makes it pass, as far as that was measured',
    value: { state: 'ready', why: WHY },
  },
  none: {
    summary: 'none: it was cancelled, or nothing was found out, for this reason; it may be asked for again',
    value: { state: 'none', reason: 'cancelled' },
  },
};

export const EXPLANATION_DESCRIPTION = [
  'A resource of its own beside the run, made after the verdict by whoever holds its lease.',
  'It answers 404 while nobody has asked why the run failed.',
  '`pending`: it was asked for. `progress` is null until somebody works at it, and again once a lease has lapsed.',
  '`ready`: `why` has it. `source` says what its lanes are drawn from: `statements` of the database; `requests` on the wire of a service without a gate, told from what the run recorded; `answers` alone.',
  '`none`: it was cancelled, or nothing was found out; `reason` says which. Asking again makes it pending again.',
  'Of a run with `redactValues` no text has a value of its statements, of its calls or of their answers.',
].join('\n\n');
