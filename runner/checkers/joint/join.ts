/** Histories of different objects side by side as one, and one taken apart again where its objects are independent. */

import type { Configuration, HistoryEvent, Kept, Op } from '../linearizability/history.ts';
import { configurationKey } from '../linearizability/subsumption.ts';
import type { SequentialModel } from '../model.ts';
import {
  identityParts,
  type JointAnswer,
  type JointCall,
  type JointState,
  jointModel,
} from './joint-model.ts';
import { type JointContents, narrowed } from './translate.ts';

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

/** Some of the objects that a history is of, and what it says of them. */
export interface Part {
  readonly objects: readonly string[];
  readonly contents: JointContents;
}

/**
 * The history taken apart as far as it goes: objects stay together while an operation of several of them can still take
 * effect or be repeated, or while what is possible for one depends on what happened to another. Null when all do.
 */
export function parted(
  model: SequentialModel<unknown, unknown, unknown>,
  contents: JointContents,
  objects: readonly string[],
): Part[] | null {
  const groups = tiedGroups(contents.history, objects);
  if (groups.length < 2) return null;
  const parts: Part[] = [];
  let rest: Part = { objects, contents };
  for (const group of groups) {
    if (group.length === rest.objects.length) break;
    const others = rest.objects.filter((object) => !group.includes(object));
    const one = partOf(model, rest, group);
    const other = partOf(model, rest, others);
    const ways = one.contents.history.roots.length * other.contents.history.roots.length;
    if (ways !== rest.contents.history.roots.length) continue;
    parts.push(one);
    rest = other;
  }
  return parts.length === 0 ? null : [...parts, rest];
}

/** The objects, those together that an operation ties. */
function tiedGroups({ kept, tracked, refused }: JointKept, objects: readonly string[]): string[][] {
  const groupOf = new Map(objects.map((object) => [object, [object]]));
  const tie = (tied: readonly string[]) => {
    const [first, ...others] = tied.map((object) => groupOf.get(object) as string[]);
    for (const other of others) {
      if (!first || groupOf.get(other[0] as string) === groupOf.get(first[0] as string)) continue;
      const into = groupOf.get(first[0] as string) as string[];
      for (const object of [...other]) {
        into.push(object);
        groupOf.set(object, into);
      }
    }
  };
  for (const { call } of [...kept, ...tracked]) if (call.length > 1) tie(call.map(({ object }) => object));
  for (const identity of refused.keys()) tie(identityParts(identity).map(([object]) => object));
  return [...new Set(groupOf.values())];
}

/** With each beginning once. */
function partOf(
  model: SequentialModel<unknown, unknown, unknown>,
  { objects, contents }: Part,
  group: readonly string[],
): Part {
  const part = narrowed(contents, objects, group);
  const { roots } = part.history;
  if (roots.length === 1) return { objects: group, contents: part };
  const joint = jointModel(model, group);
  const byKey = new Map(roots.map((root) => [configurationKey(joint, root), root]));
  return { objects: group, contents: { ...part, history: { ...part.history, roots: [...byKey.values()] } } };
}
