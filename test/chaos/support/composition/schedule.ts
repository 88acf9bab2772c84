/** Schedules of launches and faults, drawn from a seed: lists of steps of which any part can be executed by itself. */
import { Prng } from '../../../../runner/sim/prng.ts';

/** How often each kind of step is drawn, relative to the others. */
const WEIGHTS = {
  launch: 5,
  'launch-postgres': 2,
  'launch-writer': 3,
  stop: 2,
  prune: 1,
  'depose-writer': 2,
  'kill-server': 2,
  'end-server': 1,
  'freeze-server': 2,
  'kill-runner': 2,
  'end-runner': 1,
  'freeze-runner': 2,
  'kill-harness': 2,
  'freeze-harness': 1,
  'terminate-backends': 2,
  'stop-postgres': 1,
  'kill-postgres': 1,
  'freeze-postgres': 1,
  'set-clock': 2,
  'cut-database-links': 2,
  'half-open-database-links': 1,
  'cut-streams': 2,
  'lose-requests': 2,
  'lose-answers': 2,
  'repeat-batches': 2,
  'stale-batches': 2,
} as const;

export type Kind = keyof typeof WEIGHTS;

export interface Step {
  /** Its place in the whole schedule. */
  readonly number: number;
  readonly kind: Kind;
  /** Events that subscribers see after the step before, until this one is taken. */
  readonly after: number;
  /** Which of the parts, runs or batches, and how many: each kind takes of it what it needs. */
  readonly on: number;
  /** How long it lasts, in ms, where it does. */
  readonly ms: number;
}

/** What there is to break, at the beginning of each schedule. */
const OPENING: readonly Kind[] = ['launch', 'launch', 'launch-postgres', 'launch-writer'];
const LEAST_FAULTS = 8;
const MORE_FAULTS = 8;
const MOST_AFTER = 80;
const LONGEST_MS = 1_200;

/** The same for the same seed. */
export function drawSchedule(seed: number): Step[] {
  const prng = new Prng(seed, 'chaos');
  const kinds = (Object.keys(WEIGHTS) as Kind[]).flatMap((kind) => Array<Kind>(WEIGHTS[kind]).fill(kind));
  const count = OPENING.length + LEAST_FAULTS + prng.below(MORE_FAULTS + 1);
  return Array.from({ length: count }, (_, number) => ({
    number,
    kind: OPENING[number] ?? prng.pick(kinds),
    after: number < OPENING.length ? 0 : prng.below(MOST_AFTER),
    on: prng.below(0x1_0000),
    ms: 50 + prng.below(LONGEST_MS),
  }));
}

/** For people, and to be executed again. */
export function scheduleText(steps: readonly Step[]): string {
  return steps.map(({ number, kind, after, on, ms }) => `${number}:${kind}(+${after},${on},${ms})`).join(' ');
}
