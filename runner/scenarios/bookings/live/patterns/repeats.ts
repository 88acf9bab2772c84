/** Patterns of requests that come again: late, after everything has changed, or while their booking is cancelled. */
import {
  type Booking,
  cancelling,
  type Group,
  list,
  type Planned,
  read,
  steps,
  switched,
  together,
} from '../planned.ts';
import type { Scene } from '../scene.ts';

/** An old request comes again with its old key, often after its booking was cancelled. */
export function lateRepeat(scene: Scene): Group {
  const { prng, knowledge, slot } = scene;
  const kept = knowledge.kept(slot);
  if (kept.length === 0) return { requests: [{ ...scene.book(), key: 'maybe' }] };
  const call = prng.pick(kept);
  const isLast = prng.chance(0.7);
  const repeat: Planned = { actor: call.citizen, call, key: isLast ? 'release' : 'repeat' };
  const held = knowledge.held(slot).find((booking) => booking.call === call);
  const cancel = held && prng.chance(0.6) ? cancelling(slot, held) : null;
  return steps(
    () => together(cancel),
    () => together(repeat),
    () => together(read(slot)),
  ) as Group;
}

/** A request is repeated while its booking is being cancelled. */
export function repeatRace(scene: Scene): Group {
  const first: Booking = { ...scene.book(), key: 'keep' };
  const again: Planned = { ...first, key: 'repeat' };
  return steps(
    () => together(first),
    () => {
      const cancel = scene.cancelOf(first);
      return cancel ? together(cancel, again, again, scene.prng.chance(0.4) ? scene.book() : null) : null;
    },
    () => together({ ...first, key: 'release' }),
    () => together(read(scene.slot)),
  ) as Group;
}

/**
 * The life of one key, asked for again at each station: when the slot is full, when it is closed, when the
 * booking is cancelled, and when the same citizen has booked again with another key.
 */
export function keyLife(scene: Scene): Group {
  const { prng, slot } = scene;
  const room = scene.free > 0 ? null : scene.cancel();
  const first: Booking = { ...scene.book(), key: 'keep' };
  const again: Planned = { ...first, key: 'repeat' };
  const anew = scene.book(first.call.citizen);
  const reopened = () => together(scene.isOpen ? null : switched(slot, true));
  const stations = [
    () => together(scene.isOpen ? null : switched(slot, true), room),
    () => together(first),
    () => (prng.chance(0.6) ? scene.fill() : null),
    () => together(prng.chance(0.7) ? again : null),
    () => together(prng.chance(0.5) ? switched(slot, false) : null),
    () => together(scene.isOpen ? null : again),
    () => together(scene.cancelOf(first)),
    () => together(prng.chance(0.5) ? again : null),
    reopened,
    () => together(prng.chance(0.7) ? again : null),
    () => together(anew),
    () => together({ ...first, key: 'release' }),
    () => together(read(slot)),
  ];
  return steps(...stations) as Group;
}

/**
 * A citizen hangs up on a booking, or on the cancel of one, while the service works on it, and asks again at
 * once. What was left half done shows when the slot is filled, or when the request comes once more.
 */
export function hangUp(scene: Scene): Group {
  const { prng, slot } = scene;
  const first: Booking = { ...scene.book(), key: 'keep' };
  const afterMs = prng.chance(0.4) ? 0 : prng.between(0, 5);
  const isOfCancel = prng.chance(0.4);
  const hungUp = (planned: Planned): Planned => ({ ...planned, hangUpAfterMs: afterMs });
  const room = scene.free > 0 ? null : scene.cancel();
  const cancelled = () => {
    const cancel = scene.cancelOf(first);
    return cancel ? together(hungUp(cancel)) : null;
  };
  return steps(
    () => together(scene.isOpen ? null : switched(slot, true), room),
    () => together(isOfCancel ? first : hungUp(first)),
    () => (isOfCancel ? cancelled() : null),
    () => together({ ...first, key: 'release' }),
    () => scene.fill(),
  ) as Group;
}

/** A citizen cancels, books again, and the old cancel comes once more: the new booking stays. */
export function staleCancel(scene: Scene): Group {
  const { prng, slot, knowledge } = scene;
  const held = knowledge.held(slot);
  if (held.length === 0 || !scene.isOpen) return { requests: [scene.book(), read(slot)] };
  const old = prng.pick(held);
  const cancel = cancelling(slot, old);
  const anew = scene.book(old.call.citizen);
  const overlaps = prng.chance(0.3);
  return {
    requests: [cancel],
    next: () =>
      steps(
        () => (overlaps ? together(anew, cancel) : together(anew)),
        () => together(cancel),
        () => together(read(slot), list()),
      ),
  };
}

/** Asks again for a booking that may still be made, with room for it, so that it is settled. */
export function settle(scene: Scene): Group | null {
  const { knowledge, slot } = scene;
  const [call] = knowledge.unsettledBooks(slot);
  if (!call) return null;
  const own = knowledge.held(slot).find((held) => held.call.citizen === call.citizen);
  const cancel = own ? cancelling(slot, own) : scene.cancel();
  const again: Planned = { actor: call.citizen, call, key: 'repeat' };
  return steps(
    () => together(scene.isOpen ? null : switched(slot, true)),
    () => together(own || scene.free <= 0 ? cancel : null),
    () => together(again),
    () => together(read(slot)),
  );
}
