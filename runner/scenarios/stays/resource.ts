/** One resource as the sequential model of `stays` knows it, what is asked of it, and the steps between its states. */
import type { Range, Stay } from './calls.ts';

export interface ResourceState {
  readonly units: number;
  readonly buffer: number;
  /** By id. */
  readonly stays: readonly Stay[];
  /** The units that requests to book were given and that repeats of them are told, by the ids that they book. */
  readonly made: readonly { readonly ids: string; readonly units: string }[];
}

export interface Take extends Range {
  readonly id: string;
  /** Null: any. */
  readonly unit: number | null;
}

/** The share of a call that concerns one resource. */
export type ResourceCall =
  | { readonly operation: 'take'; readonly takes: readonly Take[] }
  /** A booking comes from another resource. */
  | ({ readonly operation: 'enter'; readonly id: string } & Range)
  /** It is cancelled, or goes to another resource. */
  | { readonly operation: 'leave'; readonly id: string }
  | ({ readonly operation: 'move'; readonly id: string } & Range)
  | { readonly operation: 'resize'; readonly id: string; readonly to: number }
  | ({ readonly operation: 'search' } & Range)
  | { readonly operation: 'read' };

export type ResourceAnswer =
  | {
      readonly outcome: 'ok';
      /** Those that were given, in the order in which they were asked for; or that are free. */
      readonly units?: readonly number[];
      readonly calendar?: { units: number; buffer: number; bookings: readonly Stay[] };
    }
  | { readonly outcome: 'refused'; readonly reason: string };

/** A state that a call can leave, and the units that it gave. */
export interface Way {
  readonly state: ResourceState;
  readonly units: readonly number[];
}

export function isEmpty({ from, to }: Range): boolean {
  return from >= to;
}

/** True when the two leave less than `buffer` minutes between them. */
export function collides(a: Range, b: Range, buffer: number): boolean {
  return a.from < b.to + buffer && b.from < a.to + buffer;
}

/** True when both take the same time of the same unit. */
export function isSame(a: Stay, b: Stay): boolean {
  return a.unit === b.unit && a.from === b.from && a.to === b.to;
}

/** The units that nobody but `except` takes in this time. */
export function freeUnits({ units, buffer, stays }: ResourceState, range: Range, except = ''): number[] {
  const free: number[] = [];
  for (let unit = 1; unit <= units; unit++) {
    const isFree = stays.every(
      (stay) => stay.unit !== unit || stay.id === except || !collides(stay, range, buffer),
    );
    if (isFree) free.push(unit);
  }
  return free;
}

export function stayOf({ stays }: ResourceState, id: string): Stay | undefined {
  return stays.find((stay) => stay.id === id);
}

/** Everything that `call` can do to the resource; nothing when it is refused, was done before, or only looks. */
export function waysOf(state: ResourceState, call: ResourceCall): Way[] {
  switch (call.operation) {
    case 'take':
      return madeBy(state, call.takes) ? [] : takenWays(state, call.takes);
    case 'enter':
      return isEmpty(call) || stayOf(state, call.id) ? [] : placed(state, call);
    case 'leave':
      return stayOf(state, call.id) ? [{ state: without(state, call.id), units: [] }] : [];
    case 'move':
      return isEmpty(call) || !stayOf(state, call.id) ? [] : placed(without(state, call.id), call);
    case 'resize': {
      const stay = stayOf(state, call.id);
      if (!stay || !isResizable(state, stay, call.to)) return [];
      return [{ state: withStay(without(state, call.id), { ...stay, to: call.to }), units: [] }];
    }
    case 'search':
    case 'read':
      return [];
  }
}

export function isResizable(state: ResourceState, stay: Stay, to: number): boolean {
  return stay.from < to && freeUnits(state, { from: stay.from, to }, stay.id).includes(stay.unit);
}

/** What the request for these bookings was given when it was first done. */
export function madeBy(state: ResourceState, takes: readonly Take[]): string | null {
  const ids = idsOf(takes);
  return state.made.find((made) => made.ids === ids)?.units ?? null;
}

/** As if nobody would repeat the request for these bookings. */
export function withoutMade(state: ResourceState, takes: readonly Take[]): ResourceState {
  const ids = idsOf(takes);
  const made = state.made.filter((one) => one.ids !== ids);
  return made.length === state.made.length ? state : { ...state, made };
}

function idsOf(takes: readonly Take[]): string {
  return takes.map(({ id }) => id).join();
}

function takenWays(state: ResourceState, takes: readonly Take[]): Way[] {
  let ways: Way[] = [{ state, units: [] }];
  for (const take of takes) {
    if (isEmpty(take)) return [];
    ways = ways.flatMap(({ state: before, units }) =>
      placed(before, take).map((way) => ({ state: way.state, units: [...units, ...way.units] })),
    );
  }
  const ids = idsOf(takes);
  return ways.map(({ state: after, units }) => ({
    state: { ...after, made: [...after.made, { ids, units: units.join() }].sort(byIds) },
    units,
  }));
}

function byIds(a: { ids: string }, b: { ids: string }): number {
  return a.ids < b.ids ? -1 : 1;
}

function placed(
  state: ResourceState,
  { id, from, to, unit: wanted = null }: Range & { id: string; unit?: number | null },
): Way[] {
  return freeUnits(state, { from, to })
    .filter((unit) => wanted === null || unit === wanted)
    .map((unit) => ({ state: withStay(state, { id, unit, from, to }), units: [unit] }));
}

function without(state: ResourceState, id: string): ResourceState {
  return { ...state, stays: state.stays.filter((stay) => stay.id !== id) };
}

function withStay(state: ResourceState, stay: Stay): ResourceState {
  return { ...state, stays: [...state.stays, stay].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}
