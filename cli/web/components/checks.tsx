/** What must hold always, and what must be reached at least once. */

import type { CheckRow, SometimesRow } from '../../run/checks.ts';
import { formatCompact } from '../../run/format.ts';
import { safeText } from '../../run/sanitize.ts';
import { Panel } from './panel.tsx';

const CHECK: Record<CheckRow['state'], [sign: string, word: string]> = {
  holds: ['✔', 'holds'],
  broken: ['✖', 'broken'],
  waiting: ['·', 'not met yet'],
};

/** Where most of the history was passed over, a check that was not seen may well have been made. */
const UNSEEN: [sign: string, word: string] = ['✔', 'not broken'];

export function Checks({ rows, areCounted }: { rows: readonly CheckRow[]; areCounted: boolean }) {
  return (
    <Panel title="Invariants">
      <ul class="rows">
        {rows.map((row) => (
          <CheckLine key={row.name} row={row} isCounted={areCounted} />
        ))}
      </ul>
    </Panel>
  );
}

function CheckLine({ row, isCounted }: { row: CheckRow; isCounted: boolean }) {
  const { name, says, state, count, cost } = row;
  const isUnseen = state === 'waiting' && !isCounted;
  const [sign, word] = isUnseen ? UNSEEN : CHECK[state];
  const counted = isCounted && state === 'holds' && count !== null ? `, ${formatCompact(count)}×` : '';
  return (
    <li
      class={`check check-${isUnseen ? 'holds' : state}`}
      title={safeText(cost === null ? says : `${says}; cost: ${cost}`)}
    >
      <span>
        <span class="sign" aria-hidden="true">
          {sign}
        </span>{' '}
        {safeText(name)}
      </span>
      <span class="dim">
        {word}
        {counted}
      </span>
    </li>
  );
}

export function Sometimes({ rows, hasEnded }: { rows: readonly SometimesRow[]; hasEnded: boolean }) {
  return (
    <Panel title="Reached at least once">
      <ul class="rows">
        {rows.map(({ name, count }) => {
          const isReached = count !== null && count > 0;
          const word = isReached
            ? `${formatCompact(count)}×`
            : hasEnded && count !== null
              ? 'never'
              : 'not yet';
          return (
            <li key={name} class={isReached ? 'reached' : 'unreached'}>
              <span>
                <span class="sign" aria-hidden="true">
                  {isReached ? '●' : '○'}
                </span>{' '}
                {safeText(name)}
              </span>
              <span class="dim">{word}</span>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
