/** A desk that holds places for a while, sells them, and offers freed ones to those who wait: as a model with time. */
import type { Effect, SequentialModel, When } from '../../runner/checkers/model.ts';

/** Instants are whole ticks, for which the checker takes ms. Holds and waiters end by themselves at `until`. */
export type DeskCall =
  | { readonly kind: 'hold' | 'join'; readonly who: string; readonly until: number }
  | { readonly kind: 'pay' | 'leave'; readonly who: string }
  | { readonly kind: 'look' };

export type DeskAnswer =
  | { readonly outcome: 'ok'; readonly shown?: string }
  | { readonly outcome: 'refused' };

export interface DeskShape {
  readonly places: number;
  /** A hold may end so much before its time, and has ended so much after it. */
  readonly tolerance: number;
  /** False: ends are seen only in what is answered, and nobody is offered a place. */
  readonly isActive: boolean;
}

interface Timed {
  readonly who: string;
  readonly until: number;
}

/** What the desk has in its books. */
export interface Desk {
  readonly held: readonly Timed[];
  readonly sold: readonly string[];
  readonly waiting: readonly Timed[];
}

export const EMPTY: Desk = { held: [], sold: [], waiting: [] };
export const OK: DeskAnswer = { outcome: 'ok' };
export const REFUSED: DeskAnswer = { outcome: 'refused' };

/** One way to go on, and when that can be, both ends included. */
interface Way {
  readonly desk: Desk;
  readonly answer: DeskAnswer;
  readonly from: number;
  readonly to: number;
}

const EVER = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };

/** All that `call` can come to; those that take any time first. */
export function waysOf({ places, tolerance }: DeskShape, desk: Desk, call: DeskCall): Way[] {
  const same = (answer: DeskAnswer) => ({ ...EVER, desk, answer });
  if (call.kind === 'look') return [same({ outcome: 'ok', shown: textOf(desk) })];
  const { who } = call;
  const has = (list: readonly Timed[]) => list.some((one) => one.who === who);
  const without = (list: readonly Timed[]) => list.filter((one) => one.who !== who);
  switch (call.kind) {
    case 'pay':
      if (desk.sold.includes(who)) return [same(OK)];
      if (!has(desk.held)) return [same(REFUSED)];
      return [
        {
          ...EVER,
          desk: { ...desk, held: without(desk.held), sold: [...desk.sold, who].sort() },
          answer: OK,
        },
      ];
    case 'leave':
      if (!has(desk.held) && !has(desk.waiting)) return [same(OK)];
      return [
        { ...EVER, desk: { ...desk, held: without(desk.held), waiting: without(desk.waiting) }, answer: OK },
      ];
    case 'join':
      if (has(desk.held) || has(desk.waiting) || desk.sold.includes(who)) return [same(OK)];
      return [
        { ...EVER, desk: { ...desk, waiting: [...desk.waiting, { who, until: call.until }] }, answer: OK },
      ];
    case 'hold': {
      if (has(desk.held) || desk.sold.includes(who)) return [same(OK)];
      if (isFull(places, desk)) return [same(REFUSED)];
      const held = [...desk.held, { who, until: call.until }].sort(byName);
      return [
        { ...EVER, to: call.until + tolerance, desk: { ...desk, held }, answer: OK },
        { ...EVER, from: call.until - tolerance, desk, answer: REFUSED },
      ];
    }
  }
}

/** What can happen by itself. */
export function turnsOf({ places, tolerance, isActive }: DeskShape, desk: Desk): Omit<Way, 'answer'>[] {
  const ends = desk.held.map((one) => ({
    ...EVER,
    from: one.until - tolerance,
    desk: { ...desk, held: desk.held.filter((other) => other !== one) },
  }));
  const [first, ...waiting] = desk.waiting;
  if (!isActive || !first) return ends;
  const given = { ...EVER, from: first.until - tolerance, desk: { ...desk, waiting } };
  if (isFull(places, desk)) return [...ends, given];
  const held = [...desk.held, first].sort(byName);
  return [...ends, given, { ...EVER, to: first.until + tolerance, desk: { ...desk, held, waiting } }];
}

/** Past this instant somebody's hold must have ended. */
export function lastOf({ tolerance }: DeskShape, { held }: Desk): number {
  return Math.min(...held.map(({ until }) => until + tolerance));
}

function isFull(places: number, { held, sold }: Desk): boolean {
  return held.length + sold.length >= places;
}

function byName(a: Timed, b: Timed): number {
  return a.who < b.who ? -1 : 1;
}

export function textOf({ held, sold, waiting }: Desk): string {
  const names = (list: readonly Timed[]) => list.map(({ who, until }) => `${who}${until}`).join();
  return `${names(held)}|${sold.join()}|${names(waiting)}`;
}

/** The desk, and the instant before which nothing further happens. */
export interface DeskState extends Desk {
  readonly now: number;
}

export type DeskModel = SequentialModel<DeskState, DeskCall, DeskAnswer>;

/** `hasHints` says whether the checker is told more than it needs. */
export function deskModel(shape: DeskShape, hasHints: boolean): DeskModel {
  /** The state that `way` leaves, if it can be gone between these instants. */
  const gone = (state: DeskState, { from, to, desk }: Omit<Way, 'answer'>, when: When): DeskState[] => {
    const now = Math.max(state.now, when.from, from);
    if (now > Math.min(when.to, to, lastOf(shape, state))) return [];
    return desk === state && now === state.now ? [state] : [{ ...desk, now }];
  };
  const turned = (state: DeskState, when: When) =>
    turnsOf(shape, state).flatMap((turn) => gone(state, turn, { ...when, from: EVER.from }));
  /** A lazy desk finds out what has ended when it is asked. */
  const asked = (state: DeskState, when: When): DeskState[] => {
    const states = [state];
    if (!shape.isActive) for (const one of states) states.push(...turned(one, when));
    return states;
  };
  const after = (state: DeskState, call: DeskCall, when: When) =>
    asked(state, when).flatMap((one) =>
      waysOf(shape, one, call).flatMap((way) =>
        gone(one, way, when).map((next) => ({ state: next, answer: way.answer })),
      ),
    );
  const answered = (state: DeskState, call: DeskCall, answer: DeskAnswer, when: When) =>
    after(state, call, when)
      .filter((way) => nameOf(way.answer) === nameOf(answer))
      .map((way) => way.state);
  return {
    timed: true,
    initial: () => ({ ...EMPTY, now: 0 }),
    apply: (state, call, answer, when) => answered(state, call, answer, when)[0] ?? null,
    alternatives: (state, call, answer, when) => answered(state, call, answer, when).slice(1),
    effects: (state, call, when) =>
      after(state, call, when).flatMap((way): Effect<DeskState>[] =>
        way.state === state ? [] : [{ state: way.state, outcome: nameOf(way.answer) }],
      ),
    confirm: (state, _call, outcome, answer) => (outcome === nameOf(answer) ? state : null),
    ...(shape.isActive && { internal: turned }),
    key: (state) => `${textOf(state)} ${state.now}`,
    describe: (state, call) => waysOf(shape, state, call).map(({ answer }) => nameOf(answer)),
    ...(hasHints && {
      observes: (call: DeskCall) => call.kind === 'look',
      hopeless: (state: DeskState, call: DeskCall, answer: DeskAnswer) =>
        call.kind === 'look' && state.sold.some((who) => !nameOf(answer).split('|')[1]?.includes(who)),
    }),
  };
}

export function nameOf(answer: DeskAnswer): string {
  return answer.outcome === 'ok' ? (answer.shown ?? 'ok') : 'refused';
}
