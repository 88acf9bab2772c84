/** What the seeds of a campaign came to as sums: the operations until they failed, and the sometimes-properties they reached. */
import type { Campaign } from '../../../server/contract/index.ts';
import { formatNumber } from '../../run/format.ts';
import { type UntilRow, untilRows } from '../../run/operations-until.ts';
import { reachedRows, reachedSeedsText, reachedText } from '../../run/reached-rows.ts';
import { safeText } from '../../run/sanitize.ts';
import { Panel } from './panel.tsx';

export function OperationsUntil({ campaign }: { campaign: Campaign }) {
  const rows = untilRows(campaign.findings);
  if (rows.length === 0) return null;
  return (
    <Panel title="Operations until a failure">
      <table class="until">
        <thead>
          <tr>
            <th scope="col">Operations</th>
            <th scope="col" class="number">
              Seeds
            </th>
            <td />
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.operations}>
              <th scope="row">{row.operations}</th>
              <td class="number">{formatNumber(row.seeds)}</td>
              <td class="until-bar">
                <Bar share={row.share} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

/** It adds nothing for those who hear the page. */
function Bar({ share }: Pick<UntilRow, 'share'>) {
  return (
    <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect width={share * 100} height="10" />
    </svg>
  );
}

export function Reached({ campaign }: { campaign: Campaign }) {
  const rows = reachedRows(campaign);
  if (rows.length === 0) return null;
  return (
    <Panel title="Sometimes-properties" aside={reachedText(rows)}>
      <table class="reached">
        <thead>
          <tr>
            <th scope="col">Sometimes</th>
            <th scope="col" class="number">
              Seeds that reached it
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.property}>
              <td>{safeText(row.property)}</td>
              <td class={row.seeds === 0 ? 'number warned' : 'number'}>{reachedSeedsText(row)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
