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
  const taken = new Set<number>();
  for (const stay of stays) {
    if (stay.id !== except && collides(stay, range, buffer)) taken.add(stay.unit);
  }
  const free: number[] = [];
  for (let unit = 1; unit <= units; unit++) if (!taken.has(unit)) free.push(unit);
  return free;
}

/** True when there is such a unit, and nobody but `except` takes it in this time. */
function isFree({ units, buffer, stays }: ResourceState, wanted: Stay, except = ''): boolean {
  if (!(Number.isInteger(wanted.unit) && wanted.unit >= 1 && wanted.unit <= units)) return false;
  for (const stay of stays) {
    if (stay.unit === wanted.unit && stay.id !== except && collides(stay, wanted, buffer)) return false;
  }
  return true;
}

export function stayOf({ stays }: ResourceState, id: string): Stay | undefined {
  return stays.find((stay) => stay.id === id);
}

/** Everything that `call` can do to the resource; nothing when it is refused, was done before, or only looks. */
export function waysOf(state: ResourceState, call: ResourceCall): Way[] {
  return choices(state, call).flatMap((units) => {
    const after = given(state, call, units);
    return after ? [{ state: after, units }] : [];
  });
}

/** True when `call` can do something to the resource. */
export function hasWay(state: ResourceState, call: ResourceCall): boolean {
  return choices(state, call).some((units) => given(state, call, units) !== null);
}

/** The units that `call` may be given, without those that are taken now: each for itself, in the order of its bookings. */
function choices(state: ResourceState, call: ResourceCall): (readonly number[])[] {
  switch (call.operation) {
    case 'take':
      return call.takes.reduce<(readonly number[])[]>(
        (all, take) => all.flatMap((units) => freeFor(state, take).map((unit) => [...units, unit])),
        [[]],
      );
    case 'enter':
    case 'move':
      return freeUnits(state, call, call.id).map((unit) => [unit]);
    case 'leave':
    case 'resize':
      return [[]];
    case 'search':
    case 'read':
      return [];
  }
}

function freeFor(state: ResourceState, take: Take): readonly number[] {
  const free = freeUnits(state, take);
  return take.unit === null ? free : free.filter((unit) => unit === take.unit);
}

/** The state after `call` was done and given these units; null when it cannot be. */
export function given(
  state: ResourceState,
  call: ResourceCall,
  units: readonly number[],
): ResourceState | null {
  switch (call.operation) {
    case 'take':
      return madeBy(state, call.takes) === null ? taken(state, call.takes, units) : null;
    case 'enter':
      return stayOf(state, call.id) ? null : placed(state, call, units);
    case 'move':
      return stayOf(state, call.id) ? placed(without(state, call.id), call, units) : null;
    case 'leave':
      return units.length === 0 && stayOf(state, call.id) ? without(state, call.id) : null;
    case 'resize': {
      const stay = stayOf(state, call.id);
      if (units.length > 0 || !stay || !isResizable(state, stay, call.to)) return null;
      return withStay(without(state, call.id), { ...stay, to: call.to });
    }
    case 'search':
    case 'read':
      return null;
  }
}

export function isResizable(state: ResourceState, stay: Stay, to: number): boolean {
  return stay.from < to && isFree(state, { ...stay, to }, stay.id);
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

function taken(state: ResourceState, takes: readonly Take[], units: readonly number[]): ResourceState | null {
  if (units.length !== takes.length) return null;
  let after: ResourceState | null = state;
  for (let i = 0; i < takes.length && after; i++) {
    const { id, from, to, unit: wanted } = takes[i] as Take;
    const unit = units[i] as number;
    after = wanted === null || wanted === unit ? placed(after, { id, from, to }, [unit]) : null;
  }
  const made = { ids: idsOf(takes), units: units.join() };
  return after && { ...after, made: [...after.made, made].sort(byIds) };
}

function byIds(a: { ids: string }, b: { ids: string }): number {
  return a.ids < b.ids ? -1 : 1;
}

function placed(
  state: ResourceState,
  { id, from, to }: Range & { readonly id: string },
  units: readonly number[],
): ResourceState | null {
  const stay = { id, unit: units[0] as number, from, to };
  return units.length === 1 && !isEmpty(stay) && isFree(state, stay) ? withStay(state, stay) : null;
}

function without(state: ResourceState, id: string): ResourceState {
  return withStays(
    state,
    state.stays.filter((stay) => stay.id !== id),
  );
}

function withStay(state: ResourceState, stay: Stay): ResourceState {
  const { stays } = state;
  let place = stays.length;
  while (place > 0 && (stays[place - 1] as Stay).id > stay.id) place--;
  return withStays(state, stays.toSpliced(place, 0, stay));
}

function withStays({ units, buffer, made }: ResourceState, stays: readonly Stay[]): ResourceState {
  return { units, buffer, stays, made };
}
