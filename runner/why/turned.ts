/** Which stale read is to blame: the failure is gone once its reader goes on only after what it was stale against. */
import { MOST_CANDIDATES, rankedCandidates } from './candidates.ts';
import type { Findings, Laboratory, Pair, StaleRead } from './findings.ts';
import { pairOf } from './interleaving.ts';
import { splitLooks } from './split-looks.ts';
import { passesInOrder, Turn, TurnOfBoth } from './turn.ts';

/** Turns of two at once that are tried, at most. */
const MOST_OF_TWO = 6;

/** The first candidate that passes when it is turned round; where none does alone, the first two that do together. */
export async function turned(found: Findings, lab: Laboratory): Promise<Pair | null> {
  const candidates = rankedCandidates(found.staleReads, found.recording, found.accused);
  const one = await firstTurned(candidates, found, lab, 'turning what was stale');
  return one ?? (await turnedTogether(candidates, found, lab));
}

/** Likewise of looks that another transaction acts on, though nobody's change was seen to make them untrue. */
export async function turnedLooks(found: Findings, lab: Laboratory): Promise<Pair | null> {
  if (found.serial.verdict !== 'passes') return null;
  const looks = splitLooks(found.recording, found.accused).slice(0, MOST_CANDIDATES);
  return await firstTurned(looks, found, lab, 'turning looks that are acted on later');
}

async function firstTurned(
  candidates: readonly StaleRead[],
  { recording }: Findings,
  lab: Laboratory,
  stage: string,
): Promise<Pair | null> {
  for (const [i, stale] of candidates.entries()) {
    if (lab.spent) return null;
    lab.stage(`${stage}, ${i + 1} of ${candidates.length}`);
    for (const from of ['read', 'transaction'] as const) {
      const guide = new Turn(stale, recording, from);
      const turned = await lab.run({ guide, order: guide.order, judge: passesInOrder });
      if (turned.fails === 'no') return pairOf(stale, recording);
      if (turned.discarded === null && turned.gaveWay === 0) break;
    }
  }
  return null;
}

async function turnedTogether(
  candidates: readonly StaleRead[],
  { recording }: Findings,
  lab: Laboratory,
): Promise<Pair | null> {
  const pairs = candidates.flatMap((one, i) =>
    candidates.slice(i + 1).flatMap((other) => (canBoth(one, other) ? [[one, other] as const] : [])),
  );
  for (const [i, [one, other]] of pairs.slice(0, MOST_OF_TWO).entries()) {
    if (lab.spent) return null;
    lab.stage(`turning two at once, try ${i + 1}`);
    const guide = new TurnOfBoth(other, one, recording);
    const { fails } = await lab.run({ guide, order: guide.order, judge: passesInOrder });
    const pair = fails === 'no' ? pairOf(one, recording) : null;
    if (pair) return { ...pair, also: other };
  }
  return null;
}

/** Neither waits for the other, or only one of them does. */
function canBoth(one: StaleRead, other: StaleRead): boolean {
  const waits = (a: StaleRead, b: StaleRead) => a.commits.some(({ request }) => request === b.request);
  return one.request !== other.request && !(waits(one, other) && waits(other, one));
}
