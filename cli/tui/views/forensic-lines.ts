/** The story of a failure, section by section, from its bundle. */
import {
  eventSchema,
  type Forensic,
  type RunEvent,
  type Smallest,
  smallestSchema,
  type Task,
  type TaskKind,
  type Why,
} from '../../../server/contract/index.ts';
import { historyLines } from '../../output/history-lines.ts';
import { laneLines } from '../../output/why-lanes.ts';
import { bisectedLines } from '../../run/bisect-words.ts';
import { actualWords, expectedWords } from '../../run/bundle-words.ts';
import { processLines } from '../../run/describe-process.ts';
import { formatClock, formatNumber } from '../../run/format.ts';
import { LOSS_SAYS, type Loss } from '../../run/outcome.ts';
import { proofLines, verifiedLines } from '../../run/proof.ts';
import { ruleLines } from '../../run/rules.ts';
import { safeLines, safeText } from '../../run/sanitize.ts';
import { taskWords } from '../../run/task-words.ts';
import { sentenceText } from '../../run/value-text.ts';
import { wireStory } from '../../run/wire-story.ts';
import { wrap } from '../../terminal/columns.ts';
import { eventLine } from '../components/event-line.ts';
import { table } from '../components/table.ts';
import { BOLD, DIM, type Line, PLAIN, type Style, span } from '../paint/line.ts';
import { lineOf } from '../paint/pieces.ts';
import type { Tasks } from '../state/state.ts';

const INDENT = '  ';

/** What else is known of a failure, and how much of it is shown. */
export interface Told {
  /** Why it broke; null: not known. */
  why: Why | null;
  unfolded: boolean;
}

/** What broke, its smallest reproduction where it is known, and expected against actual. */
export function whatBroke(bundle: Forensic, width: number, told: Told): Line[] {
  return [
    ...paragraph(bundle.message, width, { bold: true }),
    [span(kindAndPlace(bundle), DIM), span(bundle.object === null ? '' : `  ${safeText(bundle.object)}`)],
    [],
    ...smallest(bundle, width, told),
    ...value('Expected', expectedWords(bundle), width, { color: 'green' }),
    ...value('Actual', actualWords(bundle), width, { color: 'redBright' }),
  ];
}

/** True when the whole run may wait for a key, as its smallest reproduction tells the same. */
export function hasSmallest(bundle: Forensic): boolean {
  return smallestSchema.safeParse(bundle.smallest).success;
}

/** What stands in place of the whole run. */
export function wholeRunHint(width: number): Line[] {
  const text = 'e shows the whole run: its history, what differs, its faults, its last events';
  return [[], ...wrap(text, width).map((each): Line => [span(each, DIM)])];
}

/** What went wrong with the run itself. */
export function diagnosis(bundle: Forensic, loss: Loss, width: number): Line[] {
  return [
    ...paragraph(bundle.message, width, { bold: true }),
    [span(kindAndPlace(bundle), DIM)],
    [],
    ...paragraph(LOSS_SAYS[loss], width, {}),
    [],
    ...process(bundle, width),
  ];
}

function kindAndPlace({ kind, eventIndex, virtualMs }: Forensic): string {
  const at = eventIndex === null ? '' : `  event ${formatNumber(eventIndex)}`;
  return `${kind}${at}${virtualMs === null ? '' : `  ${formatClock(virtualMs, 3)}`}`;
}

/** What else is known: the city, the faults, the last events. */
export function whatElse(bundle: Forensic, width: number, events: number): Line[] {
  return [
    ...list("City's difference", bundle.difference.map(sentenceText), width),
    ...faults(bundle, width),
    ...list('Rules of the service', ruleLines(bundle.rules), width),
    ...process(bundle, width),
    ...lastEvents(bundle, width, events),
  ];
}

/** How to see it again. */
export function reproduction(bundle: Forensic, tasks: Tasks, width: number): Line[] {
  return [
    [span('Reproduce', BOLD), span('  y copies, v verifies, x shrinks, r replays', DIM)],
    ...paragraph(`${INDENT}${safeText(bundle.reproduce)}`, width, { color: 'cyan' }),
    ...[...proofLines(bundle), ...doneAgain(tasks)].flatMap((line) =>
      paragraph(`${INDENT}${line}`, width, PLAIN),
    ),
  ];
}

/** How making it small, executing it again and bisecting stand, or what came of them. */
export function doneAgain({ shrink, verify, bisect }: Tasks): string[] {
  return [
    ...(shrink?.state === 'pending' ? [taskWords('shrink', shrink) ?? ''] : []),
    ...(verify?.state === 'ready' ? verifiedLines(verify.result) : waitingFor('verify', verify)),
    ...(bisect?.state === 'ready' ? bisectedLines(bisect.result) : waitingFor('bisect', bisect)),
  ];
}

function waitingFor(kind: TaskKind, task: Task | null): string[] {
  return task === null ? [] : [taskWords(kind, task) ?? ''];
}

