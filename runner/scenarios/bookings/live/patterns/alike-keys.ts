/** Patterns of keys that a careless service takes for one: shared, or alike in all but a sign. */

import { citizenNames } from '../../calls.ts';
import { type Booking, booking, type Group, list, type Planned, read, steps, together } from '../planned.ts';
import type { Scene } from '../scene.ts';

/** The signs that services join a citizen and a key with. */
const JOINTS = ['-', ':', '', '/', '_', '|', '.', '#', ','] as const;
/** So many citizens have namesakes. */
const WITH_NAMESAKES = 3;
/** Pairs that one group tries. */
const PAIRS = 4;
/** Lengths up to which two keys are alike: just above those at which services cut keys off. */
const ALIKE_UP_TO = [8, 16, 20, 32, 36, 64, 128] as const;

/** Two citizens use one key for one slot, at once or one after the other. */
export function sharedKey(near: Scene): Group {
  const scene = near.withRoom();
  const key = scene.key();
  const [one = '', other = scene.citizen()] = scene.crowd(2);
  return oneOrBoth(scene, scene.book(one, key), booking(scene.slot, other, key), scene.slot);
}

export function keyInTwoSlots(near: Scene): Group {
  const scene = near.withRoom();
  const others = scene.knowledge.slots.filter((slot) => slot !== scene.slot);
  if (others.length === 0) return sharedKey(near);
  const other = scene.prng.pick(others);
  const citizen = scene.citizen();
  const key = scene.key();
  return oneOrBoth(scene, booking(scene.slot, citizen, key), booking(other, citizen, key), other);
}

/** One citizen books twice in one slot, with keys that are almost the same; a few such pairs in turn. */
export function alikeKeys(near: Scene): Group {
  const { prng } = near;
  const scene = near.withRoom();
  const citizen = scene.citizen();
  const pairs = inAnyOrder(scene, pairsOf(scene)).slice(0, PAIRS);
  if (prng.chance(0.2)) {
    const [one, other] = pairs[0] as Pair;
    return oneOrBoth(
      scene,
      booking(scene.slot, citizen, one),
      booking(scene.slot, citizen, other),
      scene.slot,
    );
  }
  const makers = pairs.flatMap(([one, other]) => {
    const first = booking(scene.slot, citizen, one);
    const second = booking(scene.slot, citizen, other);
    const cancels = prng.chance(0.5);
    return [
      () => together(first),
      () => together(cancels ? scene.cancelOf(first) : null),
      () => together(second),
      () => together(scene.cancelOf(first) ?? scene.cancelOf(second)),
    ];
  });
  return steps(...makers, () => together(read(scene.slot))) as Group;
}

type Pair = readonly [string, string];

function pairsOf({ n, prng }: Scene): Pair[] {
  const long = 'abcdefghij'.repeat(14);
  const name = `${n}-`;
  const filled = (upTo: number) => name + long.slice(0, Math.max(0, upTo - name.length));
  const most = filled(ALIKE_UP_TO.at(-1) as number);
  const some = filled(prng.pick(ALIKE_UP_TO));
  // No key may be in two pairs, nor be one that another group makes.
  return [
    [`a-${n}-10`, `a-${n}-1`],
    [`a-${n}-2`, `a-${n}-20`],
    [`${most}x`, `${most}y`],
    [`s${some}x`, `s${some}y`],
    [`x${most}`, `y${most}`],
    [`A-${n}-c`, `a-${n}-C`],
    [`0${n}5555555`, `${n}5555555`],
    [`${n}7777777.0`, `${n}7777777`],
    // Alike for a hash that multiplies by 31.
    [`a-${n}-Aa`, `a-${n}-BB`],
    [`a-${n}-d`, `a-${n}d`],
    [`a-${n}_e`, `a-${n}-e`],
    [`a-${n}%2D`, `a-${n}-`],
  ];
}

/** Citizens whose names are those of others with a sign and a letter behind them. */
export function namesakes(): string[] {
  return citizenNames(WITH_NAMESAKES).flatMap((citizen) => JOINTS.map((joint) => namesake(citizen, joint)));
}

function namesake(citizen: string, joint: string): string {
  return `${citizen}${joint}x`;
}

/** A citizen and a key that read as another citizen and another key once they are joined; a few joints in turn. */
export function joinedKey(near: Scene): Group {
  const scene = near.withRoom();
  const citizen = scene.citizenOfFirst(WITH_NAMESAKES);
  const pairs = inAnyOrder(scene, JOINTS)
    .slice(0, PAIRS)
    .map((joint, i): readonly [Booking, Booking] => [
      booking(scene.slot, citizen, `x${joint}k${scene.n}-${i}`),
      booking(scene.slot, namesake(citizen, joint), `k${scene.n}-${i}`),
    ]);
  const [first, second] = pairs[0] as readonly [Booking, Booking];
  if (scene.prng.chance(0.2)) return oneOrBoth(scene, first, second, scene.slot);
  const makers = pairs.flatMap(([one, other]) => [
    () => together(one),
    () => together(other),
    () => together(scene.cancelOf(one), scene.cancelOf(other)),
  ]);
  return steps(...makers, () => together(read(scene.slot))) as Group;
}

function inAnyOrder<T>({ prng }: Scene, items: readonly T[]): T[] {
  const left = [...items];
  return items.map(() => left.splice(prng.below(left.length), 1)[0] as T);
}

function oneOrBoth({ prng }: Scene, first: Booking, second: Booking, slot: string): Group {
  const looks: Planned[] = prng.chance(0.5) ? [read(slot), list()] : [read(slot)];
  const last: Group = { requests: looks };
  if (prng.chance(0.4)) return { requests: [first, second], next: () => last };
  return { requests: [first], next: () => ({ requests: [second], next: () => last }) };
}
