/** The shards of a campaign that are not done, and the runners that work for it. */
import type { Runner } from '../../../server/contract/index.ts';
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
import { alignLeft, alignRight, textWidth } from '../../terminal/columns.ts';
import { framed, innerSize } from '../components/frame.ts';
import { scrolled } from '../components/scroll.ts';
import { DIM, type Line, type Style, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import type { CampaignView } from './state.ts';

const WARNING: Style = { color: 'yellow' };
const HEARD = 10;
const HEADS = ['SHARD', 'STATE', 'SEEDS', 'CLAIMED', `${alignLeft('HEARD', HEARD)}  RUNNER, OR WHY NOT`];

export const ShardsPane = pane<{ view: CampaignView }>(
  'CampaignShardsPane',
  ({ view }, { width, height }) => {
    const { campaign, runners } = view.picture;
    const inner = innerSize(width, height);
    const rows = campaign === null ? [] : shardRows(campaign, runners);
    const head = [span(shardText(HEADS), DIM)];
    return framed(
      { title: 'Shards', aside: campaign === null ? '' : shardsText(campaign), width, height },
      rows.length === 0
        ? [[span(noneText(view), DIM)]]
        : [head, ...scrolled(rows.map(shardLine), view.tops.shards, inner.height - 1)],
    );
  },
);

/** Why there is no shard to see. */
function noneText({ picture: { campaign } }: CampaignView): string {
  if (campaign === null) return 'no server knows of its shards';
  if (campaign.build === null) return 'it is executed in one process, without a server';
  return campaign.state === 'running' ? 'no shard is under way' : 'every shard is done';
}

function nobodyText({ picture: { campaign }, phase }: CampaignView): string {
  const isHere = campaign !== null && campaign.build === null && campaign.shards.running > 0;
  return isHere && phase === 'going' ? 'this process executes it' : 'no runner works for it';
}

function shardLine(row: ShardRow): Line {
  const { number, state, attempts, runner, why, holder } = row;
  const heard = holder === null ? '' : heardText(holder);
  const said = state === 'running' ? `${alignLeft(heard, HEARD)}  ${safeText(runner)}` : safeText(why ?? '');
  const text = shardText([String(number), SHARD_WORDS[state], shardSeedsText(row), `${attempts}×`, said]);
  const isWarning = state === 'lost' || (holder !== null && isSilent(holder));
  return [span(text, isWarning ? WARNING : state === 'open' ? DIM : {})];
}

function shardText([number = '', state = '', seeds = '', claimed = '', said = '']: string[]): string {
  return `${alignRight(number, 6)}  ${alignLeft(state, 9)}  ${alignRight(seeds, 14)}  ${alignRight(claimed, 7)}  ${said}`;
}

/** Of what stands behind names and hosts. */
const BESIDE_NAMES = 52;
const LEAST_NAME = 12;
const LEAST_HOST = 6;

/** Names, which tell one from another, are cut last. */
function widthsOf(runners: readonly Runner[], width: number): { name: number; host: number } {
  const room = Math.max(LEAST_NAME + LEAST_HOST, width - BESIDE_NAMES);
  const longest = Math.max(LEAST_NAME, ...runners.map(({ name }) => textWidth(safeText(name))));
  const name = Math.min(longest, room - LEAST_HOST);
  return { name, host: room - name };
}

export const RunnersPane = pane<{ view: CampaignView }>(
  'CampaignRunnersPane',
  ({ view }, { width, height }) => {
    const inner = innerSize(width, height);
    const rows = runnersOf(view.picture.runners, view.picture.name);
    const { name: ofName, host: ofHost } = widthsOf(rows, inner.width);
    const lines = rows.map((runner): Line => {
      const { name, host, version, labels, work } = runner;
      const texts = [
        alignLeft(safeText(name), ofName),
        alignLeft(safeText(host), ofHost),
        alignLeft(heardText(runner), HEARD),
        alignLeft(work?.shard ? `shard ${work.shard}` : 'records', 12),
        safeText([version, ...labels].join(' ')),
      ];
      return [span(texts.join('  '), isSilent(runner) ? WARNING : {})];
    });
    const heads = [alignLeft('RUNNER', ofName), alignLeft('HOST', ofHost), alignLeft('HEARD', HEARD)];
    const head = [span([...heads, alignLeft('DOES', 12), 'VERSION, LABELS'].join('  '), DIM)];
    return framed(
      { title: 'Runners', aside: workersText(rows), width, height },
      rows.length === 0
        ? [[span(nobodyText(view), DIM)]]
        : [head, ...scrolled(lines, view.tops.runners, inner.height - 1)],
    );
  },
);
