/** Kept histories written down anew: of one object as a part of several, and of several as of one of them. */

import type { Configuration, HistoryEvent, Kept, Op } from '../linearizability/history.ts';
import type { CheckerContents } from '../linearizability/index.ts';
import {
  identityParts,
  identityText,
  type JointAnswer,
  type JointCall,
  type JointState,
} from './joint-model.ts';

export type ObjectContents = CheckerContents<unknown, unknown, unknown>;
export type JointContents = CheckerContents<JointState, JointCall, JointAnswer>;

/** What one object's history is as a history of several, in which nothing else happens. */
export function lifted({ history, held }: ObjectContents, object: string): JointContents {
  return {
    history: translated(history, {
      state: (state) => [state],
      op: (op) => ({
        ...op,
        id: partId(op.id as number, object),
        call: [{ object, call: op.call }],
        answer: op.answer === undefined ? undefined : [op.answer],
        identity: op.identity === null ? null : identityText([[object, op.identity]]),
      }),
      outcome: (outcome) => JSON.stringify([outcome]),
      what: (call) => [{ object, call }],
      identity: (identity) => identityText([[object, identity]]),
    }),
    held: held.map((call) => [{ object, call }]),
  };
}

/** What several objects' history says of `group`, some of them. No operation may be of these and of others. */
export function narrowed(
  { history, held }: JointContents,
  objects: readonly string[],
  group: readonly string[],
): JointContents {
  const places = group.map((object) => objects.indexOf(object));
  const isOf = (call: JointCall) => call.some((part) => group.includes(part.object));
  const within = (what: unknown) => {
    const parts = (what as JointCall).filter((part) => group.includes(part.object));
    return parts.length === 0 ? null : parts;
  };
  return {
    history: translated<JointState, JointCall, JointAnswer, JointState, JointCall, JointAnswer>(history, {
      state: (state) => places.map((place) => state[place]),
      op: (op) => (isOf(op.call) ? op : null),
      outcome: (outcome) => outcome,
      what: within,
      identity: (identity) => (identityParts(identity).some(([of]) => group.includes(of)) ? identity : null),
    }),
    held: held.flatMap((what) => {
      const parts = within(what);
      return parts ? [parts] : [];
    }),
  };
}

/** What several objects' history says of the one at `place`. No operation of several objects may be left in it. */
export function projected({ history, held }: JointContents, object: string, place: number): ObjectContents {
  const callOf = (what: unknown) => (what as JointCall).find((part) => part.object === object)?.call;
  return {
    history: translated(history, {
      state: (state) => state[place],
      op: (op) => {
        const call = callOf(op.call);
        if (call === undefined) return null;
        return {
          ...op,
          id: operationOf(op.id as string),
          call,
          answer: op.answer === undefined ? undefined : (op.answer as readonly unknown[])[0],
          identity: op.identity === null ? null : (identityParts(op.identity)[0]?.[1] ?? null),
        };
      },
      outcome: (outcome) => (JSON.parse(outcome) as string[])[0] as string,
      what: (what) => callOf(what) ?? null,
      identity: (identity) => identityParts(identity).find(([of]) => of === object)?.[1] ?? null,
    }),
    held: held.flatMap((what) => callOf(what) ?? []),
  };
}

/** What an operation's part is known by where other parts of it may be beside it. */
export function partId(operation: number, object: string): string {
  return `${operation} ${object}`;
}

function operationOf(id: string): number {
  return Number(id.slice(0, id.indexOf(' ')));
}

interface Translation<S1, C1, A1, S2, C2, A2> {
  state(state: S1): S2;
  /** Null: no operation of this history. */
  op(op: Op<C1, A1>): Op<C2, A2> | null;
  outcome(outcome: string): string;
  /** Of what is to be forgotten; null: nothing of this history. */
  what(what: unknown): unknown;
  identity(identity: string): string | null;
}

function translated<S1, C1, A1, S2, C2, A2>(
  history: Kept<S1, C1, A1>,
  to: Translation<S1, C1, A1, S2, C2, A2>,
): Kept<S2, C2, A2> {
  const known = new Map<Op<C1, A1>, Op<C2, A2> | null>();
  const opOf = (op: Op<C1, A1>) => {
    let other = known.get(op);
    if (other === undefined) {
      other = to.op(op);
      known.set(op, other);
    }
    return other;
  };
  const all = <T, U>(list: readonly T[], each: (one: T) => U | null) =>
    list.map(each).filter((one): one is U & NonNullable<unknown> => one !== null);
  const configurationOf = ({ state, done, met }: Configuration<S1, C1, A1>): Configuration<S2, C2, A2> => ({
    state: to.state(state),
    done: all(done, ({ op, outcome, observed }) => {
      const other = opOf(op);
      return (
        other && { op: other, outcome: outcome === undefined ? undefined : to.outcome(outcome), observed }
      );
    }),
    met: all(met, ({ op, bits }) => {
      const other = opOf(op);
      return other && { op: other, bits };
    }),
  });
  const eventOf = (event: HistoryEvent<C1, A1>): HistoryEvent<C2, A2> | null => {
    if (event.kind === 'forget') {
      const what = to.what(event.what);
      return what === null ? null : { ...event, what };
    }
    const op = opOf(event.op);
    return op && { ...event, op };
  };
  const events: HistoryEvent<C2, A2>[] = [];
  const way: Configuration<S2, C2, A2>[] = [];
  for (const [index, event] of history.events.entries()) {
    const other = eventOf(event);
    const before = history.way[index];
    if (other === null) continue;
    if (before) way[events.length] = configurationOf(before);
    events.push(other);
  }
  const last = history.way[history.events.length];
  if (last) way[events.length] = configurationOf(last);
  const refused = new Map<string, number[]>();
  for (const [identity, positions] of history.refused) {
    const other = to.identity(identity);
    if (other !== null) refused.set(other, positions);
  }
  return {
    roots: history.roots.map(configurationOf),
    events,
    way,
    kept: all(history.kept, opOf),
    tracked: all(history.tracked, opOf),
    refused,
  };
}
