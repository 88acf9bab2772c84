/** Where two histories part: the events that both have, and from there on what each has, side by side. */

import type { Run, RunEvent } from '../../../server/contract/index.ts';
import { isTerminal } from '../../../server/contract/run-values.ts';
import type { Parting } from '../../run/compare-histories.ts';
import { detailOf, objectOf } from '../../run/describe-event.ts';
import { differingParts, type EventPart } from '../../run/event-difference.ts';
import { formatClock, formatNumber } from '../../run/format.ts';
import { runName } from '../../run/run-name.ts';
import { safeText } from '../../run/sanitize.ts';
import { Link } from './link.tsx';
import { ScrollX } from './scroll-x.tsx';

interface ComparedEventsProps {
  runs: readonly [left: Run, right: Run];
  parting: Parting;
}

const SAME: ReadonlySet<EventPart> = new Set();

export function ComparedEvents({ runs, parting }: ComparedEventsProps) {
  const { index, left, right, before, leftAfter, rightAfter } = parting;
  const parts = differingParts(parting.differences);
  const later = Array.from({ length: Math.max(leftAfter.length, rightAfter.length) }, (_, i) => i);
  return (
    <ScrollX label="The events around">
      <table class="compared-events">
        <thead>
          <tr>
            <th scope="col" class="number">
              Event
            </th>
            <th scope="col">{runName(runs[0])}</th>
            <th scope="col">{runName(runs[1])}</th>
          </tr>
        </thead>
        <tbody>
          {before.map((event) => (
            <tr key={event.index} class="dim">
              <th scope="row" class="number">
                {formatNumber(event.index)}
              </th>
              <td colSpan={2}>
                <EventText event={event} parts={SAME} />
              </td>
            </tr>
          ))}
          <tr class="parting">
            <th scope="row" class="number">
              {formatNumber(index)}
            </th>
            <PartingCell run={runs[0]} index={index} event={left} parts={parts} />
            <PartingCell run={runs[1]} index={index} event={right} parts={parts} />
          </tr>
          {later.map((i) => (
            <tr key={i}>
              <th scope="row" class="number">
                {formatNumber(index + 1 + i)}
              </th>
              <td>{leftAfter[i] && <EventText event={leftAfter[i]} parts={SAME} />}</td>
              <td>{rightAfter[i] && <EventText event={rightAfter[i]} parts={SAME} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollX>
  );
}

interface PartingCellProps {
  run: Run;
  index: number;
  /** Null where the history has ended. */
  event: RunEvent | null;
  parts: ReadonlySet<EventPart>;
}

function PartingCell({ run, index, event, parts }: PartingCellProps) {
  if (event === null) {
    return (
      <td>
        <span class="warn">{isTerminal(run.status) ? 'has ended' : 'is no further yet'}</span>
      </td>
    );
  }
  return (
    <td>
      <EventText event={event} parts={parts} />{' '}
      <Link
        to={{ page: 'run', runId: run.id, view: 'replay', at: index }}
        label={`Event ${formatNumber(index)} in the replay of ${runName(run)}`}
      >
        Replay
      </Link>
    </td>
  );
}

function EventText({ event, parts }: { event: RunEvent; parts: ReadonlySet<EventPart> }) {
  const told: readonly (readonly [EventPart, string])[] = [
    ['time', formatClock(event.virtualMs, 3)],
    ['type', safeText(event.type)],
    ['actor', safeText(event.actor)],
    ['object', objectOf(event) ?? ''],
    ['detail', detailOf(event)],
  ];
  return (
    <span class="compared-event">
      {told.map(([part, text]) =>
        text === '' ? null : parts.has(part) ? (
          <mark key={part}>{text}</mark>
        ) : (
          <span key={part}>{text}</span>
        ),
      )}
    </span>
  );
}
