/** The events around a place, of one run or of two side by side. */
import type { RunEvent } from '../../../server/contract/index.ts';
import { differences } from '../../run/event-difference.ts';
import { formatNumber } from '../../run/format.ts';
import { runOutcome } from '../../run/outcome.ts';
import { eventAt } from '../../run/pages.ts';
import { outcomeOfData } from '../../run/picture.ts';
import { runName } from '../../run/run-name.ts';
import { eventLine } from '../components/event-line.ts';
import { framed, innerSize } from '../components/frame.ts';
import { DIM, type Line, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import { knownEvent, replayIndex, windowAround } from '../state/selectors.ts';
import type { OtherRun, State } from '../state/state.ts';

export const ReplayEventsPane = pane<{ state: State }>('ReplayEventsPane', ({ state }, { width, height }) => {
  const inner = innerSize(width, height);
  const lines = linesAround(state, state.data.eventIndex, inner, (index) => knownEvent(state, index));
  return framed({ title: 'Events around', width, height }, lines);
});

interface BesideProps {
  state: State;
  side: 'this' | 'other';
}

/** One of two runs: what differs from the other stands out. */
export const BesidePane = pane<BesideProps>('BesidePane', ({ state, side }, { width, height }) => {
  const { other } = state.replay;
  if (other === null) return [];
  const inner = innerSize(width, height);
  const ofThis = (index: number) => knownEvent(state, index);
  const ofOther = (index: number) => eventAt(other.pages, index);
  const [own, beside] = side === 'this' ? [ofThis, ofOther] : [ofOther, ofThis];
  const newest = Math.max(state.data.eventIndex, other.run.live.eventIndex);
  const lines = linesAround(state, newest, inner, own, beside);
  const run = side === 'this' ? state.data.run : other.run;
  const outcome = side === 'this' ? outcomeOfData(state.data) : runOutcome(other.run);
  return framed(
    {
      title: `run ${runName(run)}  seed ${run.seed}`,
      aside: outcome,
      footLeft: side === 'this' ? comparedText(other) : '',
      width,
      height,
      color: other.partsAt === null ? undefined : 'yellow',
    },
    lines,
  );
});

function comparedText({ partsAt, isCompared, compared }: OtherRun): string {
  if (partsAt !== null) return `part at event ${formatNumber(partsAt)}; d goes there`;
  return isCompared ? 'equal to the end' : `comparing, ${formatNumber(compared)} equal so far`;
}

function linesAround(
  state: State,
  newest: number,
  inner: { width: number; height: number },
  own: (index: number) => RunEvent | undefined,
  beside?: (index: number) => RunEvent | undefined,
): Line[] {
  const at = replayIndex(state);
  const { top, bottom } = windowAround(at, inner.height, newest, state.workspace.anchor);
  const lines: Line[] = [];
  for (let index = top; index <= bottom; index++) {
    const event = own(index);
    const other = beside?.(index);
    if (event === undefined)
      lines.push([span(`${String(index).padStart(6)} ${other === undefined ? '…' : ''}`, DIM)]);
    else {
      const line = eventLine(event, inner.width, index === at);
      const parts = other !== undefined && differences(event, other).length > 0;
      lines.push(parts && index !== at ? line.map(({ text }) => span(text, { color: 'yellow' })) : line);
    }
  }
  return lines;
}
