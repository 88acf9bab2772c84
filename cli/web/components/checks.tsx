/** What must hold always, and what must be reached at least once. */
import { formatCompact } from '../../format.ts';
import { safeText } from '../../sanitize.ts';
import type { CheckRow, SometimesRow } from '../../tui/state/checks.ts';
import { Panel } from './panel.tsx';

const CHECK: Record<CheckRow['state'], [sign: string, word: string]> = {
  holds: ['✔', 'holds'],
  broken: ['✖', 'broken'],
  waiting: ['·', 'not met yet'],
};

export function Checks({ rows, areCounted }: { rows: readonly CheckRow[]; areCounted: boolean }) {
  return (
    <Panel title="Invariants">
      <ul class="rows">
        {rows.map(({ name, says, state, count }) => (
          <li key={name} class={`check check-${state}`} title={safeText(says)}>
            <span>
              <span class="sign" aria-hidden="true">
                {CHECK[state][0]}
              </span>{' '}
              {safeText(name)}
            </span>
            <span class="dim">
              {areCounted && state === 'holds' && count !== null
                ? `holds, ${formatCompact(count)}×`
                : CHECK[state][1]}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
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
