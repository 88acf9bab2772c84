/** The newest events, newest first. */
import type { RunEvent } from '../../../server/contract/index.ts';
import { eventLine } from '../components/event-line.ts';
import { framed, innerSize } from '../components/frame.ts';
import { DIM, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';

interface LogPaneProps {
  /** Oldest first. */
  events: readonly RunEvent[];
  aside: string;
  /** Said while there is no event. */
  empty: string;
}

export const LogPane = pane<LogPaneProps>('LogPane', ({ events, aside, empty }, { width, height }) => {
  const inner = innerSize(width, height);
  const newest = events.slice(-inner.height).reverse();
  const lines =
    newest.length === 0 ? [[span(empty, DIM)]] : newest.map((event) => eventLine(event, inner.width));
  return framed({ title: 'Events', aside, width, height }, lines);
});
