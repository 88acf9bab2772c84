/** What the header says, told from the state. */
import { attemptParts, isQueuedAgain, waitingText } from '../../run/attempts.ts';
import { formatClock, formatNumber } from '../../run/format.ts';
import { elapsedMs, heartbeatAgeMs, outcomeOfData, shown } from '../../run/picture.ts';
import type { RunData } from '../../run/run-data.ts';
import { runName } from '../../run/run-name.ts';
import { safeText } from '../../run/sanitize.ts';
import type { HeaderPart } from '../components/header.ts';
import { DIM } from '../paint/line.ts';
import type { State } from '../state/state.ts';
import { OUTCOME_COLOR } from '../theme.ts';

const WARNING = { color: 'yellow', bold: true } as const;

/** The parts in their order; the least needed have the highest `drop`. */
export function headerParts(state: State): HeaderPart[] {
  const data = shown(state);
  const { run } = data;
  const ended = data.end !== null;
  const outcome = outcomeOfData(data);
  return [
    { text: ' SIMCITY ', style: { bold: true, inverse: true }, drop: 7 },
    { text: `${safeText(run.scenario)}@${safeText(run.target)}`, drop: 6 },
    { text: `run ${runName(run)}`, drop: 9 },
    { text: `seed ${run.seed}`, drop: 5 },
    { text: `● ${outcome}`, style: { color: OUTCOME_COLOR[outcome], bold: true }, drop: 0 },
    ...(state.frozen === null ? [] : [{ text: 'PAUSED', style: WARNING, drop: 1 }]),
    { text: `${formatClock(elapsedMs(state))} wall`, drop: 3 },
    { text: `event ${formatNumber(Math.max(0, data.eventIndex))}`, drop: 2 },
    ...attemptsOf(data),
    ...(ended ? [] : linkParts(state, data.eventsPerSecond)),
    ...(data.tally.passedOver > 0 ? [{ text: 'thin', style: { dim: true }, drop: 8 }] : []),
    ...(state.readOnly ? [{ text: 'read-only', style: { dim: true }, drop: 8 }] : []),
  ];
}

/** Which attempt it is, where the first was lost. */
function attemptsOf(data: RunData): HeaderPart[] {
  if (isQueuedAgain(data)) return [{ text: waitingText(data.run), style: WARNING, drop: 1 }];
  const parts = attemptParts(data.run);
  if (parts === null) return [];
  return [
    { text: parts.attempt, style: DIM, drop: 4 },
    { text: safeText(parts.before), style: DIM, drop: 10 },
  ];
}

function linkParts(state: State, eventsPerSecond: number): HeaderPart[] {
  const { link } = state;
  if (link.status === 'reconnecting') {
    return [{ text: `reconnecting (${link.attempt}): ${safeText(link.error)}`, style: WARNING, drop: 1 }];
  }
  if (link.status === 'connecting') return [{ text: 'connecting', style: { color: 'yellow' }, drop: 1 }];
  // Nobody executes it, so that nothing beats.
  if (isQueuedAgain(state.data)) return [];
  const age = heartbeatAgeMs(state);
  const rate: HeaderPart = { text: `${formatNumber(Math.round(eventsPerSecond))}/s`, drop: 4 };
  if (age === null) return [rate];
  const late = age > 5_000;
  return [
    rate,
    {
      text: `♥ ${(age / 1000).toFixed(1)} s`,
      ...(late ? { style: { color: 'red' } as const } : {}),
      drop: 8,
    },
  ];
}
