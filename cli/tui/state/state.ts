/** All that mission control knows and shows: what is known of the run, and where the user stands. */
import type { ChartStyle, CityState, Forensic, Run, Task, TaskKind } from '../../../server/contract/index.ts';
import type { LinkStatus } from '../../client/stream.ts';
import type { Filtered } from '../../run/filtered.ts';
import type { Matcher } from '../../run/matcher.ts';
import { NO_PAGES, type Pages } from '../../run/pages.ts';
import { initialData, type RunData } from '../../run/run-data.ts';
import type { TextInput } from './text-input.ts';
import { EMPTY_WORKSPACE, type OverEffect, type Workspace } from './workspace.ts';

export const VIEW_IDS = ['live', 'events', 'forensics', 'replay', 'checks'] as const;
export type ViewId = (typeof VIEW_IDS)[number];
export type Overlay = 'help' | 'confirm-stop' | 'confirm-quit';

/** The Events view: a list over the whole history, or over what a filter leaves of it. */
export interface EventsState {
  /** Index of the chosen event; null: the newest, followed. */
  cursor: number | null;
  filtered: Filtered | null;
  /** True while the chosen event is opened. */
  isOpen: boolean;
  /** The last search, for `n` and `N`. */
  search: Matcher | null;
}

/** A search through the history, page by page, until something matches. */
export interface Seek {
  view: 'events' | 'replay';
  matcher: Matcher;
  step: 1 | -1;
  /** The next event to look at. */
  at: number;
}

/** By kind, as far as they are known; null: nobody has asked. */
export type Tasks = { readonly [Kind in TaskKind]: Task<Kind> | null };

export interface ForensicsState {
  bundle: Forensic | null;
  /** True when more may be stored with the run by now; what is known is shown until that came. */
  isStale: boolean;
  tab: 'story' | 'bundle';
  /** What was asked for of the run, such as why it broke. */
  tasks: Tasks;
  /** The step of it that is looked at, with the city beside; null: none. */
  whyStep: number | null;
  /** True with all that is folded otherwise. */
  isWhole: boolean;
  scroll: number;
  /** Chosen line of the tree. */
  cursor: number;
  /** Paths in the tree that are unfolded. */
  unfolded: ReadonlySet<string>;
}

export interface ReplayState {
  /** Index of the event after which the city is shown; null: the newest, followed. */
  at: number | null;
  isPlaying: boolean;
  /** Events a second, by position in SPEEDS. */
  speed: number;
  /** Parts of an event that playing has gone on but not shown. */
  carry: number;
  /** Cities by event, the newest fetched last, bounded. */
  cities: ReadonlyMap<number, CityState>;
  /** The first row of the city that is shown, where not all fit. */
  cityRow: number;
  /** By its number, the day of calendars that is shown alone; null: all are. */
  cityDay: number | null;
  other: OtherRun | null;
}

/** The run at the side. */
export interface OtherRun {
  run: Run;
  pages: Pages;
  /** Events that are known to be equal. */
  compared: number;
  /** What differs in the settings; '' for nothing. Safe to print. */
  settings: string;
  /** Index of the first event behind the start that differs; null while none is known to. */
  partsAt: number | null;
  /** True once both histories were compared to their ends. */
  isCompared: boolean;
}

/** Another command that runs beside: replay --verify, shrink. */
export interface Job {
  title: string;
  /** Safe to print, bounded. */
  lines: readonly string[];
  /** Null while it runs. */
  exitCode: number | null;
}

/**
 * `again`: to the form of another run like this one; `launch`: to an empty form; `campaign`: to the
 * campaign `nextCampaign`; `run`: to another run, `nextRun`.
 */
export type Leaving = 'quit' | 'interrupt' | 'runs' | 'again' | 'launch' | 'campaign' | 'run';

