/** An object's history: each operation from its request to its answer, as a bar over the events. */
import type { Interval } from '../../../server/contract/index.ts';
import { describeAnswer } from '../../run/describe-answer.ts';
import { safeText } from '../../run/sanitize.ts';

interface IntervalsProps {
  intervals: readonly Interval[];
  /** Number of the operation whose answer broke it; null: not known. */
  culprit: number | null;
  object: string | null;
}

export function Intervals({ intervals, culprit, object }: IntervalsProps) {
  const first = Math.min(...intervals.map(({ invokedIndex }) => invokedIndex));
  const last = Math.max(
    ...intervals.map(({ invokedIndex, completedIndex }) => completedIndex ?? invokedIndex),
  );
  const share = (index: number) => ((index - first) / Math.max(1, last - first)) * 100;
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
              Events {first} to {last}
            </th>
            <th scope="col">Answer</th>
          </tr>
        </thead>
        <tbody>
          {intervals.map((interval) => {
            const { operation, actor, call, outcome, answer, invokedIndex, completedIndex } = interval;
            const isCulprit = operation === culprit;
            const from = share(invokedIndex);
            const to = completedIndex === null ? 100 : share(completedIndex);
            return (
              <tr key={`${operation}-${invokedIndex}`} class={isCulprit ? 'culprit' : ''}>
                <td class="number">{operation}</td>
                <td>{safeText(actor)}</td>
                <td>{callText(call)}</td>
                <td class="interval-bar">
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
                </td>
                <td>
                  {isCulprit && <span class="culprit-sign">✖ </span>}
                  <span class={`outcome outcome-${outcome}`}>{outcome}</span>{' '}
                  {outcome === 'pending' ? '' : describeAnswer(answer, object, (json) => json)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function callText(call: Interval['call']): string {
  const { operation, booking } = call;
  const name = typeof operation === 'string' ? safeText(operation) : 'call';
  return typeof booking === 'string' ? `${name} ${safeText(booking)}` : name;
}
