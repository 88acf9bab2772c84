/** Who works for a campaign: its shards that are not done, and its runners. */

import type { Campaign, Runner } from '../../../server/contract/index.ts';
import {
  heardText,
  isSilent,
  runnersOf,
  SHARD_WORDS,
  type ShardRow,
  shardRows,
  shardSeedsText,
  shardsText,
  workersText,
} from '../../run/runner-words.ts';
import { safeText } from '../../run/sanitize.ts';
import { Panel } from './panel.tsx';
import { RunnersTable } from './runners-table.tsx';
import { ScrollX } from './scroll-x.tsx';

interface CampaignWorkProps {
  campaign: Campaign;
  /** All that the server knows of. */
  runners: readonly Runner[];
}

export function CampaignWork({ campaign, runners }: CampaignWorkProps) {
  const rows = shardRows(campaign, runners);
  const own = runnersOf(runners, campaign.name);
  return (
    <>
      {(rows.length > 0 || campaign.build !== null) && (
        <Panel title="Shards" aside={shardsText(campaign)}>
          {rows.length === 0 ? (
            <p class="dim">None is under way, waits, or is lost.</p>
          ) : (
            <Shards rows={rows} />
          )}
        </Panel>
      )}
      {own.length > 0 && (
        <Panel title="Runners" aside={workersText(own)}>
          <RunnersTable runners={own} />
        </Panel>
      )}
    </>
  );
}

function Shards({ rows }: { rows: readonly ShardRow[] }) {
  return (
    <ScrollX label="Shards, in a table">
      <table class="shards">
        <thead>
          <tr>
            <th scope="col" class="number">
              Shard
            </th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Seeds
            </th>
            <th scope="col" class="number">
              Claimed
            </th>
            <th scope="col">Runner</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <ShardLine key={row.number} row={row} />
          ))}
        </tbody>
      </table>
    </ScrollX>
  );
}

function ShardLine({ row }: { row: ShardRow }) {
  const { number, state, attempts, runner, why, holder } = row;
  return (
    <tr>
      <td class="number">{number}</td>
      <td class={state === 'lost' ? 'warned' : undefined}>{SHARD_WORDS[state]}</td>
      <td class="number">{shardSeedsText(row)}</td>
      <td class="number">{attempts} ×</td>
      <td>
        {state === 'running' && safeText(runner)}
        {holder !== null && (
          <span class={isSilent(holder) ? 'warned block' : 'dim block'}>heard of {heardText(holder)}</span>
        )}
        {why !== null && <span class="dim block">{safeText(why)}</span>}
      </td>
    </tr>
  );
}
