/** One event opened: request, answer, interval, and what overlapped it. */
import type { RunEvent } from '../../../server/contract/index.ts';
import { intervalLines } from '../../output/intervals.ts';
import { formatClock, formatNumber } from '../../run/format.ts';
import {
  AROUND_OPENED,
  AS_FAR_AS_LOADED,
  intervalWords,
  type Operation,
  overlapWords,
} from '../../run/operation.ts';
import { safeJson, safeText } from '../../run/sanitize.ts';
import { alignLeft, wrap } from '../../terminal/columns.ts';
import { framed, innerSize } from '../components/frame.ts';
import { BOLD, DIM, foreign, type Line, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import { lineOf } from '../paint/pieces.ts';
import { chosenEvent } from '../state/events-view.ts';
import { openedOperation } from '../state/operation.ts';
import type { State } from '../state/state.ts';
import { rowOfOperation } from './interval-rows.ts';

const LABEL = 10;

export const EventDetailPane = pane<{ state: State }>('EventDetailPane', ({ state }, { width, height }) => {
  const event = chosenEvent(state);
  const inner = innerSize(width, height);
  if (event === undefined) {
    return framed({ title: 'Event', width, height }, [[span('loading', DIM)]]);
  }
  const operation = openedOperation(state, event);
  const lines =
    operation === null
      ? plainLines(event, inner.width)
      : operationLines(event, operation, inner.width, inner.height);
  const title = operation === null ? `Event ${formatNumber(event.index)}` : `Operation ${operation.own.op}`;
  return framed({ title, aside: event.at, width, height }, lines);
});

function plainLines(event: RunEvent, width: number): Line[] {
  const longest = Math.max(0, ...Object.keys(event.data).map((name) => safeText(name).length));
  const labels = Math.max(LABEL, Math.min(20, longest + 2));
  return [
    [
      span(`${formatClock(event.virtualMs, 3)}  `, DIM),
      foreign(event.type, BOLD),
      span('  by '),
      foreign(event.actor),
    ],
    ...Object.entries(event.data).flatMap(([name, value]) => {
      const label = safeText(name);
      return jsonLines(label, value, width, 8, '', labels);
    }),
  ];
}

function operationLines(
  event: RunEvent,
  opened: NonNullable<ReturnType<typeof openedOperation>>,
  width: number,
  height: number,
): Line[] {
  const { own, overlaps, isWhole } = opened;
  const head = [
    ...jsonLines('request', own.invoke?.data ?? 'not loaded: Tab goes to it', width, 2),
    ...answerLines(own, width),
    [span('interval'.padEnd(LABEL), DIM), span(intervalWords(own))],
  ];
  const edge = Math.max(0, event.index - AROUND_OPENED);
  const rows = [
    rowOfOperation(own, edge, true),
    ...overlaps.map((each) => rowOfOperation(each, edge, false)),
  ];
  const room = Math.max(1, height - head.length - 1);
  const shown = rows.slice(0, room);
  const more = rows.length - shown.length;
  return [
    ...head,
    [
      span(overlapWords(opened), BOLD),
      span(isWhole ? '' : `, ${AS_FAR_AS_LOADED}`, DIM),
      span(more > 0 ? `, ${more} more than fit` : '', DIM),
    ],
    ...intervalLines(shown, width).map(lineOf),
  ];
}

function answerLines({ completion }: Operation, width: number): Line[] {
  if (completion === null) return [[span('answer'.padEnd(LABEL), DIM), span(`none, ${AS_FAR_AS_LOADED}`)]];
  const { latencyMs: _, op: __, ...answer } = completion.data;
  return jsonLines('answer', answer, width, 3, safeText(completion.type.split('.')[1] ?? ''));
}

function jsonLines(
  label: string,
  value: unknown,
  width: number,
  most: number,
  before = '',
  labels = LABEL,
): Line[] {
  const text = typeof value === 'string' ? safeText(value) : (safeJson(value) ?? '');
  const lines = wrap(before === '' ? text : `${before} ${text}`, width - labels);
  const kept = lines.slice(0, most);
  if (kept.length < lines.length) kept[most - 1] = `${kept[most - 1]?.slice(0, -1) ?? ''}…`;
  return kept.map((each, i) => [span(alignLeft(i === 0 ? label : '', labels), DIM), span(each)]);
}
