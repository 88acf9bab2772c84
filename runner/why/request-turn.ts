/** Where a target has no statements: one request begins only when another is through, all else in the same order. */
import type { Attempt } from '../harness/attempt.ts';
import { type Guide, requestKey } from '../harness/guide.ts';
import type { Laboratory, RecordedRequest, Recording } from './findings.ts';
import { passesInOrder } from './turn.ts';

/** Pairs that are tried, at most. */
const MOST_TURNS = 8;

export class After implements Guide {
  readonly #later: string;
  readonly #earlier: string;
  #through = false;
  /** Who is to take the steps: as in the recording, but for all of the later one after the last of the earlier one. */
  readonly order: readonly string[];

  constructor(
    { later, earlier }: Pick<RequestTurn, 'later' | 'earlier'>,
    { steps }: Pick<Recording, 'steps'>,
  ) {
    this.#later = later.key;
    this.#earlier = earlier.key;
    const keys = steps.map(({ request }) => request);
    const others = keys.filter((key) => key !== later.key);
    const until = others.lastIndexOf(earlier.key) + 1;
    const moved = keys.filter((key) => key === later.key);
    this.order = [...others.slice(0, until), ...moved, ...others.slice(until)];
  }

  holds(attempt: Attempt): boolean {
    return !this.#through && requestKey(attempt) === this.#later;
  }

  left(attempt: Attempt): void {
    if (requestKey(attempt) === this.#earlier) this.#through = true;
  }

  gaveWay(): void {}
}

/** Two requests that overlap. It passes when `later` begins only after `earlier` is through. */
export interface RequestTurn {
  readonly later: RecordedRequest;
  readonly earlier: RecordedRequest;
  /** It changed nothing: it only looked. */
  readonly earlierLooks: boolean;
}

/** The first that passes, those first whose answers carry the failure and that others changed something beside; null: none. */
export async function turnedRequests(
  recording: Recording,
  carrying: readonly RecordedRequest[],
  looksOnly: (request: RecordedRequest) => boolean,
  lab: Laboratory,
): Promise<RequestTurn | null> {
  for (const [i, turn] of turnsOf(recording, carrying, looksOnly).entries()) {
    if (lab.spent) return null;
    lab.stage(`letting requests that overlap come one after the other, try ${i + 1}`);
    const guide = new After(turn, recording);
    const { fails } = await lab.run({ guide, order: guide.order, judge: passesInOrder });
    if (fails === 'no') return turn;
  }
  return null;
}

function turnsOf(
  { requests }: Recording,
  carrying: readonly RecordedRequest[],
  looksOnly: (request: RecordedRequest) => boolean,
): RequestTurn[] {
  const turns = requests.flatMap((later) =>
    requests.flatMap((earlier) =>
      later !== earlier && overlap(later, earlier)
        ? [{ later, earlier, earlierLooks: looksOnly(earlier) }]
        : [],
    ),
  );
  // What was answered last is likeliest to have acted on what others changed meanwhile.
  const last = carrying.at(-1);
  const rank = ({ later, earlier, earlierLooks }: RequestTurn) =>
    (carrying.includes(later) ? 8 : 0) +
    (earlierLooks ? 0 : 4) +
    (later === last ? 2 : 0) +
    (carrying.includes(earlier) ? 1 : 0);
  return turns.sort((a, b) => rank(b) - rank(a)).slice(0, MOST_TURNS);
}

function overlap(a: RecordedRequest, b: RecordedRequest): boolean {
  const isBefore = (one: RecordedRequest, other: RecordedRequest) =>
    one.completedEvent !== null && one.completedEvent < other.invokedEvent;
  return !isBefore(a, b) && !isBefore(b, a);
}
