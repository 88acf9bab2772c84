/** The lanes of a why: a column for each request, a row for each step, waits as bars to those they wait for. */

import { useEffect, useRef } from 'preact/hooks';
import { formatNumber } from '../../run/format.ts';
import { reachOf, type WhyBar, type WhyLayout, type WhyRow, type WhyStepRow } from '../../run/why-layout.ts';
import { EventLink } from './event-link.tsx';
import { ScrollX } from './scroll-x.tsx';

interface WhyLanesProps {
  runId: string;
  layout: WhyLayout;
  /** The step that is looked at; null: none. */
  chosen: number | null;
  onPick: (step: number) => void;
  onUnfold: () => void;
}

const OUTCOME_SIGN = {
  ok: '✔ ok',
  refused: '✖ refused',
  unknown: '? unknown',
  pending: '… pending',
} as const;

export function WhyLanes({ runId, layout, chosen, onPick, onUnfold }: WhyLanesProps) {
  const { columns, rows } = layout;
  const hasEvents = rows.some((row) => row.row === 'step' && row.event !== null);
  const table = useRef<HTMLTableElement>(null);
  useEffect(() => {
    if (chosen === null) return;
    table.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  return (
    <ScrollX label="What happened, step by step">
      <table class="why-lanes" style={{ '--lanes': String(columns.length) }} ref={table}>
        <thead>
          <tr>
            <th scope="col">Step</th>
            {columns.map(({ lane, name, heading, role, outcome }) => (
              <th key={lane} scope="col" class={`why-lane-${role}`}>
                <b>{name}</b> {heading}{' '}
                <span class={`outcome outcome-${outcome}`}>{OUTCOME_SIGN[outcome]}</span>
              </th>
            ))}
            {hasEvents && (
              <th scope="col" class="why-event">
                Event
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row
              key={keyOf(row)}
              runId={runId}
              hasEvents={hasEvents}
              row={row}
              layout={layout}
              chosen={chosen}
              onPick={onPick}
              onUnfold={onUnfold}
            />
          ))}
        </tbody>
      </table>
    </ScrollX>
  );
}

function keyOf(row: WhyRow): string {
  return row.row === 'fold' ? `fold ${row.steps[0]}` : `${row.row} ${row.step}`;
}

interface RowProps extends WhyLanesProps {
  row: WhyRow;
  /** Whether there is a column of events. */
  hasEvents: boolean;
}

function Row({ row, hasEvents, runId, layout, chosen, onPick, onUnfold }: RowProps) {
  const { columns } = layout;
  if (row.row === 'fold') {
    return (
      <tr class="why-fold">
        <td />
        {columns.map(({ lane }, column) => (
          <td key={lane} class={classOfBar(row.bars[column] ?? null)}>
            {column === 0 && (
              <button type="button" onClick={onUnfold}>
                {row.words}
              </button>
            )}
          </td>
        ))}
        {hasEvents && <td class="why-event" />}
      </tr>
    );
  }
  if (row.row === 'wait') {
    return (
      <tr class="why-wait">
        <td />
        {columns.map(({ lane, name }, column) => {
          const reach = reachOf(row, column);
          const line = reach === null ? '' : `why-reach why-reach-${reach.part} why-reach-${reach.towards}`;
          return (
            <td key={lane} class={`${classOfBar(row.bars[column] ?? null)} ${line}`}>
              {column === row.column && <LaneName name={name} />}
              {column === row.column && <span class="why-waits-words">{row.words}</span>}
            </td>
          );
        })}
        {hasEvents && <td class="why-event" />}
      </tr>
    );
  }
  const isChosen = chosen !== null && (row.step === chosen || row.joined.includes(chosen));
  return (
    <tr class={`why-step why-tone-${row.tone}`} aria-current={isChosen ? 'step' : undefined}>
      <th scope="row">
        <button type="button" aria-label={`Step ${row.step}`} onClick={() => onPick(row.step)}>
          {row.step}
        </button>
      </th>
      {row.column === null ? (
        <td colSpan={columns.length} class="why-own">
          <StepText row={row} />
        </td>
      ) : (
        columns.map(({ lane, name }, column) => (
          <td
            key={lane}
            class={`${classOfBar(row.bars[column] ?? null)}${column === row.column ? ' why-own' : ''}`}
          >
            {column === row.column && <LaneName name={name} />}
            {column === row.column && <StepText row={row} />}
          </td>
        ))
      )}
      {hasEvents && (
        <td class="why-event">
          {row.event !== null && (
            <EventLink
              runId={runId}
              at={row.event}
              label={`Step ${row.step}: event ${formatNumber(row.event)}`}
            >
              {formatNumber(row.event)}
            </EventLink>
          )}
        </td>
      )}
    </tr>
  );
}

/** Where the lanes are stacked the head does not say whose a step is. */
function LaneName({ name }: { name: string }) {
  return <b class="why-lane-name">{name} </b>;
}

function StepText({ row }: { row: WhyStepRow }) {
  const { kind, text, values, answer, takenBack, isError, mark } = row;
  return (
    <>
      <span class={`why-text why-kind-${kind}`}>
        {SIGN_OF_KIND[kind] ?? ''}
        {text}
      </span>
      {values !== '' && <span class="why-values"> [{values}]</span>}
      {answer !== '' && <span class={isError ? 'why-answer why-error' : 'why-answer'}> {answer}</span>}
      {takenBack > 0 && (
        <span class="why-values"> sent again {takenBack === 1 ? 'once' : `${takenBack} times`}</span>
      )}
      {mark !== '' && <span class="why-mark">◀ {mark}</span>}
    </>
  );
}

const SIGN_OF_KIND: Partial<Record<WhyStepRow['kind'], string>> = {
  request: '▶ ',
  leave: '▶ ',
  answer: '◀ ',
  'first-byte': '◀ ',
  cut: '✂ ',
  fault: '⚡ ',
};

function classOfBar(bar: WhyBar): string {
  return bar === null ? '' : `why-bar why-bar-${bar}`;
}
