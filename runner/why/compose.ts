/** Composes a why of what was found and measured. */
import {
  type Cure,
  formatReduction,
  type RunConfig,
  type Why,
  type WhyKind,
} from '../../server/contract/index.ts';
import { rounded } from '../harness/rounded.ts';
import {
  answersConclusion,
  answersHighlights,
  answersSentence,
  answersSuggestion,
  type KnownByAnswers,
  requestTurnCure,
} from './answer-words.ts';

import { Changes } from './changes.ts';
import type {
  Cause,
  Findings,
  FoundCause,
  Laboratory,
  Pair,
  RecordedRequest,
  Recording,
} from './findings.ts';
import { highlightsOf } from './highlights.ts';
import { interleavingKind } from './interleaving.ts';
import { anomalyName } from './name.ts';
import { withoutValues } from './redacted.ts';
import type { RequestEvents } from './run-events.ts';
import { storyOf } from './story.ts';
import { suggestions } from './suggestions.ts';
import {
  causeSentence,
  lastCommitWords,
  measured,
  needs,
  pairConclusion,
  pairSentence,
  type Told,
  turnWords,
  unknownSentence,
} from './words.ts';

/** Requests with their events in the history of the run. */
export type Linked = ReadonlyMap<RecordedRequest, RequestEvents>;

/** What it took. */
type Spent = Pick<Laboratory, 'executions' | 'seconds' | 'spent'> & {
  readonly base: RunConfig;
  /** What was tried and says nothing, a line each. */
  readonly leftOut: readonly string[];
};

/** What was found where statements are seen. */
export interface KnownByStatements {
  readonly pair: Pair | null;
  /** The kind, where the pair's shape does not say it. */
  readonly given: WhyKind | null;
  readonly cause: FoundCause | null;
  /** Where neither is known: requests whose answers cannot be true together; null: not known. */
  readonly carrying: readonly RecordedRequest[] | null;
}

/** Interleavings of a request with its own repeat, or with parts of a change: no cycle of two transactions. */
const NAMELESS: ReadonlySet<WhyKind> = new Set(['repeat-race', 'torn-write']);

/** From statements. `given`: the kind, where the pair's shape does not say it. */
export function composed(
  found: Findings,
  { pair, given, cause: foundCause, carrying }: KnownByStatements,
  cures: readonly Cure[],
  linked: Linked,
  lab: Spent,
): Why {
  const { smallest } = found;
  const cause = foundCause?.cause ?? null;
  // What is drawn is the execution whose statements are named.
  const recording = foundCause?.recording ?? found.recording;
  const kind = given ?? (pair ? interleavingKind(pair, recording) : (cause?.kind ?? 'unknown'));
  const name = pair && given === null && !NAMELESS.has(kind) ? anomalyName(pair, found) : null;
  const withValues = !smallest.config.redactValues;
  const changes = new Changes(recording, withValues);
  const highlights = highlightsOf(found, kind, { pair, cause, carrying }, recording, changes);
  const story = storyOf(recording, highlights, withValues, inThis(linked, recording));
  const told: Told = { recording, story, changes };
  const { sentence, conclusion } = said(found, kind, { pair, cause, carrying }, told);
  const read = pair ? pair.stale.read : (cause?.read ?? null);
  const write = pair ? pair.write : (cause?.write ?? null);
  const [readStep, writeStep] = [read && story.stepOf(read), write && story.stepOf(write)];
  // A cache was not turned round.
  const tried = given === null ? cures : cures.filter((cure) => cure.kind !== 'turn');
  const why: Why = {
    ...measuredWhy(found, tried, lab),
    source: 'statements',
    kind,
    name,
    sentence,
    conclusion: [
      ...conclusion,
      ...(kind === 'unknown' && lab.spent ? ['The time was up before all of it was tried.'] : []),
      ...measured(tried, pair && turnWords(pair, told)),
      ...lab.leftOut,
      ...suggestions(kind, pair, cause?.write?.error ?? null, tried, told),
    ],
    lanes: story.lanes,
    steps: story.steps,
    pair:
      readStep !== null || writeStep !== null
        ? { read: (readStep ?? writeStep) as number, write: (writeStep ?? readStep) as number }
        : null,
  };
  return withValues ? why : withoutValues(why, recording);
}

function said(
  found: Findings,
  kind: WhyKind,
  { pair, cause, carrying }: Pick<KnownByStatements, 'pair' | 'carrying'> & { cause: Cause | null },
  told: Told,
): { sentence: string; conclusion: readonly string[] } {
  if (pair) {
    return {
      sentence: pairSentence(pair, kind, found.accused, told),
      conclusion: pairConclusion(pair, kind, found, told),
    };
  }
  if (cause) return { sentence: causeSentence(cause, told), conclusion: [...cause.conclusion, needs(found)] };
  const answers = carrying && answersSentence({ carrying, turn: null }, found.recording, told.story);
  return { sentence: unknownSentence(found, answers), conclusion: [...lastCommitWords(told), needs(found)] };
}

/** From answers alone. */
export function composedOfAnswers(
  found: Findings,
  known: KnownByAnswers,
  cures: readonly Cure[],
  linked: Linked,
  lab: Spent,
): Why {
  const { smallest, recording } = found;
  const withValues = !smallest.config.redactValues;
  const story = storyOf(recording, answersHighlights(known, found), withValues, linked);
  const tried = known.turn ? [requestTurnCure(known.turn, recording), ...cures] : cures;
  const why: Why = {
    ...measuredWhy(found, tried, lab),
    source: 'answers',
    kind: 'unknown',
    name: null,
    sentence: answersSentence(known, recording, story),
    conclusion: [
      ...answersConclusion(known, found),
      ...measured(tried, null),
      ...lab.leftOut,
      ...answersSuggestion(known, found),
    ],
    lanes: story.lanes,
    steps: story.steps,
    pair: null,
  };
  return withValues ? why : withoutValues(why, recording);
}

/** What is told alike of every explanation. */
function measuredWhy(
  { recording, smallest }: Findings,
  cures: readonly Cure[],
  lab: Spent,
): Pick<Why, 'version' | 'cures' | 'reduction' | 'notAsAsked' | 'executions' | 'seconds'> {
  const reduction = lab.base.reduction ?? smallest.config.reduction;
  const isLocked = cures.some(({ kind, passes, of }) => kind === 'span' && of > 0 && passes === of);
  return {
    version: 1,
    cures: cures
      .slice(0, 50)
      // The suggestion of a lock tells of the span that passes, and of the one that no longer does.
      .map((cure) => ({ ...cure, told: cure.kind !== 'span' || isLocked })),
    reduction: reduction === null ? '' : formatReduction(reduction),
    notAsAsked: recording.trace.notAsAsked,
    executions: lab.executions,
    seconds: rounded(lab.seconds),
  };
}

/** The same requests, as another execution has them. */
function inThis(linked: Linked, { requests }: Recording): Linked {
  const byKey = new Map([...linked].map(([request, events]) => [request.key, events]));
  return new Map(
    requests.flatMap((request) => {
      const events = byKey.get(request.key);
      return events ? [[request, events] as const] : [];
    }),
  );
}
