/** Runners, a row each; one that fell silent is marked by word and colour. */

import type { Runner } from '../../../server/contract/index.ts';
import { doesText, heardText, isSilent } from '../../run/runner-words.ts';
import { safeText } from '../../run/sanitize.ts';
import { Link } from './link.tsx';
import { ScrollX } from './scroll-x.tsx';

export function RunnersTable({ runners }: { runners: readonly Runner[] }) {
  return (
    <ScrollX label="Runners, in a table">
      <table class="runners">
        <thead>
          <tr>
            <th scope="col">Runner</th>
            <th scope="col">Does</th>
            <th scope="col">Heard of</th>
            <th scope="col">Build</th>
            <th scope="col">Labels</th>
          </tr>
        </thead>
        <tbody>
          {runners.map((runner) => (
            <RunnerRow key={runner.name} runner={runner} />
          ))}
        </tbody>
      </table>
    </ScrollX>
  );
}

function RunnerRow({ runner }: { runner: Runner }) {
  const { name, host, version, build, labels, hasCode, seenAt } = runner;
  return (
    <tr>
      <td>
        <strong>{safeText(name)}</strong>
        <span class="dim block">{safeText(host)}</span>
      </td>
      <td>
        <Does runner={runner} />
      </td>
      <td class={isSilent(runner) ? 'warned' : undefined}>
        <time dateTime={seenAt}>{heardText(runner)}</time>
        {isSilent(runner) && <span class="block">silent</span>}
      </td>
      <td>
        {safeText(version)}
        <span class="dim block" title={safeText(build)}>
          {safeText(build.slice(0, 8))}
          {hasCode && ', code of its own'}
        </span>
      </td>
      <td>{labels.map(safeText).join(', ')}</td>
    </tr>
  );
}

function Does({ runner }: { runner: Runner }) {
  const { work } = runner;
  if (work === null) return <span class="dim">{doesText(runner)}</span>;
  return (
    <>
      {doesText(runner)} <Link to={{ page: 'campaign', name: work.campaign }}>{safeText(work.campaign)}</Link>
    </>
  );
}
