/**
 * Which answers of an execution cannot be true together: as few as are needed. An answer that is left out is one that
 * never came, so that its request may have had its effect or not; what still breaks then does not rest on it.
 */

import type { RunEvent } from '../../server/contract/index.ts';
import { HistoryChecker } from '../checkers/history-checker.ts';
import type { ModelPart, Operation, Workload } from '../scenarios/workload.ts';
import type { Call, Reply } from '../service/call.ts';
import type { RecordedRequest, Recording } from './findings.ts';
import { RecordedTime } from './recorded-time.ts';

/** Longer histories are told as they are: a smallest reproduction has a few answers. */
const MOST_ANSWERS = 200;

interface Asked extends Operation {
  readonly reply: Exclude<Reply, { outcome: 'failed' }> | null;
}

/** In the order in which they were answered; null: they are no matter of answers, or it is not known. */
export function contradiction(recording: Recording, begin: () => Workload): RecordedRequest[] | null {
  const { forensic, requests } = recording;
  const history = timelineOf(recording);
  const answered = history.flatMap(({ asked, ends }) => (ends && asked.reply ? [asked.id] : []));
  if (answered.length > MOST_ANSWERS) return null;
  const fails = (kept: ReadonlySet<number>) => {
    const city = forensic.kind === 'audit' ? forensic.city : null;
    const broken = brokenBy(history, kept, begin(), { city, time: new RecordedTime(recording.events) });
    return broken !== null && broken.object === forensic.object;
  };
  if (!fails(new Set(answered))) return null;
  const tried = [answered, answered.toReversed()].map((order) => minimal(order, fails));
  const [least] = tried.sort((a, b) => a.size - b.size);
  return answered.flatMap((op) =>
    least?.has(op) ? (requests.find((request) => request.op === op) ?? []) : [],
  );
}

/** Those without any one of which it holds; the first of `order` are left out first. */
function minimal(order: readonly number[], fails: (kept: ReadonlySet<number>) => boolean): Set<number> {
  const kept = new Set(order);
  for (const op of order) {
    kept.delete(op);
    if (!fails(kept)) kept.add(op);
  }
  return kept;
}

/** Its answer says something of the state and changed nothing. */
export function observes({ call, reply }: RecordedRequest, workload: Workload): boolean {
  if (!reply || reply.outcome === 'failed') return false;
  const parts = workload.parts(call);
  const answers = workload.answers(call, parts, reply);
  return parts.every((part, i) => workload.model.observes?.(part.call, answers[i]) ?? false);
}

interface Moment {
  readonly asked: Asked;
  /** False: it is asked. */
  readonly ends: boolean;
  readonly index: number;
  readonly ms: number;
}

/** When each request was asked and answered, in order. */
export function timelineOf({ events, requests }: Pick<Recording, 'events' | 'requests'>): Moment[] {
  const byOp = new Map(requests.map((request) => [request.op, request]));
  const asked = new Map<number, Asked>();
  return events.flatMap((event): Moment[] => {
    const { type, data, index, virtualMs: ms } = event;
    const id = Number(data['op'] ?? -1);
    if (type.endsWith('.invoke')) {
      const operation = { id, actor: event.actor, call: callOf(event), invokedIndex: index, invokedMs: ms };
      const reply = byOp.get(id)?.reply ?? null;
      const told: Asked = { ...operation, reply: reply?.outcome === 'failed' ? null : reply };
      asked.set(id, told);
      return [{ asked: told, ends: false, index, ms }];
    }
    const known = asked.get(id);
    if (!known || !/\.(ok|refused|unknown)$/.test(type)) return [];
    return [{ asked: type.endsWith('.unknown') ? { ...known, reply: null } : known, ends: true, index, ms }];
  });
}

/** As it was asked, without what links a repeat to its original. */
function callOf({ type, data }: RunEvent): Call {
  const told = Object.entries(data).filter(([name]) => name !== 'op' && !/^(retry|duplicate)Of$/.test(name));
  return { ...Object.fromEntries(told), operation: type.replace(/\.invoke$/, '') };
}

/** The object of the first answer that breaks an invariant, or that no order explains; null: all may be true. */
function brokenBy(
  history: readonly Moment[],
  kept: ReadonlySet<number>,
  workload: Workload,
  { city, time }: { city: unknown; time: RecordedTime },
): { object: string | null } | null {
  const checker = new HistoryChecker(workload.model, workload.world, { time });
  const parts = new Map<number, readonly ModelPart[]>();
  for (const { asked, ends, index, ms } of history) {
    time.goTo(index, ms);
    if (!ends) {
      const of = workload.parts(asked.call);
      parts.set(asked.id, of);
      workload.invoked(asked);
      checker.invoke(asked.id, of);
      continue;
    }
    const of = parts.get(asked.id) ?? [];
    if (asked.reply === null || !kept.has(asked.id)) {
      workload.unanswered(asked);
      checker.unknown(asked.id, of);
      continue;
    }
    const broken =
      workload.completed(asked, asked.reply, index, ms) ??
      checker.complete(asked.id, of, workload.answers(asked.call, of, asked.reply));
    if (broken) return broken;
  }
  return city === null ? null : auditOf(workload, checker, city);
}

/** What a city that is shown at rest breaks, with what would be right, for people; null: it is as it may be. */
export function auditOf(
  workload: Workload,
  checker: HistoryChecker,
  city: unknown,
): { object: string | null; allowed: readonly string[] } | null {
  const { violation, reads } = workload.audit(city);
  if (violation) return { object: violation.object, allowed: [String(violation.expected)] };
  for (const [i, { object, call, answer }] of reads.entries()) {
    const id = -1 - i;
    checker.invoke(id, [{ object, call }]);
    const wrong = checker.complete(id, [{ object, call }], [answer]);
    if (wrong) return wrong;
  }
  return null;
}
