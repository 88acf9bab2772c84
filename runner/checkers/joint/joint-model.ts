/**
 * Several objects as one: the model that a checker needs while an operation is open that must happen to all of them
 * at one instant, or to none. What happens to one object alone stays a call of one part.
 */
import type { Effect, OpenCall, Repeats, SequentialModel, When } from '../model.ts';

/** The states of the objects, in their order. */
export type JointState = readonly unknown[];

/** What is asked of one object. */
export interface JointPart {
  readonly object: string;
  readonly call: unknown;
}

/** The parts of one operation, each of another object: either all of them change theirs, or all only look. */
export type JointCall = readonly JointPart[];

/** What each part was answered, in the order of the parts; or all of them. */
export type JointAnswer = readonly unknown[] | { readonly all: unknown };

export type JointModel = SequentialModel<JointState, JointCall, JointAnswer>;
type ObjectModel = SequentialModel<unknown, unknown, unknown>;

/**
 * An operation is right when each of its parts is, or, refused, when one is: what one object cannot have, none has.
 * `objects` says whose state stands where.
 */
export function jointModel(model: ObjectModel, objects: readonly string[]): JointModel {
  const places = new Map(objects.map((object, place) => [object, place]));
  const placeOf = (object: string) => places.get(object) as number;
  const stateOf = (state: JointState, { object }: JointPart) => state[placeOf(object)];

  /** All that comes of it when each part of `call` has these ways to go on. */
  function combined(
    state: JointState,
    call: JointCall,
    waysOf: (part: JointPart, index: number) => readonly Effect<unknown>[],
  ): { state: JointState; outcomes: readonly string[] }[] {
    let ways: { state: JointState; outcomes: readonly string[] }[] = [{ state, outcomes: [] }];
    for (const [index, part] of call.entries()) {
      const further = waysOf(part, index);
      ways = ways.flatMap((way) =>
        further.map(({ state: after, outcome }) => ({
          state: withState(way.state, placeOf(part.object), after),
          outcomes: [...way.outcomes, outcome],
        })),
      );
    }
    return ways;
  }

  /** Every state that `answer` leaves. */
  function statesAfter(state: JointState, call: JointCall, answer: JointAnswer, when: When): JointState[] {
    if (isRefusal(call, answer)) {
      const isRight = call.some(
        (part, i) => model.apply(stateOf(state, part), part.call, answerOf(answer, i), when) !== null,
      );
      return isRight ? [state] : [];
    }
    return combined(state, call, (part, i) => {
      const before = stateOf(state, part);
      const said = answerOf(answer, i);
      const after = model.apply(before, part.call, said, when);
      if (after === null) return [];
      const others = model.alternatives?.(before, part.call, said, when) ?? [];
      return [after, ...others].map((one) => ({ state: one, outcome: '' }));
    }).map((way) => way.state);
  }

  return {
    initial: (object) => {
      throw new Error(`Objects are joined from what is known of each, and ${object} is begun.`);
    },
    ...(model.timed && { timed: true }),
    apply: (state, call, answer, when) => statesAfter(state, call, answer, when)[0] ?? null,
    alternatives: (state, call, answer, when) =>
      model.alternatives ? statesAfter(state, call, answer, when).slice(1) : [],
    effects: (state, call, when) =>
      combined(state, call, (part) => model.effects(stateOf(state, part), part.call, when)).map((way) => ({
        state: way.state,
        outcome: JSON.stringify(way.outcomes),
      })),
    confirm(state, call, outcome, answer, when) {
      const outcomes = JSON.parse(outcome) as string[];
      let after = state;
      for (const [i, part] of call.entries()) {
        const confirmed = model.confirm(
          stateOf(after, part),
          part.call,
          outcomes[i] as string,
          answerOf(answer, i),
          when,
        );
        if (confirmed === null) return null;
        after = withState(after, placeOf(part.object), confirmed);
      }
      return after;
    },
    key: (state) => state.map((one) => model.key(one)).join('\n'),
    describe: (state, call, when) =>
      describedTogether(
        call.map((part) => ({
          object: part.object,
          texts: model.describe(stateOf(state, part), part.call, when),
        })),
      ),
    ...(model.internal && {
      internal: (state: JointState, when: When) =>
        state.flatMap((one, place) =>
          (model.internal?.(one, when) ?? []).map((after) => withState(state, place, after)),
        ),
    }),
    relevant: (state, pending, pendingAnswer, target, targetAnswer) =>
      pairs(pending, target).some(
        ([i, k]) =>
          model.relevant?.(
            stateOf(state, pending[i] as JointPart),
            (pending[i] as JointPart).call,
            pendingAnswer && answerOf(pendingAnswer, i),
            (target[k] as JointPart).call,
            targetAnswer && answerOf(targetAnswer, k),
          ) ?? true,
      ),
    ...(model.hopeless && {
      hopeless(state: JointState, call: JointCall, answer: JointAnswer, open: readonly Open[]) {
        const isHopeless = (part: JointPart, i: number) =>
          model.hopeless?.(
            stateOf(state, part),
            part.call,
            answerOf(answer, i),
            partsOf(open, part.object),
          ) ?? false;
        return isRefusal(call, answer) ? call.every(isHopeless) : call.some(isHopeless);
      },
    }),
    ...(model.likeness && {
      likeness(state: JointState, call: JointCall, others: readonly Open[]) {
        const [part] = call;
        if (!part || call.length > 1) return null;
        const name = model.likeness?.(stateOf(state, part), part.call, partsOf(others, part.object)) ?? null;
        return name === null ? null : `${part.object}\n${name}`;
      },
    }),
    ...(model.observes && {
      observes: (call: JointCall, answer: JointAnswer) =>
        call.every((part, i) => model.observes?.(part.call, answerOf(answer, i))),
    }),
    ...(model.changes && {
      changes: (call: JointCall, answer: JointAnswer | undefined) =>
        answer && isRefusal(call, answer)
          ? []
          : call.flatMap((part, i) =>
              (model.changes?.(part.call, answer && answerOf(answer, i)) ?? []).map(
                (name) => `${part.object}\n${name}`,
              ),
            ),
    }),
    ...(model.spent && {
      spent: (state: JointState, call: JointCall) =>
        call.some((part) => model.spent?.(stateOf(state, part), part.call)),
    }),
    ...(model.forget && {
      forget: (state: JointState, what: unknown) =>
        (what as JointCall).reduce(
          (after, part) =>
            withState(after, placeOf(part.object), model.forget?.(stateOf(after, part), part.call)),
          state,
        ),
    }),
    ...(model.repeats && { repeats: jointRepeats(model.repeats, stateOf) }),
  };
}

