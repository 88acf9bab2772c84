/**
 * The story of a run against a service without a gate: its requests on the wire, from the bundle of the run. Nothing is
 * executed again, and nothing is said of what the service did inside.
 */
import { EMPTY_STEP, laneName } from '../../server/contract/explained-story.ts';
import {
  type ExplainedLane,
  type ExplainedStep,
  type Forensic,
  type Interval,
  type RunEvent,
  timesText,
  type Why,
  type WireExchange,
} from '../../server/contract/index.ts';
import { rounded } from '../harness/rounded.ts';
import type { Call } from '../service/call.ts';
import { inShort } from '../service/in-short.ts';
import { callWords } from './said.ts';
import { type Carrying, carryingOf, overlapMs } from './wire-carrying.ts';

const MOST_STEPS = 2_000;
const MOST_SENTENCE = 600;
/** Requests that a sentence names. */
const MOST_NAMED = 4;
/** A first byte so long before the end of its answer is worth a look, in ms. */
const SLOW_ANSWER_MS = 1;

/** What a client can know of why it failed. */
export function wireWhy(forensic: Forensic): Why {
  const began = performance.now();
  const history = [...forensic.history].sort((a, b) => a.invokedIndex - b.invokedIndex);
  const carrying = carryingOf({ ...forensic, history });
  const steps = stepsOf(forensic, history, carrying);
  return {
    version: 1,
    source: 'requests',
    kind: 'unknown',
    name: null,
    sentence: sentenceOf(forensic),
    conclusion: [...meetings(history, carrying), ...triedAgain(forensic), NOT_SEEN],
    lanes: history.map((each, index) => laneOf(each, index, carrying)),
    steps,
    pair: null,
    cures: [],
    reduction: '',
    notAsAsked: 0,
    executions: 0,
    seconds: rounded((performance.now() - began) / 1_000),
  };
}

const NOT_SEEN =
  "What the service did between a request and its answer is not seen here. Where it uses PostgreSQL, --exec 'COMMAND' --gate would show its statements.";

/** What the failure says, without how often it was tried again, which has a sentence of its own. */
function sentenceOf({ message }: Forensic): string {
  const [failure = message] = message.split(/ Tried again (?=once |\d)/);
  return failure.slice(0, MOST_SENTENCE).toWellFormed();
}

function laneOf(interval: Interval, index: number, { accused, partners }: Carrying): ExplainedLane {
  const { actor, operation: op, outcome } = interval;
  const call = callOf(interval);
  return {
    name: laneName(index),
    actor,
    operation: String(call.operation),
    words: callWords({ call, actor }),
    request: `op ${op}`,
    op,
    role: op === accused ? 'accused' : partners.has(op) ? 'partner' : 'other',
    outcome,
  };
}

/** A bundle has calls as JSON. */
function callOf({ call }: Interval): Call {
  return call as Call;
}

interface Timed {
  readonly ms: number;
  readonly step: Omit<ExplainedStep, 'step'>;
}

function stepsOf(forensic: Forensic, history: readonly Interval[], carrying: Carrying): ExplainedStep[] {
  const timed = [
    ...history.flatMap((interval, lane) => stepsOfLane(interval, lane, carrying, forensic)),
    ...faultSteps(forensic, history, carrying),
  ];
  // The sort is stable: what a request did at one instant stays in its order.
  return timed
    .sort((a, b) => a.ms - b.ms)
    .slice(0, MOST_STEPS)
    .map(({ step }, i) => ({ step: i + 1, ...step }));
}

function stepsOfLane(interval: Interval, lane: number, carrying: Carrying, forensic: Forensic): Timed[] {
  const { operation: op, wire = [] } = interval;
  const matters = op === carrying.accused || carrying.partners.has(op);
  const base = { ...EMPTY_STEP, lane, matters };
  const end = endOf(interval, carrying, forensic);
  const exchanges = wire.flatMap((exchange, i): Timed[] =>
    stepsOfExchange(exchange, base, interval, i === wire.length - 1 ? end : null),
  );
  const isAnswered = exchanges.some(({ step }) => step.kind === 'answer' || step.kind === 'cut');
  const asked: Timed = {
    ms: interval.invokedMs,
    step: { ...base, kind: 'request', text: 'is asked', event: interval.invokedIndex },
  };
  // A bundle of an older version has no wire, and of a request that was never sent there is none.
  if (exchanges.length === 0 || exchanges[0]?.step.kind !== 'leave') exchanges.unshift(asked);
  if (!isAnswered && interval.completedMs !== null)
    exchanges.push({ ms: interval.completedMs, step: { ...base, kind: 'answer', ...end } });
  return exchanges;
}

