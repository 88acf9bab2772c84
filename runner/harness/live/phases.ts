/** The phases of a run against a live service: each with a shape of its own, because bugs differ in what brings them out. */

/** What a group of requests is after; the numbers in a phase are parts of its operations. */
export const PATTERNS = [
  'single',
  'burst',
  'twins',
  'shared-key',
  'key-in-two-slots',
  'key-prefix',
  'joined-key',
  'cancel-race',
  'close-race',
  'late-repeat',
  'repeat-race',
] as const;
export type PatternName = (typeof PATTERNS)[number];

export interface Phase {
  readonly name: string;
  /** Its part of a cycle, in parts of 100. */
  readonly share: number;
  /** Multiplies the rates of the faults. */
  readonly intensity: number;
  /** How many slots the citizens go for: all, a few, or one and the same each time. */
  readonly slots: 'all' | 'few' | 'one';
  readonly mix: Readonly<Partial<Record<PatternName, number>>>;
  /** The service is killed here, when the run has one of its own. */
  readonly kills: boolean;
}

const PHASES: readonly Phase[] = [
  {
    name: 'calm',
    share: 10,
    intensity: 0.5,
    slots: 'all',
    mix: { single: 80, 'shared-key': 4, 'key-in-two-slots': 4, 'key-prefix': 4, 'joined-key': 4, twins: 4 },
    kills: false,
  },
  {
    name: 'contention',
    share: 25,
    intensity: 1,
    slots: 'few',
    mix: { single: 24, burst: 26, twins: 12, 'cancel-race': 22, 'close-race': 10, 'repeat-race': 6 },
    kills: false,
  },
  {
    name: 'retries',
    share: 25,
    intensity: 4,
    slots: 'few',
    mix: {
      single: 36,
      'shared-key': 10,
      'key-in-two-slots': 10,
      'key-prefix': 8,
      'joined-key': 6,
      'late-repeat': 18,
      'repeat-race': 12,
    },
    kills: false,
  },
  {
    name: 'restart',
    share: 15,
    intensity: 1,
    slots: 'few',
    mix: { single: 60, burst: 10, 'cancel-race': 10, 'late-repeat': 20 },
    kills: true,
  },
  {
    name: 'soak',
    share: 25,
    intensity: 1,
    slots: 'one',
    mix: { single: 52, burst: 10, twins: 6, 'cancel-race': 12, 'late-repeat': 12, 'close-race': 8 },
    kills: false,
  },
];

/** Operations of one cycle through all phases, at most; longer runs go through them again. */
const CYCLE = 1_000;

export interface Place {
  readonly phase: Phase;
  /** Counts the phases of the run from 0, so that each has slots of its own. */
  readonly number: number;
  /** The first operation after this phase. */
  readonly ends: number;
}

/** The phase of the `n`th operation of a run with so many. */
export function phaseOf(n: number, operations: number): Place {
  const cycle = Math.min(operations, CYCLE);
  const round = Math.floor(n / cycle);
  let ends = round * cycle;
  let parts = 0;
  for (const [index, phase] of PHASES.entries()) {
    parts += phase.share;
    ends = round * cycle + Math.round((cycle * parts) / 100);
    if (n < ends) return { phase, number: round * PHASES.length + index, ends };
  }
  throw new Error(`The phases do not cover operation ${n} of ${operations}.`);
}
