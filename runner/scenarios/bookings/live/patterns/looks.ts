/** Patterns that look closely: single requests with a look after them, looks before and after, looks in the middle. */
import {
  cancelling,
  type Group,
  inTurn,
  list,
  type Planned,
  read,
  steps,
  switched,
  together,
} from '../planned.ts';
import type { Scene } from '../scene.ts';
import { staleCancel } from './repeats.ts';

/** One citizen does one thing, and most of the time looks what came of it. */
export function single(scene: Scene): Group {
  const { prng, slot } = scene;
  const roll = prng.float();
  const looked = (planned: Planned): Group =>
    prng.chance(0.6) ? { requests: [{ ...planned, andThen: () => scene.look() }] } : { requests: [planned] };
  if (!scene.isOpen && roll < 0.35) return looked(switched(slot, true));
  const [books, cancels] = scene.free <= 0 ? [0.3, 0.68] : [0.55, 0.75];
  if (roll < books) return looked(scene.book());
  if (roll < cancels) return looked(scene.cancel() ?? scene.book());
  if (roll < 0.78) return looked(switched(slot, !scene.isOpen));
  if (roll < 0.82) return staleCancel(scene);
  return { requests: [roll < 0.88 ? list(scene.citizen()) : read(slot)] };
}

/** A look right before and right after each of some changes, with no time in between. */
export function sandwich(scene: Scene): Group {
  const { prng, slot } = scene;
  const looks = prng.chance(0.5) ? () => read(slot) : () => list();
  const change = (): Planned => {
    const roll = prng.float();
    if (roll < 0.2) return switched(slot, !scene.isOpen);
    return (roll < 0.6 && scene.cancel()) || scene.book();
  };
  const another = (count: number): Planned => ({
    ...looks(),
    andThen: () => ({
      ...change(),
      andThen: () => ({ ...looks(), andThen: () => (count > 0 ? another(count - 1) : null) }),
    }),
  });
  return { requests: [another(2)], next: () => together(scene.isOpen ? null : switched(slot, true)) };
}

/** A slot opens or closes, and a citizen asks at once. */
export function switchAndAsk(scene: Scene): Group {
  const { slot } = scene;
  const asked = (open: boolean) => ({
    ...switched(slot, open),
    andThen: () => inTurn(scene.book(), scene.look()),
  });
  return steps(
    () => together(inTurn(scene.book(), asked(false))),
    () => together(inTurn(asked(true), read(slot))),
    () => together(read(slot), list()),
  ) as Group;
}

/** Bookings come and go one after the other while several look on: a look that is put together shows. */
export function onlookers(scene: Scene): Group {
  const { prng, slot } = scene;
  // Half of them open and close before each change: whether it is open may be read apart from the bookings.
  const alternates = prng.chance(0.5);
  const move = (left: number): Planned => {
    const roll = alternates ? (left % 2 === 0 ? 0 : scene.isOpen ? 1 : 0.5) : prng.float();
    const planned =
      roll < 0.15 ? switched(slot, !scene.isOpen) : (roll < 0.55 && scene.cancel()) || scene.book();
    return left > 0 ? { ...planned, andThen: () => move(left - 1) } : planned;
  };
  const watch = (left: number): Planned => {
    const look = scene.look();
    return left > 0 ? { ...look, andThen: () => watch(left - 1) } : look;
  };
  const requests: Planned[] = [move(6)];
  const most = Math.min(5, scene.concurrency);
  for (let i = 1; i < most; i++) requests.push({ ...watch(4), afterMs: prng.between(0, 2) });
  return { requests, next: () => together(scene.isOpen ? null : switched(slot, true), read(slot)) };
}

/** Citizens take a seat and leave it, over and over, one more than there are seats: it makes a long history of one slot. */
export function mill(scene: Scene): Group {
  return milling(scene, scene.knowledge.capacity(scene.slot) + 1, 5, 4);
}

/** The same without rivals, and for longer: each request makes a booking, with a key of its own. */
export function bustle(scene: Scene): Group {
  return milling(scene, Math.max(1, scene.free), scene.concurrency, 20);
}

function milling(scene: Scene, citizens: number, atMost: number, turns: number): Group {
  const { slot, concurrency } = scene;
  const turn = (citizen: string, left: number): Planned => {
    const book = scene.book(citizen);
    return {
      ...book,
      andThen: (reply) => {
        if (reply?.outcome !== 'ok') return left > 0 ? turn(citizen, left - 1) : null;
        const held = { id: String(reply.value['booking']), call: book.call };
        const cancel = cancelling(slot, held);
        return left > 0 ? { ...cancel, andThen: () => turn(citizen, left - 1) } : cancel;
      },
    };
  };
  const most = Math.max(1, Math.min(concurrency, citizens, atMost));
  const requests = scene.crowd(most).map((citizen) => turn(citizen, turns));
  return { requests, next: () => ({ requests: [read(slot), list()] }) };
}
