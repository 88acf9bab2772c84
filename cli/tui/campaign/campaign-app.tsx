/** A campaign on the whole screen: how far it is, its distinct failures, and the chosen one in small. */
import type { CampaignState } from '../../../server/contract/index.ts';
import { CAMPAIGN_WORDS } from '../../run/campaign-progress.ts';
import { formatClock, formatCompact, formatNumber, shortId } from '../../run/format.ts';
import { safeText } from '../../run/sanitize.ts';
import { alignLeft, alignRight, wrap } from '../../terminal/columns.ts';
import { HeaderPane, KeyBarPane, TooSmallPane } from '../app.tsx';
import { framed, innerSize } from '../components/frame.ts';
import type { HeaderPart } from '../components/header.ts';
import type { KeyBarProps } from '../components/key-bar.ts';
import { scrolled } from '../components/scroll.ts';
import { ANSWERS, IN_PALETTE } from '../input/keymap.ts';
import { type Listeners, useKeys } from '../input/use-keys.ts';
import { BOLD, type Color, clickable, DIM, type Line, restyle, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import type { Place } from '../paint/surface.ts';
import { topAround } from '../state/anchor.ts';
import { looksOf, zoomedPane } from '../state/workspace.ts';
import { MINIMUM } from '../theme.ts';
import { HelpPane, helpPlace } from '../views/help.tsx';
import { OverPanes } from '../views/over-panes.tsx';
import type { FailureRow } from './picture.ts';
import { type CampaignView, chosenRow, keysHere, offerOf, type Phase, panesOf } from './state.ts';

const PROGRESS_ROWS = 4;
const SAID_ROWS = 6;

export function CampaignApp({ view, ...listeners }: { view: CampaignView } & Listeners) {
  useKeys(listeners);
  const { columns: width, rows } = view.size;
  if (width < MINIMUM.columns || rows < MINIMUM.rows) {
    return <TooSmallPane x={0} y={0} width={width} height={rows} />;
  }
  const area = { x: 0, y: 1, width, height: rows - 2 };
  const zoomed = zoomedPane(view.workspace, panesOf(view));
  return (
    <>
      <HeaderPane parts={headerOf(view)} x={0} y={0} width={width} height={1} />
      {zoomed === null ? <Panes view={view} area={area} /> : campaignPane(view, zoomed, area)}
      {view.overlay === 'help' && (
        <HelpPane scope="campaign" title="Campaign" {...helpPlace('campaign', area)} />
      )}
      <OverPanes workspace={view.workspace} offer={() => offerOf(view)} area={area} />
      <KeyBarPane {...keysOf(view)} x={0} y={rows - 1} width={width} height={1} />
    </>
  );
}

function Panes({ view, area: { width, height } }: { view: CampaignView; area: Place }) {
  const progress = view.picture.seeds === null ? 0 : PROGRESS_ROWS;
  const said = height >= 28 && view.said.length > 0 ? SAID_ROWS : 0;
  const rest = height - progress - said;
  const list = Math.max(4, Math.min(view.picture.rows.length + 3, Math.floor(rest / 2)));
  const below = 1 + progress + list;
  return (
    <>
      {progress > 0 && campaignPane(view, 'progress', { x: 0, y: 1, width, height: progress })}
      {campaignPane(view, 'failures', { x: 0, y: 1 + progress, width, height: list })}
      {campaignPane(view, 'failure', { x: 0, y: below, width, height: rest - list })}
      {said > 0 && campaignPane(view, 'log', { x: 0, y: below + rest - list, width, height: said })}
    </>
  );
}

function campaignPane(view: CampaignView, name: string, place: Place) {
  const looks = { ...place, ...looksOf(view.workspace, name) };
  switch (name) {
    case 'progress':
      return <ProgressPane view={view} {...looks} />;
    case 'failures':
      return <FailuresPane view={view} {...looks} />;
    case 'log':
      return <SaidPane said={view.said} {...looks} />;
    default:
      return <FailurePane row={chosenRow(view)} {...looks} />;
  }
}

const PHASE: Record<Phase, { text: string; color: Color }> = {
  going: { text: 'HUNTING', color: 'cyan' },
  stopping: { text: 'STOPPING', color: 'yellow' },
  done: { text: 'DONE', color: 'green' },
  stopped: { text: 'STOPPED', color: 'yellow' },
  stored: { text: 'STORED', color: 'cyan' },
};

/** Of a campaign that others work for. */
const STATE_COLOR: Record<CampaignState, Color> = {
  running: 'cyan',
  recording: 'cyan',
  done: 'green',
  stopped: 'yellow',
};

function headerOf({ picture, phase }: CampaignView): HeaderPart[] {
  const { name, scenario, target, rows, state } = picture;
  const { text, color } =
    phase === 'stored' && state !== null
      ? { text: CAMPAIGN_WORDS[state], color: STATE_COLOR[state] }
      : PHASE[phase];
  const kinds = rows.length === 1 ? '1 distinct failure' : `${formatNumber(rows.length)} distinct failures`;
  return [
    { text: ' SIMCITY ', style: { bold: true, inverse: true }, drop: 7 },
    { text: `campaign ${safeText(name)}`, drop: 3 },
    { text: `${safeText(scenario)}@${safeText(target)}`, drop: 6 },
    { text: `● ${text}`, style: { color, bold: true }, drop: 0 },
    { text: kinds, style: rows.length > 0 ? { color: 'red', bold: true } : DIM, drop: 2 },
  ];
}

const ProgressPane = pane<{ view: CampaignView }>('CampaignProgressPane', ({ view }, { width, height }) => {
  const { through, seeds, operations, failing } = view.picture;
  const inner = innerSize(width, height);
  const share = seeds === null || seeds === 0 ? 0 : (through ?? 0) / seeds;
  const bar = Math.max(10, Math.min(60, inner.width - 42));
  const full = Math.round(share * bar);
  const line: Line = [
    span('█'.repeat(full), { color: 'cyan' }),
    span('░'.repeat(bar - full), DIM),
    span(` ${String(Math.floor(share * 100)).padStart(3)} %`, BOLD),
    span(`  ${formatNumber(through ?? 0)} of ${formatNumber(seeds ?? 0)} seeds`),
  ];
  const counts: Line = [
    span(`${formatCompact(operations ?? 0)} operations`, DIM),
    span(`  ${formatNumber(failing ?? 0)} seeds failed`, (failing ?? 0) > 0 ? { color: 'red' } : DIM),
  ];
  return framed({ title: 'Progress', aside: rateOf(view.doing), width, height }, [line, counts]);
});

/** Of what the hunt says of itself, the rate and the time left; else all of it. */
function rateOf(doing: string): string {
  const [, rate] = /\d {2}(.* left) {2}/.exec(doing) ?? [];
  return rate ?? doing;
}

const COLUMNS = ['FAILURE', 'SEEDS', 'FIRST', 'SEED', 'OPERATIONS', 'RUN'] as const;

const FailuresPane = pane<{ view: CampaignView }>('CampaignFailuresPane', ({ view }, { width, height }) => {
  const { rows, unjudged } = view.picture;
  const inner = innerSize(width, height);
  const chosen = Math.min(view.chosen, Math.max(0, rows.length - 1));
  const room = inner.height - 1;
  const lines = rows.map((row, i) => {
    const line = clickable(failureLine(row, inner.width), inner.width, { on: 'row', at: i });
    return i === chosen ? restyle(line, { inverse: true }) : line;
  });
  const top = topAround(chosen, room, lines.length, view.workspace.anchor);
  const none = view.phase === 'done' ? 'no seed failed' : 'no failure yet';
  return framed(
    {
      title: 'Distinct failures',
      aside:
        unjudged === null || unjudged === 0
          ? formatNumber(rows.length)
          : `${formatNumber(rows.length)}, ${formatNumber(unjudged)} without a verdict`,
      width,
      height,
      color: rows.length > 0 ? 'red' : undefined,
    },
    [
      cells(COLUMNS, inner.width).map((text) => span(text, DIM)),
      ...(lines.length === 0 ? [[span(none, DIM)]] : scrolled(lines, top, room)),
    ],
  );
});

function failureLine(row: FailureRow, width: number): Line {
  const { failure, seeds, firstSeed, seed, operations, smallest, run } = row;
  const size = operations === null ? '' : formatNumber(operations);
  const texts = cells(
    [
      safeText(failure),
      seeds === null ? '' : formatNumber(seeds),
      firstSeed === null ? '' : String(firstSeed),
      String(seed),
      smallest === null ? size : `${size} → ${smallest.operations}`,
      run === null ? '-' : shortId(run),
    ],
    width,
  );
  return texts.map((text) => span(text));
}

function cells(texts: readonly string[], width: number): string[] {
  const [failure = '', seeds = '', first = '', seed = '', operations = '', run = ''] = texts;
  const isWide = width >= 90;
  const fixed = [
    `  ${alignRight(seeds, 6)}`,
    ...(isWide ? [`  ${alignRight(first, 8)}`, `  ${alignRight(seed, 10)}`] : []),
    `  ${alignRight(operations, 12)}`,
    `  ${alignLeft(run, 13)}`,
  ];
  return [alignLeft(failure, width - fixed.reduce((sum, text) => sum + text.length, 0)), ...fixed];
}

const FailurePane = pane<{ row: FailureRow | undefined }>(
  'CampaignFailurePane',
  ({ row }, { width, height }) => {
    const inner = innerSize(width, height);
    if (row === undefined) return framed({ title: '', width, height }, []);
    const lines: Line[] = [
      ...wrap(safeText(row.message), inner.width)
        .slice(0, 3)
        .map((text): Line => [span(text, BOLD)]),
      ...(row.reproduce === null
        ? []
        : wrap(safeText(row.reproduce), inner.width - 11).map(
            (text, i): Line => [
              span((i === 0 ? 'reproduce' : '').padEnd(11), DIM),
              span(text, { color: 'cyan' }),
            ],
          )),
      [],
      ...storyLines(row, inner.width),
    ];
    return framed({ title: `Seed ${row.seed}`, aside: smallText(row), width, height }, lines);
  },
);

function smallText({ run, smallest, why }: FailureRow): string {
  if (smallest !== null)
    return `${smallest.operations} of ${smallest.operationsBefore} operations are enough`;
  if (why !== '') return 'cannot be made small';
  return run === null ? 'to be recorded' : 'not shrunk yet';
}

/** How the smallest reproduction goes, step by step. */
function storyLines({ smallest, why }: FailureRow, width: number): Line[] {
  if (smallest === null) return why === '' ? [] : [[span(safeText(why), DIM)]];
  const actors = Math.min(14, Math.max(5, ...smallest.story.map(({ actor }) => safeText(actor).length)));
  return smallest.story.map(({ step, virtualMs, actor, operation, what, answer }): Line => {
    const said = [what, answer].filter((text) => text !== '').map(safeText);
    return [
      span(`${alignRight(String(step), 3)}  ${formatClock(virtualMs, 3)}  `, DIM),
      span(`${alignLeft(safeText(actor), actors)}  `),
      span(alignLeft(safeText(operation), Math.min(44, Math.floor(width * 0.34))), { color: 'cyan' }),
      span(`  ${said.join('  ')}`),
    ];
  });
}

const SaidPane = pane<{ said: readonly string[] }>('CampaignSaidPane', ({ said }, { width, height }) => {
  const inner = innerSize(width, height);
  const lines = said.slice(-inner.height).map((text): Line => [span(text, DIM)]);
  return framed({ title: 'Log', width, height }, lines);
});

const QUESTIONS = {
  'confirm-stop': 'Stop this campaign? --resume goes on with it.',
  'confirm-quit': 'Leaving stops this campaign; --resume goes on with it. Leave?',
} as const;

export function keysOf(view: CampaignView): Omit<KeyBarProps, 'width'> {
  const { overlay, notice, workspace } = view;
  const bar = { views: [], chosen: null };
  if (workspace.palette !== null) return { ...bar, keys: IN_PALETTE, said: null };
  if (overlay === 'confirm-stop' || overlay === 'confirm-quit') {
    return { ...bar, keys: ANSWERS, said: { text: QUESTIONS[overlay], as: 'question' } };
  }
  const isZoomed = zoomedPane(workspace, panesOf(view)) !== null;
  const said = notice === null ? null : ({ text: notice, as: 'notice' } as const);
  return { ...bar, isZoomed, keys: keysHere(view), said };
}
