/** What failed in a campaign: each distinct failure in a line, and the chosen one in small. */
import { formatClock, formatNumber } from '../../run/format.ts';
import { runName } from '../../run/run-name.ts';
import { safeText } from '../../run/sanitize.ts';
import { alignLeft, alignRight, truncate, wrap } from '../../terminal/columns.ts';
import { framed, innerSize } from '../components/frame.ts';
import { scrolled } from '../components/scroll.ts';
import { BOLD, clickable, DIM, type Line, restyle, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import { topAround } from '../state/anchor.ts';
import type { FailureRow } from './picture.ts';
import type { CampaignView } from './state.ts';

const COLUMNS = ['FAILURE', 'SEEDS', 'FIRST', 'SEED', 'OPERATIONS', 'RUN'] as const;

export const FailuresPane = pane<{ view: CampaignView }>(
  'CampaignFailuresPane',
  ({ view }, { width, height }) => {
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
  },
);

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
      run === null ? '-' : runName(run),
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
    `  ${alignLeft(run, 9)}`,
  ];
  return [alignLeft(failure, width - fixed.reduce((sum, text) => sum + text.length, 0)), ...fixed];
}

const MESSAGE_ROWS = 3;
/** As a rule, with the empty line below it. */
const REPRODUCE_ROWS = 4;

export const FailurePane = pane<{ row: FailureRow | undefined }>(
  'CampaignFailurePane',
  ({ row }, { width, height }) => {
    const inner = innerSize(width, height);
    if (row === undefined) return framed({ title: '', width, height }, []);
    const story = storyLines(row, inner.width);
    const message = wrap(safeText(row.message), inner.width);
    // The story is told below it; what is alone has all the room.
    const room = story.length === 0 ? Math.max(MESSAGE_ROWS, inner.height - REPRODUCE_ROWS) : MESSAGE_ROWS;
    const shown = cutTo(message, room, inner.width);
    const lines: Line[] = [
      ...shown.map((text): Line => [span(text, BOLD)]),
      ...(row.reproduce === null
        ? []
        : wrap(safeText(row.reproduce), inner.width - 11).map(
            (text, i): Line => [
              span((i === 0 ? 'reproduce' : '').padEnd(11), DIM),
              span(text, { color: 'cyan' }),
            ],
          )),
      [],
      ...story,
    ];
    return framed({ title: `Seed ${row.seed}`, aside: smallText(row), width, height }, lines);
  },
);

/** The first of the lines; what is left out is told by an ellipsis. */
function cutTo(lines: readonly string[], most: number, width: number): string[] {
  if (lines.length <= most) return [...lines];
  return [...lines.slice(0, most - 1), truncate(lines.slice(most - 1).join(' '), width)];
}

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
