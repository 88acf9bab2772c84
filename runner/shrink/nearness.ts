/** Which operations have to do with a failure: by the names that their calls and answers share. */
import type { RecordedCall } from '../harness/trace.ts';
import type { Execution } from './executor.ts';

/** Names of orders, citizens, objects: what stands in calls and answers as text. */
type Names = ReadonlySet<string>;

/** An answer that names more is a look at everything, and relates to nothing. */
const MOST_NAMES_OF_ANSWER = 12;
/** Names in a failure that are followed, at most. */
const MOST_NAMES_OF_FAILURE = 200;

/** The planned operation whose answer broke it; null: that is not known. */
export function brokenBy({ forensic, trace }: Execution): number | null {
  const operation = forensic?.operation;
  if (!operation) return null;
  const isIt = ({ actor, call }: RecordedCall) =>
    actor === operation['actor'] &&
    Object.entries(call).every(([name, value]) => JSON.stringify(value) === JSON.stringify(operation[name]));
  return trace.calls.findLast(isIt)?.n ?? null;
}

/**
 * The operations that began, those nearest to the failure first: from what broke it on, each time the one that shares
 * the rarest name with those before it, and the newest of them.
 */
export function byNearness(execution: Execution): number[] {
  const { forensic, trace } = execution;
  const namesOf = new Map(trace.calls.map((call) => [call.n, namesIn(call)]));
  const bearers = bearersOf(namesOf);
  const nearness = new Map([...namesOf.keys()].map((n) => [n, 0]));
  const seen = new Set<string>();
  const follow = (names: Iterable<string>) => {
    for (const name of names) {
      if (seen.has(name)) continue;
      seen.add(name);
      const all = bearers.get(name) ?? [];
      for (const n of all) {
        const near = nearness.get(n);
        if (near !== undefined) nearness.set(n, Math.max(near, 1 / all.length));
      }
    }
  };
  const order: number[] = [];
  const add = (n: number) => {
    nearness.delete(n);
    order.push(n);
    follow(namesOf.get(n) ?? []);
  };
  const broken = brokenBy(execution);
  if (broken !== null) add(broken);
  const { operation, actual, expected } = forensic ?? {};
  follow([...textsIn([operation, actual, expected])].slice(0, MOST_NAMES_OF_FAILURE));
  while (nearness.size > 0) add(nearestOf(nearness));
  return order;
}

function nearestOf(nearness: ReadonlyMap<number, number>): number {
  const [first, ...others] = nearness;
  const nearer = (a: [number, number], b: [number, number]) => b[1] > a[1] || (b[1] === a[1] && b[0] > a[0]);
  return others.reduce((best, each) => (nearer(best, each) ? each : best), first as [number, number])[0];
}

function bearersOf(namesOf: ReadonlyMap<number, Names>): Map<string, number[]> {
  const bearers = new Map<string, number[]>();
  for (const [n, names] of namesOf) {
    for (const name of names) {
      const known = bearers.get(name);
      if (known) known.push(n);
      else bearers.set(name, [n]);
    }
  }
  return bearers;
}

function namesIn({ actor, call: { operation: _, ...call }, answers }: RecordedCall): Names {
  const names = new Set([actor, ...textsIn(call)]);
  for (const answer of Object.values(answers)) {
    const told = answer.outcome === 'ok' ? [...textsIn(answer.value)] : [];
    if (told.length <= MOST_NAMES_OF_ANSWER) for (const name of told) names.add(name);
  }
  return names;
}

function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null)
    for (const each of Object.values(value)) yield* textsIn(each);
}
