/** A link to an event of a run. */
import type { ComponentChildren } from 'preact';
import { formatNumber } from '../../run/format.ts';
import type { RunRoute } from '../state/route.ts';
import { Link } from './link.tsx';

interface EventLinkProps {
  runId: string;
  /** Index of the event. */
  at: number;
  /** `event 120` by default. */
  children?: ComponentChildren;
  class?: string;
  label?: string;
}

/** Leads to the list of events, with this one chosen. */
export function EventLink({ runId, at, children = `event ${formatNumber(at)}`, ...rest }: EventLinkProps) {
  return (
    <Link to={eventRoute(runId, at)} {...rest}>
      {children}
    </Link>
  );
}

export function eventRoute(runId: string, at: number): RunRoute {
  return { page: 'run', runId, view: 'events', at };
}

/** Numbers as people and as machines write them. */
const EVENT = /\b(events? )(\d{1,3}(?:,\d{3})+|\d{1,12})\b/g;

/** A sentence in which each event that is named, as in `event 120`, is a link to it. `text` is safe to show. */
export function LinkedEvents({ runId, text }: { runId: string; text: string }) {
  const parts: ComponentChildren[] = [];
  let end = 0;
  for (const found of text.matchAll(EVENT)) {
    parts.push(text.slice(end, found.index));
    parts.push(
      <EventLink key={found.index} runId={runId} at={Number(found[2]?.replaceAll(',', ''))}>
        {found[0]}
      </EventLink>,
    );
    end = found.index + found[0].length;
  }
  return (
    <>
      {parts}
      {text.slice(end)}
    </>
  );
}