/** How to run it once more, where there is nothing to look into. */
export function runAgain(bundle: Forensic, width: number): Line[] {
  return [
    [span('Run again', BOLD), span('  y copies, r replays', DIM)],
    ...paragraph(`${INDENT}${safeText(bundle.reproduce)}`, width, { color: 'cyan' }),
  ];
}

function paragraph(text: string, width: number, style: Style): Line[] {
  return safeLines(text)
    .split('\n')
    .flatMap((each) => wrap(each, width))
    .map((each) => [span(each, style)]);
}

function value(title: string, text: string | null, width: number, style: Style): Line[] {
  if (text === null) return [];
  return wrap(text, width - 11)
    .slice(0, 6)
    .map((each, i) => [span((i === 0 ? title : '').padEnd(11), BOLD), span(each, style)]);
}

function list(title: string, items: readonly string[], width: number): Line[] {
  if (items.length === 0) return [];
  return [
    [span(title, BOLD)],
    ...items.flatMap((item) =>
      wrap(safeText(item), width - 2).map((each): Line => [span(`${INDENT}${each}`)]),
    ),
    [],
  ];
}

function faults({ faultsActive }: Forensic, width: number): Line[] {
  if (faultsActive.length === 0) return [];
  const text = faultsActive.map(safeText).join(', ');
  return [
    [span('Faults active', BOLD)],
    ...wrap(text, width - 2).map((each): Line => [span(`${INDENT}${each}`, { color: 'red' })]),
    [],
  ];
}

function process({ process: said }: Forensic, width: number): Line[] {
  const lines = processLines(said ?? {});
  if (lines.length === 0) return [];
  return [
    [span('The process', BOLD)],
    ...lines.flatMap((line) => {
      const indent = `${INDENT}${line.startsWith(INDENT) ? INDENT : ''}`;
      return wrap(line.trimStart(), width - indent.length).map((each): Line => [span(`${indent}${each}`)]);
    }),
    [],
  ];
}

/** The operations on the object: those that carry the failure, the rest folded. */
export function history(bundle: Forensic, width: number, { why, unfolded }: Told): Line[] {
  if (bundle.history.length === 0) return [];
  const of = bundle.object === null ? '' : ` of ${safeText(bundle.object)}`;
  return [
    [],
    [
      span(`History${of}`, BOLD),
      span(`  ✖ is the answer that broke it; e ${unfolded ? 'folds the rest' : 'shows all'}`, DIM),
    ],
    ...historyLines(bundle, why, width, { unfolded, hint: 'e expands' }).map(lineOf),
    [],
  ];
}

export function lastEvents({ lastEvents: events }: Forensic, width: number, most: number): Line[] {
  const parsed = events.flatMap((each): RunEvent[] => {
    const event = eventSchema.safeParse(each);
    return event.success ? [event.data] : [];
  });
  if (parsed.length === 0) return [];
  return [[span('Last events', BOLD)], ...parsed.slice(-most).map((event) => eventLine(event, width)), []];
}

/** The smallest part that still fails. The lanes of why it broke tell its story, and more. */
function smallest({ smallest: found }: Forensic, width: number, { why, unfolded }: Told): Line[] {
  const parsed = smallestSchema.safeParse(found);
  if (!parsed.success) return [];
  const { operations, operationsBefore, reproduced, reproduce, minimal } = parsed.data;
  const noun = operationsBefore === 1 ? 'operation' : 'operations';
  const count = `${operations} of ${formatNumber(operationsBefore)} ${noun}${minimal ? ', none can be left out' : ''}`;
  const times = `failed ${reproduced.times} of ${reproduced.of} times`;
  return [
    [span('Smallest reproduction', BOLD), span(`  ${count}, ${times}`, DIM)],
    ...(why === null || unfolded ? storyTable(parsed.data) : []),
    ...(why === null ? wireLanes(parsed.data, width, unfolded) : []),
    ...paragraph(`${INDENT}${safeText(reproduce)}`, width, { color: 'cyan' }),
    [],
  ];
}

function storyTable({ story }: Smallest): Line[] {
  const rows = story.map(({ step, actor, operation, what, answer }) => ({
    step: String(step).padStart(3),
    actor: safeText(actor),
    operation: safeText(operation),
    // In one column: a sentence of what it breaks would push the answers out of the picture.
    said: [what, answer]
      .filter((text) => text !== '')
      .map(safeText)
      .join('  '),
  }));
  return table({ data: rows, padding: 2 }).map((each) => [span(INDENT), ...each]);
}

/** What the service sent to its database meanwhile, of a run behind a gate. */
function wireLanes({ wire }: Smallest, width: number, unfolded: boolean): Line[] {
  if (wire.length === 0) return [];
  const drawn = laneLines(wireStory(wire), width - INDENT.length, { unfolded });
  return [[], ...drawn.map(({ pieces }): Line => [span(INDENT), ...lineOf(pieces)]), []];
}
