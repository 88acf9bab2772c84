/** An object's history: what carries the failure as bars over virtual time, the rest folded, how full it was above. */
import { useState } from 'preact/hooks';
import type { Forensic, Interval, Why } from '../../../server/contract/index.ts';
import { describeAnswer } from '../../run/describe-answer.ts';
import { formatClock } from '../../run/format.ts';
import { type HistoryRow, type ObjectHistory, objectHistory } from '../../run/object-history.ts';
import { safeText } from '../../run/sanitize.ts';
import { OccupancyLine } from './occupancy.tsx';

interface IntervalsProps {
  bundle: Forensic;
  /** Its requests carry the failure too; null: not known. */
  why: Why | null;
  /** Operations shown at most, the newest. */
  most: number;
}

export function Intervals({ bundle, why, most }: IntervalsProps) {
  const [isUnfolded, setUnfolded] = useState(false);
  const history = objectHistory(bundle, why, { unfolded: isUnfolded, most });
  const { occupancy, fromMs, toMs, rows } = history;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="scroll-x" aria-label="Operations as intervals" tabIndex={0}>
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
              row={row}
              history={history}
              object={bundle.object}
              onUnfold={() => setUnfolded(true)}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface RowProps {
  row: HistoryRow;
  history: ObjectHistory;
  object: string | null;
  onUnfold: () => void;
}

function Row({ row, history, object, onUnfold }: RowProps) {
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
  const { interval, role, call } = row;
  const { operation, actor, outcome, answer } = interval;
  return (
    <tr class={role === 'accused' ? 'culprit' : role === 'carries' ? 'carries' : ''}>
      <td class="number">{operation}</td>
      <td>{safeText(actor)}</td>
      <td>{call}</td>
      <td class="interval-bar">
        <Bar interval={interval} history={history} />
      </td>
      <td>
        {role === 'accused' && <span class="culprit-sign">✖ </span>}
        <span class={`outcome outcome-${outcome}`}>{outcome}</span>{' '}
        {outcome === 'pending' ? '' : describeAnswer(answer, object, (json) => json)}
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