/** What parts allow as the answer to all of them: a refusal of any, or what says more than `ok`, each by itself where several do. */
function describedTogether(
  parts: readonly { readonly object: string; readonly texts: readonly string[] }[],
): readonly string[] {
  const refusals = parts.flatMap(({ texts }) => texts.filter((text) => text.startsWith('refused')));
  if (parts.length > 1 && refusals.length > 0) return [...new Set(refusals)];
  const told = parts.filter(({ texts }) => parts.length === 1 || texts.some((text) => text !== 'ok'));
  const [only] = told;
  if (!only) return ['ok'];
  if (told.length === 1) return only.texts;
  return [told.map(({ object, texts }) => `${texts.join(' or ')} at ${object}`).join(', ')];
}

type Open = OpenCall<JointCall, JointAnswer>;

function jointRepeats(
  repeats: Repeats<unknown, unknown, unknown>,
  stateOf: (state: JointState, part: JointPart) => unknown,
): Repeats<JointState, JointCall, JointAnswer> {
  return {
    identity: (what) => jointIdentity(what as JointCall, repeats),
    refusals: repeats.refusals.map((all) => ({ all })),
    refusalIndex: (answer) => repeats.refusalIndex(answerOf(answer, 0)),
    mayRefuseAgain: (state, call) =>
      call.every((part) => repeats.mayRefuseAgain(stateOf(state, part), part.call)),
  };
}

/** Null when one of its parts has no repeats. */
function jointIdentity(call: JointCall, repeats: Repeats<unknown, unknown, unknown>): string | null {
  const pairs: [string, string][] = [];
  for (const { object, call: asked } of call) {
    const identity = repeats.identity(asked);
    if (identity === null) return null;
    pairs.push([object, identity]);
  }
  return identityText(pairs);
}

/** What repeats of an operation have in common, from the objects of its parts and what each part has in common. */
export function identityText(parts: readonly (readonly [object: string, identity: string])[]): string {
  return JSON.stringify(parts);
}

/** What `identityText` was made of. */
export function identityParts(text: string): [object: string, identity: string][] {
  return JSON.parse(text) as [string, string][];
}

function answerOf(answer: JointAnswer, index: number): unknown {
  return 'all' in answer ? answer.all : answer[index];
}

/** True when several parts were told together what one of them is refused for. */
function isRefusal(call: JointCall, answer: JointAnswer): boolean {
  const said = answerOf(answer, 0) as { outcome?: unknown } | null | undefined;
  return call.length > 1 && said?.outcome === 'refused';
}

/** The same states when nothing changes. */
function withState(state: JointState, place: number, one: unknown): JointState {
  return state[place] === one ? state : state.with(place, one);
}

type OpenParts = readonly OpenCall<unknown, unknown>[];

/** Of lists of open calls, which many are asked about one after the other: the parts of each object. */
const openParts = new WeakMap<readonly Open[], ReadonlyMap<string, OpenParts>>();

function partsOf(open: readonly Open[], object: string): OpenParts {
  let parts = openParts.get(open);
  if (!parts) {
    parts = byObject(open);
    openParts.set(open, parts);
  }
  return parts.get(object) ?? [];
}

function byObject(open: readonly Open[]): ReadonlyMap<string, OpenParts> {
  const parts = new Map<string, OpenCall<unknown, unknown>[]>();
  for (const { call, answer } of open) {
    for (const [i, { object, call: asked }] of call.entries()) {
      const part = { call: asked, answer: answer && answerOf(answer, i) };
      const known = parts.get(object);
      if (known) known.push(part);
      else parts.set(object, [part]);
    }
  }
  return parts;
}

/** The places of parts that are of one object. */
function pairs(a: JointCall, b: JointCall): [number, number][] {
  return a.flatMap((part, i) =>
    b.flatMap((other, k): [number, number][] => (part.object === other.object ? [[i, k]] : [])),
  );
}
