/**
 * The truth about small histories of shelves, by brute force: every order of the requests is tried on all shelves
 * at once, with nothing left out, merged or split by shelf. For tests only.
 */
import { type Answer, changeOf, type Request, type ShelfShape, type ShelfStep } from './shelves.ts';

interface World {
  readonly counts: Readonly<Record<string, number>>;
  readonly made: readonly string[];
  /** What the requests that took effect and have not ended are answered. */
  readonly done: ReadonlyMap<number, string>;
  /** Requests under way that could have been refused at some instant since they began. */
  readonly met: ReadonlySet<number>;
}

const REFUSED = 'refused';

/** The index of the first step that no order explains, or -1. */
export function shelvesOracle({ shelves, stock }: ShelfShape, steps: readonly ShelfStep[]): number {
  const requests = new Map<number, Request>();
  const open = new Set<number>();
  const refused = new Set<string>();
  const counts = Object.fromEntries(shelves.map((shelf) => [shelf, stock]));
  let worlds = [{ counts, made: [], done: new Map(), met: new Set() }] as World[];
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'invoke') {
      requests.set(step.id, step.request);
      open.add(step.id);
      worlds = worlds.map(meet);
      continue;
    }
    if (step.kind === 'unknown') continue;
    worlds = reach(worlds).flatMap((world) => ended(world, step));
    open.delete(step.id);
    if (worlds.length === 0) return index;
    const key = keyOf(requests.get(step.id) as Request);
    if (step.kind === 'complete' && step.answer.outcome === 'refused' && key !== null) refused.add(key);
  }
  return -1;

  function ended(world: World, step: Exclude<ShelfStep, { kind: 'invoke' }>): World[] {
    const said = world.done.get(step.id);
    if (step.kind === 'complete' && said !== textOf(step.answer)) return [];
    const done = new Map(world.done);
    done.delete(step.id);
    const met = new Set(world.met);
    if (step.kind === 'complete') met.delete(step.id);
    return [{ ...world, done, met }];
  }

  function meet(world: World): World {
    const found = [...open].filter((id) => isShort(world, requests.get(id) as Request));
    return { ...world, met: new Set([...world.met, ...found]) };
  }

  function reach(from: readonly World[]): World[] {
    const all = new Map(from.map((world) => [nameOf(world), world]));
    const queue = [...all.values()];
    for (let world = queue.pop(); world; world = queue.pop()) {
      for (const id of open) {
        if (world.done.has(id)) continue;
        for (const { after, said } of run(world, id)) {
          const next = meet({ ...after, done: new Map(world.done).set(id, said) });
          const name = nameOf(next);
          if (all.has(name)) continue;
          all.set(name, next);
          queue.push(next);
        }
      }
    }
    return [...all.values()];
  }

  function run(world: World, id: number): { after: World; said: string }[] {
    const request = requests.get(id) as Request;
    const { parts } = request;
    const key = keyOf(request);
    if (key === null) {
      const shown = parts.map(({ object }) => world.counts[object] as number);
      return [{ after: world, said: textOf({ outcome: 'ok', counts: shown }) }];
    }
    const ok = textOf({ outcome: 'ok', counts: [] });
    if (world.made.includes(key)) return [{ after: world, said: ok }];
    const mayRepeat =
      refused.has(key) ||
      [...world.met].some((other) => other !== id && keyOf(requests.get(other) as Request) === key);
    const again = mayRepeat ? [{ after: world, said: REFUSED }] : [];
    if (isShort(world, request)) return [{ after: world, said: REFUSED }];
    const after = { ...world.counts };
    for (const { object, call } of parts) after[object] = (after[object] as number) + changeOf(call);
    return [...again, { after: { ...world, counts: after, made: [...world.made, key].sort() }, said: ok }];
  }

  function isShort(world: World, request: Request): boolean {
    const key = keyOf(request);
    if (key === null || world.made.includes(key)) return false;
    return request.parts.some(({ object, call }) => (world.counts[object] as number) + changeOf(call) < 0);
  }
}

function keyOf({ parts: [first] }: Request): string | null {
  return !first || first.call.kind === 'look' ? null : first.call.key;
}

function textOf(answer: Answer): string {
  return answer.outcome === 'refused' ? REFUSED : answer.counts.join();
}

function nameOf({ counts, made, done, met }: World): string {
  const sorted = (list: Iterable<unknown>) => [...list].map(String).sort().join();
  return [Object.values(counts).join(), made.join(), sorted(done), sorted(met)].join(';');
}
