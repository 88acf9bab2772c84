/** The phases of an attack: how hard it is, at how many objects, and whether the service is killed. What comes is the plan's. */
import { Prng } from '../../sim/prng.ts';

export type PhaseName = 'calm' | 'contention' | 'restart' | 'retries' | 'soak';

export interface Phase {
  readonly name: PhaseName;
  /** Its part of a cycle, beside those of the others. */
  readonly share: number;
  /** Multiplies the rates of the faults. */
  readonly intensity: number;
  /** How many objects the citizens go for: all, a few, or one and the same each time. */
  readonly objects: 'all' | 'few' | 'one';
  /** The service is killed here; the phase is left out of a run that has no service of its own. */
  readonly kills: boolean;
}

const PHASES: readonly Phase[] = [
  { name: 'calm', share: 15, intensity: 0.5, objects: 'all', kills: false },
  { name: 'contention', share: 25, intensity: 1, objects: 'few', kills: false },
  { name: 'restart', share: 20, intensity: 1, objects: 'few', kills: true },
  { name: 'retries', share: 25, intensity: 4, objects: 'few', kills: false },
  { name: 'soak', share: 20, intensity: 1, objects: 'one', kills: false },
];

/** How often each pattern comes in each phase, beside the others. */
export type Mixes<Pattern extends string> = Readonly<
  Record<PhaseName, Readonly<Partial<Record<Pattern, number>>>>
>;

/** Groups of one cycle through all phases, at most; longer runs go through them again. */
const CYCLE = 200;
/** Operations of a group, roughly. */
const GROUP_SIZE = 9;
const FEW_OBJECTS = 2;

export interface Place {
  readonly phase: Phase;
  /** Counts the phases of the run from 0, so that each has objects of its own. */
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

/** The pattern that the draw falls on, of those that `has` lets through; `otherwise` when there is none. */
export function choosePattern<Pattern extends string>(
  prng: Prng,
  mix: Readonly<Partial<Record<Pattern, number>>>,
  has: (pattern: Pattern) => boolean,
  otherwise: Pattern,
): Pattern {
  const those = (Object.entries(mix) as [Pattern, number][]).filter(([name]) => has(name));
  let roll = prng.float() * those.reduce((sum, [, share]) => sum + share, 0);
  for (const [name, share] of those) {
    roll -= share;
    if (roll < 0) return name;
  }
  return otherwise;
}

/** Where a group of this place goes: an object that is not given up, if there is one. */
export function chooseObject(
  prng: Prng,
  { phase, number }: Place,
  {
    seed,
    objects,
    isGivenUp,
  }: { seed: number; objects: readonly string[]; isGivenUp: (object: string) => boolean },
): string {
  const orNext = (position: number) => {
    const at = (i: number) => objects[(position + i) % objects.length] as string;
    for (let i = 0; i < objects.length; i++) if (!isGivenUp(at(i))) return at(i);
    return at(0);
  };
  if (phase.objects === 'all') return orNext(prng.below(objects.length));
  const own = new Prng(seed, 'chaos', phase.objects === 'one' ? 0 : number + 1);
  const first = own.below(objects.length);
  return orNext(first + (phase.objects === 'one' ? 0 : prng.below(FEW_OBJECTS)));
}
