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
import { Effects } from './effects.ts';
import type { Cause, Findings, FoundCause, RecordedRequest, Recording } from './findings.ts';
import type { KeptLaboratory } from './laboratory.ts';
import { isRead } from './probes.ts';
import { RecordedTime } from './recorded-time.ts';
import { isCommit } from './recording.ts';
import { answered, asked } from './said.ts';
import { isOneAfterAnother, OneAtATime } from './serial.ts';
import { writeOf } from './transactions.ts';

/** What a request did that no state before it allows. */
interface FirstWrong {
  readonly request: RecordedRequest;
  /** `answer`: the city is as it should be, up to then. */
  readonly what: 'answer' | 'city';
  /** What the model allows instead, for people. */
  readonly allowed: readonly string[];
}

export async function firstWrongIn(
  { subject, recording, serial }: Findings,
  lab: KeptLaboratory,
): Promise<FoundCause | null> {
  const isSerial = isOneAfterAnother(
    recording.steps.map(({ request }) => request),
    [],
  );
  const of = serial.failing ?? (isSerial ? recording : null);
  if (of === null || lab.spent) return null;
  lab.stage('looking for the first request that goes wrong');
  const shown = new ShownCity();
  const order = serial.failing ? serial.order : null;
  const { fails } = await lab.run({ statements: shown, ...(order ? { guide: new OneAtATime(order) } : {}) });
  if (fails !== 'same') return null;
  const scenario = findScenario(subject.scenario);
  const wrong = firstWrong(of, shown.after, beginWorkload(scenario, subject.seed, lab.base));
  const cause = wrong && causeOf(wrong, of);
  return cause && { cause, recording: of };
}

/** What an audit would be shown after each request, as long as one is inside at a time. */
class ShownCity implements StatementWatch {
  /** By request, as its last commit left it. */
  readonly after = new Map<string, unknown>();
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
    const owner = statement.owner as Attempt | null;
    // What cannot be shown now is not judged.
    const shown = await this.#inspect().catch(() => null);
    if (owner && shown !== null) this.after.set(requestKey(owner), shown);
  }
}

/** Null: none does. */
function firstWrong(
  recording: Recording,
  cities: ReadonlyMap<string, unknown>,
  workload: Workload,
): FirstWrong | null {
  const { requests, steps, events } = recording;
  const time = new RecordedTime(events);
  const checker = new HistoryChecker(workload.model, workload.world, { time });
  const moments = timelineOf(recording);
  const goTo = (op: number, ends: boolean) => {
    const moment = moments.find((each) => each.asked.id === op && each.ends === ends);
    if (moment) time.goTo(moment.index, moment.ms);
  };
  const inOrder = [...new Set(steps.map(({ request }) => request))];
  for (const [at, key] of inOrder.entries()) {
    const request = requests.find((each) => each.key === key);
    if (!request) continue;
    const { op: id, actor, call, reply } = request;
    const operation = { id, actor, call, invokedIndex: at, invokedMs: at };
    const parts = workload.parts(call);
    goTo(id, false);
    workload.invoked(operation);
    checker.invoke(id, parts);
    if (!reply || reply.outcome === 'failed') {
      workload.unanswered(operation);
      checker.unknown(id, parts);
    } else {
      goTo(id, true);
      const broken = checker.complete(id, parts, workload.answers(call, parts, reply));
      if (broken) return { request, what: 'answer', allowed: broken.allowed };
      const violation = workload.completed(operation, reply, at, at);
      if (violation) return { request, what: 'answer', allowed: [String(violation.expected)] };
    }
    const city = cities.get(key);
    const wrong = city === undefined ? null : auditOf(workload, checker, city);
    if (wrong) return { request, what: 'city', allowed: wrong.allowed };
  }
  return null;
}

/** Null: no statement of it says anything. */
function causeOf({ request, what, allowed }: FirstWrong, recording: Recording): Cause | null {
  const [effect] = new Effects(recording).of(request);
  const write = effect ? writeOf(effect.by, effect.table, effect.columns) : null;
  const read = request.statements.findLast(
    (each) => isRead(each) && each.error === null && (write === null || each.id < write.id),
  );
  const right =
    allowed.length === 0 ? '' : `Right would be: ${allowed.slice(0, 2).join(', or ')}.`.slice(0, 300);
  const conclusion = ['All was well before it, and nobody else was inside.', ...(right ? [right] : [])];
  if (what === 'city' && write) {
    return {
      kind: 'wrong-value',
      request,
      read: null,
      write,
      sentence: `${asked(request)} stored what it was not asked to store.`,
      conclusion,
      marks: new Map([[write.id, 'what it stores is wrong']]),
    };
  }
  if (what === 'city' || !read) return null;
  return {
    kind: 'wrong-condition',
    request,
    read,
    write: null,
    sentence: `${asked(request)} was answered "${answered(request, recording.forensic.object)}", by what it had looked up.`,
    conclusion: [
      ...conclusion,
      'Its condition, the values in it, or what the code makes of what it finds is wrong.',
    ],
    marks: new Map([[read.id, 'what it was decided by']]),
  };
}
