/** The Forensics view: the story of the failure, and the whole bundle as a tree. */
import type { Forensic, Outcome } from '../../../server/contract/index.ts';
import { shownTree } from '../../run/bundle-tree.ts';
import { formatNumber } from '../../run/format.ts';
import { failureTitle, isLoss, type Loss } from '../../run/outcome.ts';
import { failureOf, outcomeOfData } from '../../run/picture.ts';
import type { RunData } from '../../run/run-data.ts';
import { safeText } from '../../run/sanitize.ts';
import { framed, innerSize } from '../components/frame.ts';
import { placeText, scrolled } from '../components/scroll.ts';
import { BOLD, clickable, cutLine, DIM, type Line, restyle, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import { topAround } from '../state/anchor.ts';
import { whyEvent } from '../state/selectors.ts';
import type { Job, State, Tasks } from '../state/state.ts';
import { looksOf } from '../state/workspace.ts';
import { OUTCOME_COLOR } from '../theme.ts';
import { CityPane } from './city-pane.tsx';
import {
  diagnosis,
  doneAgain,
  hasSmallest,
  history,
  lastEvents,
  reproduction,
  runAgain,
  type Told,
  whatBroke,
  whatElse,
  wholeRunHint,
} from './forensic-lines.ts';
import type { DrawPane, ViewProps } from './view-props.ts';
import { NO_WHY, whySection } from './why-section.ts';

export function ForensicsView({ state, area }: ViewProps) {
  const { x, y, width, height } = area;
  const { bundle, tab, tasks } = state.forensics;
  const at = tab === 'story' ? whyEvent(state.forensics) : null;
  const job = state.job === null ? 0 : Math.max(6, Math.floor(height * 0.45));
  const city = at === null ? NO_CITY : cityPlace(width, height - job);
  const upper = { x, y, width: width - city.columns, height: height - job - city.rows };
  return (
    <>
      {bundle === null ? (
        <NothingPane data={state.data} tasks={tasks} {...upper} />
      ) : (
        forensicsPane(state, tab, upper)
      )}
      {at !== null &&
        (city.columns > 0 || city.rows > 0) &&
        forensicsPane(state, 'city', {
          x: city.columns > 0 ? x + upper.width : x,
          y: city.columns > 0 ? y : y + upper.height,
          width: city.columns > 0 ? city.columns : width,
          height: city.columns > 0 ? upper.height : city.rows,
        })}
      {state.job !== null && forensicsPane(state, 'job', { x, y: y + height - job, width, height: job })}
    </>
  );
}

export const forensicsPane: DrawPane = (state, name, place) => {
  const { scroll, bundle, tasks, whyStep, isWhole } = state.forensics;
  const looks = { ...place, ...looksOf(state.workspace, name) };
  if (name === 'job') return state.job && <JobPane job={state.job} {...looks} />;
  if (name === 'city')
    return (
      <CityPane
        cities={state.replay.cities}
        at={whyEvent(state.forensics) ?? -1}
        failed={bundle?.object ?? null}
        scroll={0}
        day={null}
        {...looks}
      />
    );
  if (bundle === null) return null;
  if (name === 'bundle') return <TreePane state={state} {...looks} />;
  const story = { bundle, outcome: outcomeOfData(state.data), scroll, tasks, whyStep, isWhole };
  return isSection(name) ? (
    <SectionPane {...story} section={name} {...looks} />
  ) : (
    <StoryPane {...story} {...looks} />
  );
};

const NO_CITY = { columns: 0, rows: 0 };

/** Beside the story where it stays readable, else below it; nowhere on the smallest screens. */
function cityPlace(width: number, height: number): { columns: number; rows: number } {
  if (width >= 120) return { columns: 32, rows: 0 };
  return height >= 18 ? { columns: 0, rows: 6 } : NO_CITY;
}

interface NothingProps {
  data: RunData;
  tasks: Tasks;
}

const NothingPane = pane<NothingProps>('NothingPane', ({ data, tasks }, { width, height }) => {
  const failed = data.status === 'FAIL' || failureOf(data) !== null;
  const text =
    data.end === null && !failed
      ? 'Nothing is broken so far. The first violation ends the run and is told here.'
      : failed
        ? 'The bundle is on its way.'
        : `The run ended ${data.status}: nothing was broken. v executes it again and compares.`;
  const again = doneAgain(tasks).map((line): Line => [span(line)]);
  return framed({ title: 'Forensics', width, height }, [
    [],
    [span(text, failed ? {} : { color: 'green' })],
    ...again,
  ]);
});

/** Two columns where there is room. */
const WIDE = 150;

interface StoryProps {
  bundle: Forensic;
  outcome: Outcome;
  scroll: number;
  tasks: Tasks;
  whyStep: number | null;
  isWhole: boolean;
}

const StoryPane = pane<StoryProps>('StoryPane', (props, { width, height }) => {
  const { bundle, outcome, tasks, whyStep, isWhole } = props;
  const inner = innerSize(width, height);
  const story = isLoss(outcome) ? diagnosisOf(bundle, outcome) : storyOf(props);
  const told = inner.width >= WIDE ? twoColumns(story, inner.width) : oneColumn(story, inner.width);
  const looked = { step: whyStep, unfolded: isWhole };
  const why = isLoss(outcome) ? NO_WHY : whySection(tasks.explain, bundle, inner.width, looked);
  const lines = [...why.lines, ...told];
  // The step that is looked at stays in the middle.
  const scroll = why.chosen === null ? props.scroll : Math.max(0, why.chosen - Math.floor(inner.height / 2));
  return framed(
    {
      title: safeText(failureTitle(outcome, bundle)),
      aside: placeText(scroll, inner.height, lines.length),
      footLeft: placeOfStep(tasks, whyStep),
      footRight: 'Tab: the whole bundle',
      width,
      height,
      color: isLoss(outcome) ? OUTCOME_COLOR[outcome] : 'red',
    },
    scrolled(lines, scroll, inner.height),
  );
});

/** `step 13, event 97`; empty: none is looked at. */
function placeOfStep({ explain }: Tasks, step: number | null): string {
  if (step === null || explain?.state !== 'ready') return '';
  const event = explain.result.steps.find((each) => each.step === step)?.event ?? null;
  return `step ${step}${event === null ? '' : `, event ${formatNumber(event)}`}`;
}

const LAST_EVENTS = 20;

/** The parts of what is told: what happened and how to see it again, what else is known, and what stands for that while it is folded. */
interface Story {
  main: (width: number) => Line[];
  more: (width: number, events: number) => Line[];
  /** Null: nothing is folded. */
  folded: ((width: number) => Line[]) | null;
}

function diagnosisOf(bundle: Forensic, loss: Loss): Story {
  return {
    main: (width) => [...diagnosis(bundle, loss, width), ...runAgain(bundle, width)],
    more: (width, events) => lastEvents(bundle, width, events),
    folded: null,
  };
}

function toldOf({ tasks: { explain }, isWhole }: Pick<StoryProps, 'tasks' | 'isWhole'>): Told {
  return { why: explain?.state === 'ready' ? explain.result : null, unfolded: isWhole };
}

/** It opens with the smallest reproduction where it is known; a key shows the whole run. */
function storyOf({ bundle, tasks, isWhole }: StoryProps): Story {
  const told = toldOf({ tasks, isWhole });
  const isFolded = !isWhole && hasSmallest(bundle);
  return {
    main: (width) => [
      ...whatBroke(bundle, width, told),
      ...(isFolded ? [[]] : history(bundle, width, told)),
      ...reproduction(bundle, tasks, width),
    ],
    more: (width, events) => [
      ...(isFolded ? history(bundle, width, told) : []),
      ...whatElse(bundle, width, events),
    ],
    folded: isFolded ? wholeRunHint : null,
  };
}

function oneColumn({ main, more, folded }: Story, width: number): Line[] {
  return [...main(width), ...(folded === null ? [[], ...more(width, LAST_EVENTS)] : folded(width))];
}

function twoColumns({ main, more }: Story, width: number): Line[] {
  const left = Math.floor(width * 0.55);
  const right = width - left - 3;
  const lefts = main(left);
  const rights = more(right, 2 * LAST_EVENTS);
  return Array.from({ length: Math.max(lefts.length, rights.length) }, (_, i): Line => {
    const cut = cutLine(lefts[i] ?? [], left);
    const gap = left - cut.reduce((sum, { text }) => sum + text.length, 0);
    return [...cut, span(' '.repeat(Math.max(0, gap))), span(' │ ', DIM), ...(rights[i] ?? [])];
  });
}

/** The sections that can stand alone. */
const SECTIONS = {
  why: ({ tasks, bundle, whyStep, isWhole }: StoryProps, width: number) =>
    whySection(tasks.explain, bundle, width, { step: whyStep, unfolded: isWhole }).lines,
  broke: ({ bundle, ...told }: StoryProps, width: number) => [
    ...whatBroke(bundle, width, toldOf(told)),
    [],
    ...reproduction(bundle, told.tasks, width),
  ],
  history: ({ bundle, ...told }: StoryProps, width: number) => history(bundle, width, toldOf(told)),
  else: ({ bundle }: StoryProps, width: number) => whatElse(bundle, width, 2 * LAST_EVENTS),
} as const satisfies Record<string, (props: StoryProps, width: number) => readonly Line[]>;
type Section = keyof typeof SECTIONS;

function isSection(name: string): name is Section {
  return name in SECTIONS;
}

const SectionPane = pane<StoryProps & { section: Section }>(
  'SectionPane',
  ({ section, ...story }, { width, height }) => {
    const inner = innerSize(width, height);
    const lines = SECTIONS[section](story, inner.width);
    return framed(
      {
        title: safeText(failureTitle(story.outcome, story.bundle)),
        aside: placeText(story.scroll, inner.height, lines.length),
        footLeft: placeOfStep(story.tasks, story.whyStep),
        width,
        height,
        color: 'red',
      },
      scrolled(lines, story.scroll, inner.height),
    );
  },
);

const TreePane = pane<{ state: State }>('TreePane', ({ state }, { width, height }) => {
  const inner = innerSize(width, height);
  const { bundle, cursor, unfolded } = state.forensics;
  const nodes = shownTree(bundle, unfolded);
  const top = topAround(cursor, inner.height, nodes.length, state.workspace.anchor);
  const lines = nodes.slice(top, top + inner.height).map((node, i): Line => {
    const mark = node.isBranch ? (node.isUnfolded ? '▾ ' : '▸ ') : '  ';
    const pieces = [
      span(`${'  '.repeat(node.depth)}${mark}`, DIM),
      span(node.name, BOLD),
      span(node.isUnfolded ? '' : `  ${node.value}`, node.isBranch ? DIM : {}),
    ];
    const row = clickable(pieces, inner.width, { on: 'row', at: top + i });
    return top + i === cursor ? restyle(row, { inverse: true }) : row;
  });
  return framed(
    {
      title: 'Bundle',
      aside: placeText(top, inner.height, nodes.length),
      footLeft: safeText(nodes[cursor]?.path ?? ''),
      footRight: 'Enter folds, Tab: the story',
      width,
      height,
    },
    lines,
  );
});

const JobPane = pane<{ job: Job }>('JobPane', ({ job }, { width, height }) => {
  const inner = innerSize(width, height);
  const aside = job.exitCode === null ? 'runs; Esc ends it' : `exit code ${job.exitCode}; Esc closes`;
  const color = job.exitCode === null ? 'cyan' : job.exitCode === 0 ? 'green' : 'yellow';
  const lines = job.lines.slice(-inner.height).map((text): Line => [span(text)]);
  return framed({ title: `simcity ${job.title}`, aside, width, height, color }, lines);
});
