/** Checks of single objects become the check of all of them, and that of all one of each again. */
import { Checked, type Checker, type Model } from '../checked.ts';
import { LinearizabilityChecker, type LinearizabilityOptions } from '../linearizability/index.ts';
import { type LogEntry, ObjectLog } from '../linearizability/object-log.ts';
import { joined, type Part, parted } from './join.ts';
import { jointModel } from './joint-model.ts';
import { type JointContents, lifted, partId, projected } from './translate.ts';

const UNDECIDED =
  'an object that it was joined with could not be decided, or there are too many ways in which all can be';

/** The check of all objects of `members`. What cannot be told of one of them cannot be told of any. */
export function joinedObjects(
  model: Model,
  members: readonly Checked[],
  options: LinearizabilityOptions,
): Checked {
  const objects = members.flatMap((member) => member.objects);
  const contents = members.map(contentsOf);
  const isKnown = contents.every((one) => one !== null);
  const joint = jointModel(model, objects) as unknown as Model;
  const checker = began(joint, objects, options);
  checker.resume(isKnown ? joined(contents) : null, UNDECIDED);
  const logs = members.map(({ log, isJoint, objects: [object] }) => ({
    log,
    entry: (entry: LogEntry) => (isJoint ? entry : liftedEntry(entry, object as string)),
  }));
  const base = members.flatMap(({ log, isJoint }) => (isJoint ? (log.base as unknown[]) : [log.base]));
  const { readings } = options;
  return new Checked({ objects, model: joint, checker, log: ObjectLog.joined(logs, base), readings });
}

/** Beginnings of histories that were tried to be taken apart: they are tried again once something is forgotten. */
const tried = new WeakSet<object>();

/** The checks of those objects that do not depend on each other any more; null while all do. */
export function partedObjects(
  model: Model,
  { checker, objects }: Checked,
  options: LinearizabilityOptions,
): Checked[] | null {
  const contents = checker.contents as JointContents | null;
  if (!contents) return null;
  const { kept, roots } = contents.history;
  if (kept.length > 0 && tried.has(roots)) return null;
  tried.add(roots);
  return parted(model, contents, objects)?.map((part) => checkedPart(model, part, options)) ?? null;
}

function checkedPart(model: Model, { objects, contents }: Part, options: LinearizabilityOptions): Checked {
  const isJoint = objects.length > 1;
  const own = isJoint ? (jointModel(model, objects) as unknown as Model) : model;
  const checker = began(own, objects, options);
  checker.resume(isJoint ? contents : projected(contents, objects[0] as string, 0));
  const log = new ObjectLog(checker.settled);
  // What several objects were asked at once is no part of the history of one.
  if (checker.settled === undefined) log.cut();
  const { readings } = options;
  return new Checked({ objects, model: own, checker, log, readings });
}

/** A checker that knows nothing yet. */
function began(model: Model, [object]: readonly string[], options: LinearizabilityOptions): Checker {
  return new LinearizabilityChecker({ ...model, initial: () => null }, object as string, options);
}

function contentsOf({ checker, objects, isJoint }: Checked): JointContents | null {
  const { contents } = checker;
  if (isJoint || contents === null) return contents as JointContents | null;
  return lifted(contents, objects[0] as string);
}

function liftedEntry(entry: LogEntry, object: string): LogEntry {
  if (entry.kind === 'forget') return { ...entry, what: [{ object, call: entry.what }] };
  const id = partId(entry.id as number, object);
  if (entry.kind === 'invoke') return { ...entry, id, call: [{ object, call: entry.call }] };
  if (entry.kind !== 'complete') return { ...entry, id };
  return { ...entry, id, call: [{ object, call: entry.call }], answer: [entry.answer] };
}
