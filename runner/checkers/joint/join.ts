/** Histories of different objects side by side as one, and one taken apart again where its objects are independent. */

import type { Configuration, HistoryEvent, Kept, Op } from '../linearizability/history.ts';
import { configurationKey } from '../linearizability/subsumption.ts';
import type { SequentialModel } from '../model.ts';
import { identityParts, type JointAnswer, type JointCall, type JointState } from './joint-model.ts';
import { type JointContents, type ObjectContents, projected } from './translate.ts';

type JointKept = Kept<JointState, JointCall, JointAnswer>;
type JointConfiguration = Configuration<JointState, JointCall, JointAnswer>;
type JointEvent = HistoryEvent<JointCall, JointAnswer>;

/** Beginnings that a history may have, at most; with more, it could never be taken in. */
const MOST_ROOTS = 1_024;

/** All of them as one history, the states in this order; null when it could have begun in too many ways. */
export function joined(members: readonly JointContents[]): JointContents | null {
  const histories = members.map(({ history }) => history);
  if (histories.reduce((product, { roots }) => product * roots.length, 1) > MOST_ROOTS) return null;
  const [first, ...others] = histories as [JointKept, ...JointKept[]];
  const history = others.reduce(pair, first);
  return { history, held: members.flatMap(({ held }) => held) };
}

function pair(a: JointKept, b: JointKept): JointKept {
  return {
    roots: a.roots.flatMap((one) => b.roots.map((other) => sideBySide(one, other))),
    ...merged(a, b),
    kept: [...a.kept, ...b.kept].sort(byInvocation),
    tracked: [...a.tracked, ...b.tracked].sort(byInvocation),
    refused: new Map([...a.refused, ...b.refused]),
  };
}

function sideBySide(a: JointConfiguration, b: JointConfiguration): JointConfiguration {
  return { state: [...a.state, ...b.state], done: [...a.done, ...b.done], met: [...a.met, ...b.met] };
}

/** The events in the order in which they happened, and a way through them. */
function merged(a: JointKept, b: JointKept): Pick<JointKept, 'events' | 'way'> {
  const events: JointEvent[] = [];
  const way: JointConfiguration[] = [];
  for (let i = 0, k = 0; ; ) {
    const [one, other] = [a.way[i], b.way[k]];
    if (one && other) way[events.length] = sideBySide(one, other);
    const [next, rival] = [a.events[i], b.events[k]];
    if (!next && !rival) return { events, way };
    const isNext = next && (!rival || next.at < rival.at);
    events.push((isNext ? next : rival) as JointEvent);
    if (isNext) i++;
    else k++;
  }
}

function byInvocation(a: Op<unknown, unknown>, b: Op<unknown, unknown>): number {
  return a.invokedAt - b.invokedAt;
}

/**
 * The history of each object by itself, in the order of `objects`; null while an operation of several objects can
 * still take effect or be repeated, or while what is possible for one object depends on what happened to another.
 */
export function parted(
  model: SequentialModel<unknown, unknown, unknown>,
  contents: JointContents,
  objects: readonly string[],
): ObjectContents[] | null {
  const { kept, tracked, refused, roots } = contents.history;
  if ([...kept, ...tracked].some(({ call }) => call.length > 1)) return null;
  for (const identity of refused.keys()) if (identityParts(identity).length > 1) return null;
  const parts = objects.map((object, place) => alone(model, projected(contents, object, place)));
  const ways = parts.reduce((product, { history }) => product * history.roots.length, 1);
  return ways === roots.length ? parts : null;
}

/** With each beginning once. */
function alone(model: SequentialModel<unknown, unknown, unknown>, contents: ObjectContents): ObjectContents {
  const { roots } = contents.history;
  if (roots.length === 1) return contents;
  const byKey = new Map(roots.map((root) => [configurationKey(model, root), root]));
  return { ...contents, history: { ...contents.history, roots: [...byKey.values()] } };
}