type Ending = Pick<ExplainedStep, 'text' | 'answer' | 'mark' | 'event'>;

/** How the operation ended, for its last request. */
function endOf(interval: Interval, carrying: Carrying, { invariant }: Forensic): Ending {
  const { operation: op, outcome, answer, completedIndex } = interval;
  const told = (answer ?? {}) as { reason?: unknown; cause?: unknown };
  const said =
    outcome === 'ok'
      ? inShort(answer)
      : outcome === 'refused'
        ? String(told.reason)
        : outcome === 'unknown'
          ? String(told.cause ?? 'no answer')
          : '';
  const mark = op === carrying.accused ? `breaks ${invariant}` : (carrying.marks.get(op) ?? '');
  return { text: outcome, answer: said, mark, event: completedIndex };
}

function stepsOfExchange(
  exchange: WireExchange,
  base: Omit<ExplainedStep, 'step' | 'kind' | 'text'>,
  { invokedIndex }: Interval,
  end: Ending | null,
): Timed[] {
  const { request, leftMs, firstByteMs, endedMs, status, cut } = exchange;
  const steps: Timed[] = [];
  if (leftMs !== null)
    steps.push({ ms: leftMs, step: { ...base, kind: 'leave', text: request, event: invokedIndex } });
  if (firstByteMs !== null) {
    const isSlow = endedMs === null || endedMs - firstByteMs >= SLOW_ANSWER_MS;
    const text = `first byte of ${status ?? 'an answer'}`;
    steps.push({
      ms: firstByteMs,
      step: { ...base, kind: 'first-byte', text, matters: base.matters && isSlow },
    });
  }
  if (endedMs === null) return steps;
  if (cut !== null) {
    steps.push({
      ms: endedMs,
      step: { ...base, kind: 'cut', text: cut, mark: end?.mark ?? '', event: end?.event ?? null },
    });
    return steps;
  }
  const text = `${status ?? ''}${end === null ? '' : ` ${end.text}`}`.trim();
  steps.push({ ms: endedMs, step: { ...base, ...end, kind: 'answer', text } });
  return steps;
}

/** As far as the last events of the bundle tell of them. */
function faultSteps(
  { lastEvents }: Forensic,
  history: readonly Interval[],
  { accused, partners }: Carrying,
): Timed[] {
  const laneOfOp = new Map(history.map(({ operation }, lane) => [operation, lane]));
  return (lastEvents as unknown as RunEvent[]).flatMap(({ type, data, virtualMs, index }): Timed[] => {
    if (type !== 'fault') return [];
    const op = Number(data['op'] ?? -1);
    const lane = laneOfOp.get(op) ?? null;
    const isOfCity = data['op'] === undefined;
    if (lane === null && !isOfCity) return [];
    const matters = lane === null || op === accused || partners.has(op);
    const step = {
      ...EMPTY_STEP,
      lane,
      kind: 'fault' as const,
      text: String(data['name']),
      matters,
      event: index,
    };
    return [{ ms: virtualMs, step }];
  });
}

/** Which of the requests that carry it were under way at once: that is measured at the client. */
function meetings(history: readonly Interval[], { accused, partners }: Carrying): string[] {
  const name = (interval: Interval) => laneName(history.indexOf(interval));
  const own = history.find(({ operation }) => operation === accused);
  const others = history.filter(({ operation }) => partners.has(operation));
  const [first, ...rest] = own ? [own, ...others] : others;
  if (!first || rest.length === 0) return [];
  const met = rest.filter((other) => overlapMs(first, other) > 0);
  if (met.length === 0)
    return [`${name(first)} and ${listed(rest.map(name))} were under way one after another, not at once.`];
  const shortest = Math.min(...met.map((other) => overlapMs(first, other)));
  const least = met.length === 1 ? '' : 'at least ';
  return [
    `${name(first)} and ${listed(met.map(name))} were under way at once, for ${least}${rounded(shortest)} ms.`,
  ];
}

/** `B, C and 3 others`. */
function listed(names: readonly string[]): string {
  if (names.length <= MOST_NAMED) return names.join(' and ').replaceAll(/ and (?=.* and )/g, ', ');
  return `${names.slice(0, MOST_NAMED - 1).join(', ')} and ${names.length - MOST_NAMED + 1} others`;
}

function triedAgain({ reproduction }: Forensic): string[] {
  if (!reproduction || reproduction.attempts === 0) return [];
  const { attempts, failures } = reproduction;
  return [
    `Tried again ${timesText(attempts)} with the same plan, it failed the same way ${timesText(failures)}.`,
  ];
}
