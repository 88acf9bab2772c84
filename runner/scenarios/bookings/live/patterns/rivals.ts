/** Patterns of citizens who get into each other's way: for the last seat, in cancelling, while a slot closes. */
import { cancelling, type Group, list, type Planned, read, steps, switched, together } from '../planned.ts';
import type { Scene } from '../scene.ts';

/** Many citizens at once for few seats. */
export function burst(scene: Scene): Group {
  return scene.rush(scene.knowledge.capacity(scene.slot) + 1 + scene.prng.below(4));
}

/** One citizen asks twice or more at once, each time with another key. */
export function twins(scene: Scene): Group {
  const citizen = scene.citizen();
  const requests = Array.from({ length: 2 + scene.prng.below(3) }, () => scene.book(citizen));
  return { requests, next: () => ({ requests: [read(scene.slot)] }) };
}

/** One citizen asks several times at once with one key. */
export function echoes(scene: Scene): Group {
  const { prng } = scene;
  const first = scene.book();
  const requests: Planned[] = [{ ...first, key: 'keep' }];
  const copies = 1 + prng.below(3);
  const spreadMs = prng.chance(0.5) ? 0 : prng.between(0, 6);
  for (let i = 0; i < copies; i++) requests.push({ ...first, key: 'repeat', afterMs: spreadMs * i });
  if (prng.chance(0.5)) requests.push(scene.book());
  const last: Planned = { ...first, key: 'release' };
  return { requests, next: () => ({ requests: [read(scene.slot), last] }) };
}

/** Cancels of one booking overlap, with somebody waiting for the seat; then more want in than there is room. */
export function cancelRace(scene: Scene): Group {
  const { prng, knowledge, slot } = scene;
  const held = knowledge.held(slot);
  if (held.length === 0) return burst(scene);
  const cancel = cancelling(slot, prng.pick(held));
  const requests = [cancel, cancel];
  if (prng.chance(0.3)) requests.push(cancel);
  if (prng.chance(0.6)) requests.push(scene.book());
  if (prng.chance(0.3)) requests.push(scene.look());
  const again = prng.chance(0.4);
  return {
    requests,
    next: () =>
      steps(
        () => together(again ? cancel : null),
        () => scene.fill(),
      ),
  };
}

/** All who hold a seat let it go at once, some of them twice, while others want in. */
export function cancelStorm(scene: Scene): Group {
  const { prng, knowledge, slot, concurrency } = scene;
  const held = knowledge.held(slot);
  if (held.length < 2)
    return steps(
      () => scene.fill(),
      () => stormOf(scene),
    ) as Group;
  const cancels = held.map((one) => cancelling(slot, one));
  const doubles = cancels.filter(() => prng.chance(0.5));
  const others = [scene.book(), scene.book(), scene.look()].filter(() => prng.chance(0.5));
  const requests = [...cancels, ...doubles, ...others].slice(0, Math.max(2, concurrency));
  return {
    requests,
    next: () =>
      steps(
        () => together(read(slot), list()),
        () => scene.fill(),
      ),
  };
}

function stormOf(scene: Scene): Group | null {
  return scene.knowledge.held(scene.slot).length < 2 ? null : cancelStorm(scene);
}

/** Bookings and cancels race the closing of their slot, which is looked at right after; later it is opened again. */
export function closeRace(scene: Scene): Group {
  const { prng, slot } = scene;
  const late = scene.book();
  const looks: Planned = {
    ...switched(slot, false),
    andThen: () => ({ ...read(slot), andThen: () => ({ ...late, andThen: () => read(slot) }) }),
  };
  const requests: Planned[] = [looks];
  for (let i = 0; i < 3; i++) {
    requests.push({ ...scene.book(), afterMs: prng.chance(0.5) ? 0 : prng.between(0, 2) });
  }
  // Half of the time the bookings are well on their way when the slot closes.
  if (prng.chance(0.5)) requests[0] = { ...looks, afterMs: prng.between(0, 4) };
  const raced = prng.chance(0.3) ? scene.cancel() : null;
  if (raced) requests.push(raced);
  const cancelled = prng.chance(0.5);
  return {
    requests,
    next: () =>
      steps(
        () => together(cancelled ? scene.cancel() : null, read(slot)),
        () => together(list(), read(slot)),
        () =>
          together({
            ...switched(slot, true),
            andThen: () => ({ ...scene.book(), andThen: () => read(slot) }),
          }),
      ),
  };
}

/** A manager opens and closes while citizens book and look. */
export function switches(scene: Scene): Group {
  const { prng, slot } = scene;
  const open = scene.isOpen;
  const manager: Planned = {
    ...switched(slot, !open),
    andThen: () => ({
      ...switched(slot, open),
      andThen: () => (prng.chance(0.5) ? scene.book() : read(slot)),
    }),
  };
  const requests = [manager, scene.book(), scene.book(), read(slot), list()];
  return {
    requests: requests.map((planned, i) => (i === 0 ? planned : { ...planned, afterMs: prng.between(0, 3) })),
    next: () =>
      steps(
        () => together(read(slot)),
        () => together(scene.isOpen ? null : switched(slot, true)),
      ),
  };
}

/** Somebody else cancels a booking, alone or while its citizen does; then the seat is asked for. */
export function foreignCancel(scene: Scene): Group {
  const { prng, knowledge, slot } = scene;
  const held = knowledge.held(slot);
  if (held.length === 0) return burst(scene);
  const one = prng.pick(held);
  const foreign = cancelling(slot, one, scene.citizen(new Set([one.call.citizen])));
  const requests = [
    foreign,
    prng.chance(0.3) ? cancelling(slot, one) : null,
    prng.chance(0.4) ? scene.book() : null,
  ];
  return {
    requests: requests.filter((planned) => planned !== null),
    next: () =>
      steps(
        () => together(scene.look()),
        () => (prng.chance(0.5) ? scene.fill() : null),
      ),
  };
}

/** Citizens come until the slot is full, as many at once as there may be; a page of a list, or a limit, ends before. */
export function fillUp(scene: Scene): Group {
  const { prng, slot, concurrency } = scene;
  const wave = (left: number): Group | null => {
    if (left === 0 || !scene.isOpen) return null;
    const most = Math.max(1, Math.min(concurrency, scene.free + 1));
    const requests: Planned[] = scene.crowd(most).map((citizen) => scene.book(citizen));
    const isFull = scene.free <= 0;
    return { requests, next: () => (isFull ? together(read(slot), list()) : wave(left - 1)) };
  };
  const most = Math.ceil((scene.free + concurrency) / concurrency) + 2;
  const holder = (): Planned | null => {
    const held = scene.knowledge.held(slot);
    return held.length > 0 ? scene.book(prng.pick(held).call.citizen) : null;
  };
  return steps(
    () => together(scene.isOpen ? null : switched(slot, true)),
    () => wave(most),
    () => together(holder(), scene.look()),
    () => together(scene.cancel()),
    () => scene.fill(),
  ) as Group;
}