export interface State {
  data: RunData;
  /** The picture that stays while paused; `data` goes on behind it. */
  frozen: RunData | null;
  link: LinkStatus;
  view: ViewId;
  overlay: Overlay | null;
  input: TextInput | null;
  /** A sentence for the key bar, until the next key. */
  notice: string | null;
  /** True once a stop was asked for. */
  stopRequested: boolean;
  /** True when the end of the run is also the end of mission control. */
  leaveAtEnd: boolean;
  /** Not null once mission control has to close. */
  leaving: Leaving | null;
  nextRun: Run | null;
  /** What is gone to next with `campaign`. */
  nextCampaign: string | null;
  workspace: Workspace;
  size: Size;
  nowMs: number;
  /** True for `run`: Ctrl-C stops. */
  owns: boolean;
  /** True when leaving ends the run's server. */
  hosted: boolean;
  /** True when nothing may be changed from here. */
  readOnly: boolean;
  /** True when Esc goes back to the list of runs. */
  cameFromList: boolean;
  /** The stored history around the places that are looked at. */
  pages: Pages;
  /** False until the charts have got the part of the run before the stream. */
  hasPast: boolean;
  /** The occasion on which the run itself was last read again; null before the first. */
  runReadFor: string | null;
  /** False until the `start` event was seen, in the stream or by itself. */
  hasStart: boolean;
  seek: Seek | null;
  events: EventsState;
  forensics: ForensicsState;
  replay: ReplayState;
  checksScroll: number;
  /** What the charts are drawn with. */
  charts: ChartStyle;
  job: Job | null;
  /** What whoever runs the state has to do, each once, in order of their numbers. */
  effects: readonly Effect[];
}

/** Something to do outside, asked for by a key. */
export type Effect = { number: number } & (
  | { do: 'stop' }
  | { do: 'job'; command: 'verify' | 'shrink' }
  | { do: 'end-job' }
  | { do: 'copy'; text: string }
  | { do: 'save'; file: string }
  | { do: 'compare'; runId: string }
  | { do: 'newest-campaign' }
  | OverEffect
);

/** Of the terminal, in columns and rows. */
export interface Size {
  columns: number;
  rows: number;
}

export interface InitialState {
  run: Run;
  size: Size;
  nowMs: number;
  owns: boolean;
  hosted: boolean;
  exitOnEnd: boolean;
  readOnly?: boolean;
  cameFromList?: boolean;
  view?: ViewId;
  /** `line` by default. */
  charts?: ChartStyle;
  /** Index of the first event that the stream brings; 0 by default. */
  streamFrom?: number;
}

/** The state without what it knows of a history that is not stored any more; `notice` says so. */
export function startOver(state: State, notice: string): State {
  const { events, replay } = state;
  return {
    ...state,
    notice,
    pages: NO_PAGES,
    hasPast: false,
    runReadFor: null,
    hasStart: false,
    seek: null,
    events: { ...events, cursor: null, filtered: null, isOpen: false },
    forensics: NO_FORENSICS,
    replay: { ...replay, at: null, isPlaying: false, carry: 0, cities: new Map() },
  };
}

const NO_FORENSICS: ForensicsState = {
  bundle: null,
  isStale: false,
  tab: 'story',
  tasks: { explain: null, shrink: null, verify: null, bisect: null },
  whyStep: null,
  isWhole: false,
  scroll: 0,
  cursor: 0,
  unfolded: new Set(['']),
};

/** The state before the first frame. */
export function initialState(options: InitialState): State {
  const { run } = options;
  return {
    data: initialData(run),
    frozen: null,
    link: { status: 'connecting' },
    view: options.view ?? 'live',
    overlay: null,
    input: null,
    notice: null,
    stopRequested: false,
    leaveAtEnd: options.exitOnEnd,
    leaving: null,
    nextRun: null,
    nextCampaign: null,
    workspace: EMPTY_WORKSPACE,
    size: options.size,
    nowMs: options.nowMs,
    owns: options.owns,
    hosted: options.hosted,
    readOnly: options.readOnly ?? false,
    cameFromList: options.cameFromList ?? false,
    pages: NO_PAGES,
    hasPast: (options.streamFrom ?? 0) === 0,
    runReadFor: null,
    hasStart: (options.streamFrom ?? 0) === 0,
    seek: null,
    events: { cursor: null, filtered: null, isOpen: false, search: null },
    forensics: { ...NO_FORENSICS, bundle: run.failForensic },
    replay: {
      at: null,
      isPlaying: false,
      speed: 2,
      carry: 0,
      cities: new Map(),
      cityRow: 0,
      cityDay: null,
      other: null,
    },
    checksScroll: 0,
    charts: options.charts ?? 'line',
    job: null,
    effects: [],
  };
}
