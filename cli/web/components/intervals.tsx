/** An object's history: what carries the failure as bars over virtual time, the rest folded, how full it was above. */

import { useState } from 'preact/hooks';
import type { Forensic, Interval, Why } from '../../../server/contract/index.ts';
import { describeAnswer } from '../../run/describe-answer.ts';
import { formatClock, formatNumber } from '../../run/format.ts';
import { type HistoryRow, type ObjectHistory, objectHistory } from '../../run/object-history.ts';
import { safeText } from '../../run/sanitize.ts';
import { EventLink } from './event-link.tsx';
import { OccupancyLine } from './occupancy.tsx';
import { ScrollX } from './scroll-x.tsx';

interface IntervalsProps {
  runId: string;
  bundle: Forensic;
  /** Its requests carry the failure too; null: not known. */
  why: Why | null;
  /** Operations shown at most, the newest. */
  most: number;
}

export function Intervals({ runId, bundle, why, most }: IntervalsProps) {
  const [isUnfolded, setUnfolded] = useState(false);
  const history = objectHistory(bundle, why, { unfolded: isUnfolded, most });
  const { occupancy, fromMs, toMs, rows } = history;
  return (
    <ScrollX label="Operations as intervals">
      <table class="intervals">
        <thead>
          <tr>
            <th scope="col">Op</th>
            <th scope="col">Who</th>
            <th scope="col">Call</th>
            <th scope="col" class="interval-bar">
              <span class="time-axis">
                <span>{formatClock(fromMs, 3)}</span>
                <span>{formatClock((fromMs + toMs) / 2, 3)}</span>
                <span>{formatClock(toMs, 3)}</span>
              </span>
            </th>
            <th scope="col">Answer</th>
          </tr>
        </thead>
        <tbody>
          {occupancy.points.length > 0 && (
            <tr>
              <td />
              <td colSpan={2} class="dim">
                Taken{occupancy.capacity === null ? '' : `, of ${occupancy.capacity}`}
              </td>
              <td class="interval-bar">
                <OccupancyLine history={history} />
              </td>
              <td class="dim">{occupancy.points.at(-1)?.taken} at the end</td>
            </tr>
          )}
          {rows.map((row) => (
            <Row
              key={row.row === 'fold' ? `fold ${row.operations[0]}` : `${row.interval.operation}`}
              runId={runId}
              row={row}
              history={history}
              object={bundle.object}
              onUnfold={() => setUnfolded(true)}
            />
          ))}
        </tbody>
      </table>
    </ScrollX>
  );
}

interface RowProps {
  runId: string;
  row: HistoryRow;
  history: ObjectHistory;
  object: string | null;
  onUnfold: () => void;
}

function Row({ runId, row, history, object, onUnfold }: RowProps) {
  if (row.row === 'fold') {
    return (
      <tr class="intervals-fold">
        <td />
        <td colSpan={4}>
          <button type="button" onClick={onUnfold}>
            {row.words}
          </button>
        </td>
      </tr>
    );
  }
  const { interval, role, call, lane, link, linkedEvent } = row;
  const { operation, actor, outcome, answer, invokedIndex, completedIndex } = interval;
  const event = completedIndex ?? invokedIndex;
  return (
    <tr class={role === 'accused' ? 'culprit' : role === 'carries' ? 'carries' : ''}>
      <td class="number">
        <EventLink runId={runId} at={event} label={`Operation ${operation}: event ${formatNumber(event)}`}>
          {operation}
        </EventLink>
      </td>
      <td>
        {safeText(actor)}
        {lane !== null && <b title="Its lane above, and its step there"> {lane}</b>}
      </td>
      <td>{call}</td>
      <td class="interval-bar">
        <Bar interval={interval} history={history} />
      </td>
      <td>
        {role === 'accused' && <span class="culprit-sign">✖ </span>}
        <span class={`outcome outcome-${outcome}`}>{outcome}</span>{' '}
        {outcome === 'pending' ? '' : describeAnswer(answer, object, (json) => json)}
        {linkedEvent !== null && (
          <>
            {' '}
            <EventLink runId={runId} at={linkedEvent} class="contradiction">
              {link}
            </EventLink>
          </>
        )}
      </td>
    </tr>
  );
}

function Bar({ interval, history }: { interval: Interval; history: ObjectHistory }) {
  const { invokedMs, completedMs, invokedIndex, completedIndex, outcome } = interval;
  const { fromMs, toMs } = history;
  const share = (ms: number) => ((ms - fromMs) / Math.max(0.001, toMs - fromMs)) * 100;
  const from = Math.min(98.5, share(invokedMs));
  const to = completedMs === null ? 100 : share(completedMs);
  return (
    <>
      <span class="visually-hidden">
        {completedIndex === null
          ? `from event ${invokedIndex}, without an answer`
          : `events ${invokedIndex} to ${completedIndex}`}
      </span>
      <span
        aria-hidden="true"
        class={`interval interval-${outcome}`}
        style={{ marginInlineStart: `${from}%`, width: `${Math.max(1.5, to - from)}%` }}
      />
    </>
  );
}
