/**
 * Where it first goes wrong, one request after another: the model is told of each request, and is shown the city after it. An
 * answer that is wrong comes of what was looked up; a city that is wrong, of what was written.
 */
import { HistoryChecker } from '../checkers/history-checker.ts';
import type { Attempt } from '../harness/attempt.ts';
import { requestKey } from '../harness/guide.ts';
import { beginWorkload, findScenario } from '../scenarios/registry.ts';
import type { Workload } from '../scenarios/workload.ts';
import type { StatementWatch, WatchedStatement } from '../targets/statements.ts';
import { auditOf, timelineOf } from './answers.ts';
import { isWrite } from './dependencies.ts';
import { type Effect, Effects } from './effects.ts';
import type { Cause, Findings, FoundCause, RecordedRequest, Recording } from './findings.ts';
import type { KeptLaboratory } from './laboratory.ts';
import { isRead } from './probes.ts';
import { RecordedTime } from './recorded-time.ts';
import { isCommit } from './recording.ts';
import { rowMaker } from './row-maker.ts';
import { countedAgain, foreignCause } from './rules/writes.ts';
import { answered, asked } from './said.ts';
import { guidedAs, isOneAfterAnother } from './serial.ts';
import { TakenBack } from './taken-back.ts';
import { statementsOf, writeOf } from './transactions.ts';

/** What a request did that no state before it allows. */
export interface FirstWrong {
  readonly request: RecordedRequest;
  /** `answer`: the city is as it should be, up to then. */
  readonly what: 'answer' | 'city';
  /** What the model allows instead, for people. */
  readonly allowed: readonly string[];
}

/** The first request that goes wrong, by the execution that is looked at: each is executed again once. */
export class FirstWrongs {
  readonly #found: Findings;
  readonly #lab: KeptLaboratory;
  readonly #known = new Map<Recording, FirstWrong | null>();

  constructor(found: Findings, lab: KeptLaboratory) {
    this.#found = found;
    this.#lab = lab;
  }

  /** Null: none is known to. */
  async in(recording: Recording): Promise<FirstWrong | null> {
    let wrong = this.#known.get(recording);
    if (wrong === undefined) {
      wrong = await this.#lookedFor(recording);
      this.#known.set(recording, wrong);
    }
    return wrong;
  }

  async #lookedFor(recording: Recording): Promise<FirstWrong | null> {
    const { scenario, seed } = this.#found.subject;
    this.#lab.stage('looking for the first request that goes wrong');
    const shown = new ShownCity();
    const { fails } = await this.#lab.run({ statements: shown, ...guidedAs(recording, this.#found) });
    if (fails !== 'same') return null;
    return judgedCity(recording, shown, beginWorkload(findScenario(scenario), seed, this.#lab.base));
  }
}

export async function firstWrongIn(
  found: Findings,
  firsts: FirstWrongs,
  lab: KeptLaboratory,
): Promise<FoundCause | null> {
  const { recording, serial } = found;
  const steps = recording.steps.map(({ request }) => request);
  // Where it needs nobody's order, what overlaps here is not what breaks it.
  const isOrderless = serial.verdict === 'fails' || isOneAfterAnother(steps, []);
  const of = serial.failing ?? (isOrderless ? recording : null);
  if (of === null || lab.spent) return null;
  const wrong = await firsts.in(of);
  if (wrong === null) return null;
  const effects = new Effects(of);
  const cause =
    wrong.what === 'city'
      ? stored(wrong, await wrongWriteOf(effects.of(wrong.request), wrong.request, of, found, lab))
      : answeredWrongly(wrong, of, effects);
  return cause && { cause, recording: of };
}

/** Effects of other statements that are taken back, at most. */
const MOST_TRIED = 6;

/** What made that without which all is well; else what it did twice, or put there at all; null: not known. */
async function wrongWriteOf(
  all: readonly Effect[],
  { key }: RecordedRequest,
  recording: Recording,
  found: Findings,
  lab: KeptLaboratory,
): Promise<WatchedStatement | null> {
  const write = ({ by, table, columns }: Effect) => writeOf(by, table, columns);
  const byText = Map.groupBy(all, (effect) => write(effect).text);
  const groups = byText.size > 1 ? [...byText.values()].slice(0, MOST_TRIED) : [];
  for (const effects of groups) {
    if (lab.spent) break;
    lab.stage('taking back what it stored, a statement at a time');
    const without = new TakenBack(new Map([[key, effects]]));
    const { fails } = await lab.run({ statements: without, ...guidedAs(recording, found) });
    if (fails === 'no' && without.failed === 0 && without.rows > 0) return write(effects[0] as Effect);
  }
  const [first] = all;
  if (!first) return null;
  const isPlain = groups.length === 0 || all.every(({ before }) => before === null);
  return countedAgain(statementsOf(first.by)) ?? (isPlain ? write(first) : null);
}

/** What an audit would be shown after each request. */
class ShownCity implements StatementWatch {
  /** By request, as its last commit left it, and how many commits there had been. */
  readonly #after = new Map<string, { city: unknown; commits: number }>();
  #commits = 0;
  #inspect: (() => Promise<unknown>) | null = null;

  async prepared(
    _control: unknown,
    _again: unknown,
    inspect: (() => Promise<unknown>) | null = null,
  ): Promise<void> {
    this.#inspect = inspect;
  }

  began(): void {}

