/** The story of a failure, section by section, from its bundle. */
import { eventSchema, type Forensic, type RunEvent, smallestSchema } from '../../../server/contract/index.ts';
import { processLines } from '../../run/describe-process.ts';
import { formatClock, formatNumber } from '../../run/format.ts';
import { LOSS_SAYS, type Loss } from '../../run/outcome.ts';
import { proofLines } from '../../run/proof.ts';
import { ruleLines } from '../../run/rules.ts';
import { safeLines, safeText } from '../../run/sanitize.ts';
import { valueText } from '../../run/value-text.ts';
import { wrap } from '../../terminal/columns.ts';
import { eventLine } from '../components/event-line.ts';
import { table } from '../components/table.ts';
import { BOLD, DIM, type Line, PLAIN, type Style, span } from '../paint/line.ts';
import { storyLines } from './story-intervals.ts';

const INDENT = '  ';

/** What broke, expected against actual, and the object's history. */
export function whatBroke(bundle: Forensic, width: number, unfolded: boolean): Line[] {
  return [
    ...paragraph(bundle.message, width, { bold: true }),
    [span(kindAndPlace(bundle), DIM), span(bundle.object === null ? '' : `  ${safeText(bundle.object)}`)],
    [],
    ...value('Expected', bundle.expected, width, { color: 'green' }),
    ...value('Actual', bundle.actual, width, { color: 'redBright' }),
    ...history(bundle, width, unfolded),
  ];
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

/** What else is known: the city, the faults, the last events, the smallest reproduction. */
export function whatElse(bundle: Forensic, width: number, events: number): Line[] {
  return [
    ...smallest(bundle, width),
    ...list("City's difference", bundle.difference, width),
    ...faults(bundle, width),
    ...list('Rules of the service', ruleLines(bundle.rules), width),
    ...process(bundle, width),
    ...lastEvents(bundle, width, events),
  ];
}

/** How to see it again. */
export function reproduction(bundle: Forensic, width: number): Line[] {
  return [
    [span('Reproduce', BOLD), span('  y copies, v verifies, x shrinks, r replays', DIM)],
    ...paragraph(`${INDENT}${safeText(bundle.reproduce)}`, width, { color: 'cyan' }),
    ...proofLines(bundle).flatMap((line) => paragraph(`${INDENT}${line}`, width, PLAIN)),
  ];
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

function value(title: string, content: unknown, width: number, style: Style): Line[] {
  if (content === null || content === undefined) return [];
  const text = valueText(content);
  const lines = wrap(text === '[]' ? 'nothing: no answer would have been right' : text, width - 11);
  return lines
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

function history(bundle: Forensic, width: number, unfolded: boolean): Line[] {
  if (bundle.history.length === 0) return [];
  const of = bundle.object === null ? '' : ` of ${safeText(bundle.object)}`;
  return [
    [],
    [
      span(`History${of}`, BOLD),
      span(`  ✖ is the answer that broke it; e ${unfolded ? 'folds the rest' : 'shows all'}`, DIM),
    ],
    ...storyLines(bundle, width, { unfolded }),
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

function smallest({ smallest: found }: Forensic, width: number): Line[] {
  const parsed = smallestSchema.safeParse(found);
  if (!parsed.success) return [];
  const { operations, operationsBefore, story, reproduced, reproduce, minimal } = parsed.data;
  const rows = story.map(({ step, actor, operation, what, answer }) => ({
    step: String(step).padStart(3),
    actor: safeText(actor),
    operation: safeText(operation),
    what: safeText(what),
    answer: safeText(answer),
  }));
  const count = `${operations} of ${formatNumber(operationsBefore)} operations${minimal ? ', none can be left out' : ''}`;
  return [
    [
      span('Smallest reproduction', BOLD),
      span(`  ${count}, failed ${reproduced.times} of ${reproduced.of} times`, DIM),
    ],
    ...table({ data: rows, padding: 2 }).map((each) => [span(INDENT), ...each]),
    ...paragraph(`${INDENT}${safeText(reproduce)}`, width, { color: 'cyan' }),
    [],
  ];
}
