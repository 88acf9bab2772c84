/** What two runs have, beside each other. */

import type { ComponentChildren } from 'preact';
import type { Run } from '../../../server/contract/index.ts';
import { type Difference, differingText } from '../../run/event-difference.ts';
import { formatNumber } from '../../run/format.ts';
import type { ComparedMetric, ComparedRow } from '../../run/run-difference.ts';
import { runName } from '../../run/run-name.ts';
import { safeText } from '../../run/sanitize.ts';
import { Link } from './link.tsx';
import { ScrollX } from './scroll-x.tsx';

export type Sides = readonly [left: Run, right: Run];

interface TableProps {
  runs: Sides;
  /** Of the column of names. */
  title: string;
  /** Of a fourth column. */
  last?: string;
  children: ComponentChildren;
}

function Table({ runs, title, last, children }: TableProps) {
  return (
    <ScrollX label={title}>
      <table class="compared">
        <thead>
          <tr>
            <th scope="col">{title}</th>
            <RunHead run={runs[0]} />
            <RunHead run={runs[1]} />
            {last !== undefined && (
              <th scope="col" class="number">
                {last}
              </th>
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </ScrollX>
  );
}

function RunHead({ run }: { run: Run }) {
  return (
    <th scope="col">
      <Link to={{ page: 'run', runId: run.id, view: null, at: null }}>{runName(run)}</Link>
    </th>
  );
}

export function ComparedRows({ runs, title, rows }: { runs: Sides; title: string; rows: ComparedRow[] }) {
  return (
    <Table runs={runs} title={title}>
      {rows.map(({ name, left, right, differs }) => (
        <tr key={name} class={differs ? 'differs' : undefined}>
          <th scope="row">{safeText(name)}</th>
          <td>{left}</td>
          <td>{right}</td>
        </tr>
      ))}
    </Table>
  );
}

export function ComparedMetrics({ runs, rows }: { runs: Sides; rows: ComparedMetric[] }) {
  return (
    <Table runs={runs} title="Metric" last="Difference">
      {rows.map(({ name, left, right, differs, change }) => (
        <tr key={name} class={differs ? 'differs' : undefined}>
          <th scope="row">{safeText(name).replaceAll('_', ' ')}</th>
          <td class="value">{left}</td>
          <td class="value">{right}</td>
          <td class="number">{change === null || change === 0 ? '' : signed(change)}</td>
        </tr>
      ))}
    </Table>
  );
}

/** Each value that differs, by its path. */
export function ComparedValues({ runs, values }: { runs: Sides; values: readonly Difference[] }) {
  return (
    <Table runs={runs} title="What differs">
      {values.map(({ path, left, right }) => (
        <tr key={path}>
          <th scope="row">{safeText(path)}</th>
          <td>
            <code>{differingText(left)}</code>
          </td>
          <td>
            <code>{differingText(right)}</code>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function signed(change: number): string {
  return `${change > 0 ? '+' : '−'}${formatNumber(Math.abs(change))}`;
}
