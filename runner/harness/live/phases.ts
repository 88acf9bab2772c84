/** The phases of a run against a live service: each with a shape of its own, because bugs differ in what brings them out. */

/** What a group of requests is after. */
export const PATTERNS = [
  'single',
  'sandwich',
  'switchAndAsk',
  'onlookers',
  'mill',
  'burst',
  'twins',
  'echoes',
  'cancelRace',
  'cancelStorm',
  'closeRace',
  'switches',
  'sharedKey',
  'keyInTwoSlots',
  'alikeKeys',
  'joinedKey',
  'lateRepeat',
  'repeatRace',
  'keyLife',
  'staleCancel',
  'hangUp',
] as const;
export type PatternName = (typeof PATTERNS)[number];

export interface Phase {
  readonly name: string;
  /** Its part of a cycle, beside those of the others. */
  readonly share: number;
  /** Multiplies the rates of the faults. */
  readonly intensity: number;
  /** How many slots the citizens go for: all, a few, or one and the same each time. */
  readonly slots: 'all' | 'few' | 'one';
  /** How often each pattern comes, beside the others. */
  readonly mix: Readonly<Partial<Record<PatternName, number>>>;
  /** The service is killed here; the phase is left out of a run that has no service of its own. */
  readonly kills: boolean;
}

const PHASES: readonly Phase[] = [
  {
    name: 'calm',
    share: 15,
    intensity: 0.5,
    slots: 'all',
    mix: {
      ...{ single: 40, sandwich: 12, switchAndAsk: 4, keyLife: 6, staleCancel: 4, twins: 4 },
      ...{ sharedKey: 6, keyInTwoSlots: 6, alikeKeys: 12, joinedKey: 6 },
    },
    kills: false,
  },
  {
    name: 'contention',
    share: 25,
    intensity: 1,
    slots: 'few',
    mix: {
      ...{ single: 14, burst: 20, twins: 8, echoes: 8, cancelRace: 14, cancelStorm: 8 },
      ...{ closeRace: 10, switches: 4, repeatRace: 5, onlookers: 9 },
    },
    kills: false,
  },
  {
    name: 'restart',
    share: 20,
    intensity: 1,
    slots: 'few',
    mix: { single: 46, burst: 12, cancelRace: 10, lateRepeat: 18, keyLife: 8, switchAndAsk: 6 },
    kills: true,
  },
  {
    name: 'retries',
    share: 25,
    intensity: 4,
    slots: 'few',
    mix: {
      ...{ single: 30, burst: 6, sharedKey: 7, keyInTwoSlots: 7, alikeKeys: 14, joinedKey: 7 },
      ...{ lateRepeat: 10, repeatRace: 6, keyLife: 8, staleCancel: 5, hangUp: 12 },
    },
    kills: false,
  },
  {
    name: 'soak',
    share: 20,
    intensity: 1,
    slots: 'one',
    mix: {
      ...{ single: 22, mill: 26, burst: 8, twins: 4, cancelRace: 8, lateRepeat: 8 },
      ...{ onlookers: 8, sandwich: 8, closeRace: 4, keyLife: 4, hangUp: 5 },
    },
    kills: false,
  },
];

/** Groups of one cycle through all phases, at most; longer runs go through them again. */
const CYCLE = 200;
/** Operations of a group, roughly. */
const GROUP_SIZE = 9;

export interface Place {
  readonly phase: Phase;
  /** Counts the phases of the run from 0, so that each has slots of its own. */
  readonly number: number;
  /** Its first group. */
  readonly begins: number;
  /** The first group after it. */
  readonly ends: number;
}

/** The phase of group `g` of a run with so many operations; `kills`: the service can be killed. */
export function phaseOf(g: number, operations: number, kills: boolean): Place {
  const phases = PHASES.filter((phase) => kills || !phase.kills);
  const all = phases.reduce((sum, { share }) => sum + share, 0);
  const cycle = Math.max(phases.length, Math.min(CYCLE, Math.round(operations / GROUP_SIZE)));
  const round = Math.floor(g / cycle);
  let parts = 0;
  for (const [index, phase] of phases.entries()) {
    const begins = round * cycle + Math.round((cycle * parts) / all);
    parts += phase.share;
    const ends = round * cycle + Math.round((cycle * parts) / all);
    if (g < ends) return { phase, number: round * phases.length + index, begins, ends };
  }
  throw new Error(`The phases do not cover group ${g} of a run of ${operations} operations.`);
}
