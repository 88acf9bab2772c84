/** A list of any length, of which only what can be seen is drawn. */
import type { RefObject, VNode } from 'preact';
import { useCallback, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { scrolledPx, scrollTopFor, virtualWindow } from '../state/virtual-window.ts';

/** Height of a row; the style sheet says the same. */
const ROW_PX = 24;
const FIRST_VIEW_PX = 600;

interface Placed {
  /** Which list it is: another begins anew. */
  name: string;
  count: number;
  /** The row that is brought into sight whenever `shown` changes; null: none. */
  row: number | null;
  /** What is brought into sight: the same thing in another row is left where it is. */
  shown: number | null;
  /** Rows that came before the first ones since the list began. */
  origin: number;
  /** Keeps the end in sight as rows come. */
  staysAtEnd: boolean;
}

interface VirtualListProps extends Placed {
  label: string;
  /** The end was scrolled out of sight. */
  onLeaveEnd: () => void;
  /** Rows that are drawn now. */
  onWindow: (first: number, last: number) => void;
  draw: (row: number) => VNode;
}

export function VirtualList(props: VirtualListProps) {
  const { label, count, staysAtEnd, onLeaveEnd, onWindow, draw } = props;
  const view = useRef<HTMLElement>(null);
  const { scroll, measure } = useMeasured(view);
  usePlaced(view, props, measure);
  const extent = { count, rowPx: ROW_PX, viewPx: scroll.viewPx };
  const { first, last, offsetPx } = virtualWindow(extent, scroll.top);
  useLayoutEffect(() => onWindow(first, last), [first, last, onWindow]);
  const onScroll = () => {
    measure();
    const own = view.current;
    if (own === null || !staysAtEnd) return;
    if (own.scrollTop + own.clientHeight < own.scrollHeight - ROW_PX) onLeaveEnd();
  };
  const rows: VNode[] = [];
  for (let at = first; at <= last; at++) rows.push(draw(at));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reached by the keyboard
    <section class="virtual-list events" aria-label={label} tabIndex={0} ref={view} onScroll={onScroll}>
      <div style={{ height: `${scrolledPx(extent)}px` }}>
        <ul style={{ transform: `translateY(${offsetPx}px)` }}>{rows}</ul>
      </div>
    </section>
  );
}

/** How far it is scrolled, and the height of what is seen. */
function useMeasured(view: RefObject<HTMLElement | null>) {
  const [scroll, setScroll] = useState({ top: 0, viewPx: FIRST_VIEW_PX });
  const measure = useCallback(() => {
    if (view.current === null) return;
    const { scrollTop: top, clientHeight: viewPx } = view.current;
    setScroll((before) => (before.top === top && before.viewPx === viewPx ? before : { top, viewPx }));
  }, [view]);
  useLayoutEffect(() => {
    if (view.current === null) return;
    const observer = new ResizeObserver(measure);
    observer.observe(view.current);
    return () => observer.disconnect();
  }, [view, measure]);
  return { scroll, measure };
}

/** Scrolls as rows come at either end, and to what is to be shown. */
function usePlaced(view: RefObject<HTMLElement | null>, placed: Placed, measure: () => void): void {
  const before = useRef<Placed | null>(null);
  useLayoutEffect(() => {
    const own = view.current;
    if (own === null) return;
    const { name, count, row, shown, origin, staysAtEnd } = placed;
    const was = before.current?.name === name ? before.current : null;
    before.current = placed;
    const extent = { count, rowPx: ROW_PX, viewPx: own.clientHeight };
    const more = was === null ? 0 : origin - was.origin;
    if (more !== 0) own.scrollTop += more * ROW_PX;
    if (staysAtEnd) {
      if (was === null || !was.staysAtEnd || was.count !== count) own.scrollTop = scrolledPx(extent);
    } else if (row !== null && (was === null || was.shown !== shown)) {
      own.scrollTop = scrollTopFor(extent, own.scrollTop, row);
    }
    measure();
  });
}
