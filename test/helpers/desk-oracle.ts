/** The truth about small histories of a desk, by brute force: every order, and every instant of each. For tests only. */
import {
  type Desk,
  type DeskAnswer,
  type DeskCall,
  type DeskShape,
  EMPTY,
  lastOf,
  nameOf,
  textOf,
  turnsOf,
  waysOf,
} from './desk.ts';

/** `at`: the tick at which it happens. */
export type DeskStep = { readonly id: number; readonly at: number } & (
  | { readonly kind: 'invoke'; readonly call: DeskCall }
  | { readonly kind: 'complete'; readonly answer: DeskAnswer }
  | { readonly kind: 'unknown' | 'expire' }
);

interface World {
  readonly desk: Desk;
  /** The instant of what happened last. */
  readonly now: number;
  /** What the requests that took effect and have not ended are answered. */
  readonly done: ReadonlyMap<number, string>;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

interface Request {
  readonly call: DeskCall;
  readonly from: number;
}

/**
 * The index of the first step that nothing explains, or -1. Without `everyInstant` each thing happens as early as it can,
 * which is enough, for whatever follows can wait.
 */
export function deskOracle(shape: DeskShape, steps: readonly DeskStep[], everyInstant: boolean): number {
  const open = new Map<number, Request>();
  let worlds: World[] = [{ desk: EMPTY, now: 0, done: new Map() }];
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'invoke') open.set(step.id, { call: step.call, from: step.at });
    if (step.kind === 'invoke' || step.kind === 'unknown') continue;
    worlds = reach(worlds, step.at).flatMap((world) => ended(world, step));
    open.delete(step.id);
    if (worlds.length === 0) return index;
  }
  return -1;

  function reach(from: readonly World[], until: number): World[] {
    const all = new Map(from.map((world) => [worldName(world), world]));
    for (const world of all.values()) {
      for (const next of nextOf(world, until)) {
        const name = worldName(next);
        if (!all.has(name)) all.set(name, next);
      }
    }
    return [...all.values()];
  }

  function nextOf({ desk, now, done }: World, until: number): World[] {
    const last = Math.min(until, lastOf(shape, desk));
    const at = (way: Span & { desk: Desk }, after: World['done'], begun = now) =>
      instants(way, Math.max(now, begun), last).map((instant) => ({
        desk: way.desk,
        now: instant,
        done: after,
      }));
    const found = turnsOf(shape, desk).flatMap((turn) => at(turn, done));
    for (const [id, { call, from }] of open) {
      if (done.has(id)) continue;
      for (const way of waysOf(shape, desk, call)) {
        found.push(...at(way, new Map(done).set(id, nameOf(way.answer)), from));
      }
    }
    return found;
  }

  function instants(way: Span, after: number, last: number): number[] {
    const first = Math.max(after, way.from);
    const most = Math.min(last, way.to);
    if (first > most) return [];
    return everyInstant ? Array.from({ length: most - first + 1 }, (_, i) => first + i) : [first];
  }
}

function ended(world: World, step: DeskStep): World[] {
  const said = world.done.get(step.id);
  if (step.kind === 'complete' && said !== nameOf(step.answer)) return [];
  const done = new Map(world.done);
  done.delete(step.id);
  return [{ ...world, done }];
}

function worldName({ desk, now, done }: World): string {
  return `${textOf(desk)};${now};${[...done].map(String).sort().join()}`;
}