  async settled(statement: WatchedStatement): Promise<void> {
    if (this.#inspect === null || !isCommit(statement) || statement.error !== null) return;
    const commits = ++this.#commits;
    const owner = statement.owner as Attempt | null;
    // What cannot be shown now is not judged.
    const city = await this.#inspect().catch(() => null);
    if (owner && city !== null) this.#after.set(requestKey(owner), { city, commits });
  }

  /** Undefined: it is not known, as somebody else has changed it before the request left. */
  after({ key, op }: RecordedRequest, { leftAfter }: Recording): unknown {
    const known = this.#after.get(key);
    return known?.commits === leftAfter.get(op) ? known?.city : undefined;
  }
}

/** Null: none does. */
function judgedCity(recording: Recording, shown: ShownCity, workload: Workload): FirstWrong | null {
  const time = new RecordedTime(recording.events);
  const checker = new HistoryChecker(workload.model, workload.world, { time });
  for (const [at, { request, ends, moment }] of timedTurnsOf(recording).entries()) {
    if (moment) time.goTo(moment.index, moment.ms);
    const { op: id, actor, call, reply } = request;
    const operation = { id, actor, call, invokedIndex: at, invokedMs: at };
    const parts = workload.parts(call);
    if (!ends) {
      workload.invoked(operation);
      checker.invoke(id, parts);
      continue;
    }
    if (!reply || reply.outcome === 'failed') {
      workload.unanswered(operation);
      checker.unknown(id, parts);
    } else {
      const broken = checker.complete(id, parts, workload.answers(call, parts, reply));
      if (broken) return { request, what: 'answer', allowed: broken.allowed };
      const violation = workload.completed(operation, reply, at, at);
      if (violation) return { request, what: 'answer', allowed: [String(violation.expected)] };
    }
    const city = shown.after(request, recording);
    const wrong = city === undefined ? null : auditOf(workload, checker, city);
    if (wrong) return { request, what: 'city', allowed: wrong.allowed };
  }
  return null;
}

/**
 * With the place in the history up to which each came, in order. What a fault kept from its citizen for longer was over in the
 * service before any that ended there later was answered.
 */
export function timedTurnsOf(recording: Pick<Recording, 'events' | 'requests' | 'steps'>) {
  const moments = timelineOf(recording);
  const turns = turnsOf(recording).map((turn) => ({
    ...turn,
    moment: moments.find(({ asked: { id }, ends }) => id === turn.request.op && ends === turn.ends),
  }));
  let next = moments.at(-1);
  for (const turn of turns.toReversed()) {
    if (turn.ends && next && (!turn.moment || turn.moment.index > next.index)) turn.moment = next;
    if (turn.ends) next = turn.moment;
  }
  return turns;
}

/** The first and the last step of each request, in order. */
function turnsOf({
  requests,
  steps,
}: Pick<Recording, 'requests' | 'steps'>): { request: RecordedRequest; ends: boolean }[] {
  const taken = steps.map(({ request }) => request);
  return requests
    .filter(({ key }) => taken.includes(key))
    .flatMap((request) => [
      { request, ends: false, at: taken.indexOf(request.key) },
      { request, ends: true, at: taken.lastIndexOf(request.key) + 0.5 },
    ])
    .sort((a, b) => a.at - b.at);
}

const ALL_WAS_WELL = 'All was well before it, and it needs nobody else.';

function stored({ request, allowed }: FirstWrong, write: WatchedStatement | null): Cause | null {
  if (!write) return null;
  return {
    kind: 'wrong-value',
    request,
    read: null,
    write,
    sentence: `${asked(request)} stored what it was not asked to store.`,
    conclusion: [ALL_WAS_WELL, ...rightWords(allowed)],
    marks: new Map([[write.id, 'what it stores is wrong']]),
  };
}

/** Null: no statement of it says anything. */
function answeredWrongly(
  { request, allowed }: FirstWrong,
  recording: Recording,
  effects: Effects,
): Cause | null {
  const own = effects.of(request);
  for (const effect of own) {
    const maker = rowMaker(effect, request, recording.requests, effects);
    // What it took from another comes before what it found then.
    if (maker) {
      const cause = foreignCause(request, effect, maker);
      return { ...cause, conclusion: [...cause.conclusion, ALL_WAS_WELL, ...rightWords(allowed)] };
    }
  }
  const [effect] = own;
  const write = effect ? writeOf(effect.by, effect.table, effect.columns) : null;
  const looks = request.statements.filter(
    (each) => hasLooked(each) && each.error === null && (write === null || each.id < write.id),
  );
  const [only, ...more] = looks;
  if (!only) return null;
  const isOnly = more.length === 0;
  return {
    kind: 'wrong-condition',
    request,
    // Which of several it was is not known.
    read: isOnly ? only : null,
    write: null,
    sentence: `${asked(request)} was answered "${answered(request, recording.forensic.object)}", by what it had looked up.`,
    conclusion: [
      ALL_WAS_WELL,
      ...rightWords(allowed),
      `${isOnly ? 'Its condition' : 'The condition of one of its looks'}, the values in it, or what the code makes of what it finds is wrong.`,
    ],
    marks: new Map(
      looks.map(({ id }) => [id, isOnly ? 'what it was decided by' : 'what it may have been decided by']),
    ),
  };
}

/** It read, or it is a write whose answer says something: the rows that it changed, or that there were none. */
function hasLooked(statement: WatchedStatement): boolean {
  return (
    isRead(statement) ||
    (isWrite(statement) && (statement.count === 0 || /\breturning\b/i.test(statement.text)))
  );
}

function rightWords(allowed: readonly string[]): string[] {
  return allowed.length === 0 ? [] : [`Right would be: ${allowed.slice(0, 2).join(', or ')}.`.slice(0, 300)];
}
