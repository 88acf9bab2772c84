/**
 * The truth about small histories of one slot, by brute force: every order of the operations is tried, on
 * a slot written down a second time, with nothing left out, merged or guessed. For tests only.
 */
import type { SlotAnswer, SlotCall } from '../../runner/scenarios/bookings/slot-call.ts';
import { CONTRACT_RULES, type ServiceRules } from '../../server/contract/index.ts';
import type { Step } from './slot-history.ts';

interface Booking {
  citizen: string;
  key: string;
  id: string;
  active: boolean;
}

interface Slot {
  open: boolean;
  bookings: readonly Booking[];
}

/** What an operation that took effect may answer. */
type Result =
  | { kind: 'booked'; id: string }
  | { kind: 'refused'; reasons: readonly string[] }
  | { kind: 'view'; bookings: readonly Pick<Booking, 'citizen' | 'id'>[]; open: boolean }
  | { kind: 'done' };

/** One way in which everything so far can have gone. */
interface World {
  slot: Slot;
  /** Results of the operations that took effect and have not ended. */
  done: ReadonlyMap<number, Result>;
  /** Reasons that held at some instant since each booking request began, while it is under way. */
  met: ReadonlyMap<number, string>;
}

const REASONS = ['full', 'closed', 'already-booked', 'unavailable'];

/** The index of the first step that no order explains, or -1. */
export function oracle(
  capacity: number,
  steps: readonly Step[],
  rules: Readonly<ServiceRules> = CONTRACT_RULES,
): number {
  const byCitizen = rules.cancelsBy === 'citizen';
  const ids = idsOf(steps);
  const calledIds = ids.get('') ?? NO_IDS;
  const calls = new Map<number, SlotCall>();
  const open = new Set<number>();
  /** Refusals that were answered, by citizen and key. */
  const answered = new Map<string, Set<string>>();
  let worlds = new Map<string, World>();
  add(worlds, { slot: { open: true, bookings: [] }, done: new Map(), met: new Map() });
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'invoke') {
      calls.set(step.id, step.call);
      open.add(step.id);
      worlds = meetAll(worlds);
      continue;
    }
    if (step.kind === 'unknown') continue;
    const reached = reach(worlds);
    open.delete(step.id);
    worlds = new Map();
    for (const world of reached.values()) {
      const result = world.done.get(step.id);
      if (step.kind === 'complete' && !(result && matches(result, step.answer))) continue;
      const done = new Map(world.done);
      done.delete(step.id);
      const met = new Map(world.met);
      if (step.kind === 'complete') met.delete(step.id);
      add(worlds, { slot: world.slot, done, met });
    }
    if (worlds.size === 0) return index;
    const call = calls.get(step.id) as SlotCall;
    if (step.kind === 'complete' && step.answer.outcome === 'refused' && call.operation === 'book') {
      const name = `${call.citizen} ${call.key}`;
      answered.set(name, (answered.get(name) ?? new Set()).add(step.answer.reason));
    }
  }
  return -1;

  function meetAll(before: Map<string, World>): Map<string, World> {
    const after = new Map<string, World>();
    for (const world of before.values()) add(after, meet(world));
    return after;
  }

  function meet(world: World): World {
    let met: Map<number, string> | null = null;
    for (const id of open) {
      const call = calls.get(id) as SlotCall;
      if (call.operation !== 'book') continue;
      const before = world.met.get(id) ?? '';
      const now = REASONS.filter((r) => before.includes(r) || holds(world.slot, call, r)).join();
      if (now === before) continue;
      met ??= new Map(world.met);
      met.set(id, now);
    }
    return met ? { ...world, met } : world;
  }

  /** All that can be before the next event: any open operations take effect in any order. */
  function reach(from: Map<string, World>): Map<string, World> {
    const all = new Map(from);
    const queue = [...from.values()];
    for (let world = queue.pop(); world; world = queue.pop()) {
      for (const id of open) {
        if (world.done.has(id)) continue;
        for (const { slot, result } of run(world, id, calls.get(id) as SlotCall)) {
          const next = meet({ slot, done: new Map(world.done).set(id, result), met: world.met });
          const size = all.size;
          add(all, next);
          if (all.size > size) queue.push(next);
        }
      }
    }
    return all;
  }

  function run(world: World, id: number, call: SlotCall): { slot: Slot; result: Result }[] {
    const { slot } = world;
    const active = slot.bookings.filter((b) => b.active);
    switch (call.operation) {
      case 'open':
      case 'close':
        return [{ slot: { ...slot, open: call.operation === 'open' }, result: { kind: 'done' } }];
      case 'read':
      case 'count': {
        return [{ slot, result: { kind: 'view', bookings: active, open: slot.open } }];
      }
      case 'cancel': {
        const named = active.find((b) => (byCitizen ? b.citizen === call.citizen : b.id === call.booking));
        const isForeign = rules.ownCancelOnly && named?.citizen !== call.citizen;
        if (!named || isForeign) {
          const refusal: Result = { kind: 'refused', reasons: ['no-such-booking', 'not-yours'] };
          const again: Result[] = !named && rules.secondCancel === 'ok' ? [{ kind: 'done' }] : [];
          return [refusal, ...again].map((result) => ({ slot, result }));
        }
        const bookings = slot.bookings.map((b) => (b === named ? { ...b, active: false } : b));
        return [{ slot: { ...slot, bookings }, result: { kind: 'done' } }];
      }
      case 'book': {
        const mine = slot.bookings.find((b) => b.citizen === call.citizen && b.key === call.key);
        if (mine) return [{ slot, result: { kind: 'booked', id: mine.id } }];
        const now = REASONS.filter((reason) => holds(slot, call, reason));
        const again = rules.keys ? REASONS.filter((reason) => mayRepeat(world, id, call, reason)) : [];
        const refusal: { slot: Slot; result: Result } = {
          slot,
          result: { kind: 'refused', reasons: [...now, ...again] },
        };
        if (now.length > 0) return [refusal];
        const booked = [...(byCitizen ? NO_IDS : possibleIds(call)), `new-${id}`]
          .filter((given) => !slot.bookings.some((b) => b.id === given))
          .map((given): { slot: Slot; result: Result } => ({
            slot: {
              ...slot,
              bookings: [...slot.bookings, { citizen: call.citizen, key: call.key, id: given, active: true }],
            },
            result: { kind: 'booked', id: given },
          }));
        return again.length > 0 ? [refusal, ...booked] : booked;
      }
    }
  }

  /** Any other id would do nothing that a new one does not. */
  function possibleIds({ citizen, key }: Extract<SlotCall, { operation: 'book' }>): ReadonlySet<string> {
    return new Set([
      ...calledIds,
      ...(ids.get(`${citizen} ${key}`) ?? NO_IDS),
      ...(ids.get(citizen) ?? NO_IDS),
    ]);
  }

  function holds(slot: Slot, call: Extract<SlotCall, { operation: 'book' }>, reason: string): boolean {
    const active = slot.bookings.filter((b) => b.active);
    if (slot.bookings.some((b) => b.citizen === call.citizen && b.key === call.key)) return false;
    const isFull = active.length >= capacity;
    const isClosed = rules.closing && !slot.open;
    const isHeld = rules.onePerCitizen && active.some((b) => b.citizen === call.citizen);
    if (reason === 'full') return isFull;
    if (reason === 'closed') return isClosed;
    if (reason === 'already-booked') return isHeld;
    return isFull || isClosed || isHeld;
  }

  function mayRepeat(
    world: World,
    id: number,
    call: Extract<SlotCall, { operation: 'book' }>,
    reason: string,
  ): boolean {
    if (answered.get(`${call.citizen} ${call.key}`)?.has(reason)) return true;
    for (const [other, reasons] of world.met) {
      const that = calls.get(other) as Extract<SlotCall, { operation: 'book' }>;
      if (other !== id && that.citizen === call.citizen && that.key === call.key && reasons.includes(reason))
        return true;
    }
    return false;
  }

  function matches(result: Result, answer: SlotAnswer): boolean {
    if (answer.outcome === 'refused')
      return result.kind === 'refused' && result.reasons.includes(answer.reason);
    switch (result.kind) {
      case 'booked':
        return byCitizen || answer.booking === result.id;
      case 'done':
        return true;
      case 'refused':
        return false;
      case 'view': {
        const { open: isOpen = result.open, capacity: seats = capacity, bookings = [] } = answer;
        if ((rules.closing && isOpen !== result.open) || seats !== capacity) return false;
        if (typeof bookings === 'number') return bookings === result.bookings.length;
        const [row] = bookings;
        const textOf = ({ citizen, id }: { citizen?: string; id?: string }) =>
          `${row?.citizen === undefined ? '' : citizen}=${row?.id === undefined ? '' : id}`;
        return bookings.map(textOf).sort().join() === result.bookings.map(textOf).sort().join();
      }
    }
  }
}

function add(worlds: Map<string, World>, world: World): void {
  const bookings = world.slot.bookings.map((b) => `${b.citizen} ${b.key} ${b.id} ${b.active}`).sort();
  const done = [...world.done].map(([id, result]) => `${id} ${JSON.stringify(result)}`).sort();
  const met = [...world.met].map(([id, reasons]) => `${id} ${reasons}`).sort();
  worlds.set(`${world.slot.open};${bookings.join()};${done.join()};${met.join()}`, world);
}

const NO_IDS: ReadonlySet<string> = new Set();

/**
 * The ids that a booking may turn out to have: under the citizen and key those that were answered to that
 * request, under the citizen those that reads show for them, under '' those that cancels name or reads show alone.
 */
function idsOf(steps: readonly Step[]): ReadonlyMap<string, Set<string>> {
  const ids = new Map<string, Set<string>>();
  const calls = new Map<number, SlotCall>();
  const put = (name: string, id: string) => ids.set(name, (ids.get(name) ?? new Set()).add(id));
  for (const step of steps) {
    if (step.kind === 'invoke') {
      calls.set(step.id, step.call);
      if (step.call.operation === 'cancel') put('', step.call.booking);
    }
    if (step.kind !== 'complete' || step.answer.outcome === 'refused') continue;
    const call = calls.get(step.id) as SlotCall;
    if (call.operation === 'book') put(`${call.citizen} ${call.key}`, step.answer.booking ?? '');
    if (typeof step.answer.bookings === 'object') {
      for (const { id, citizen } of step.answer.bookings) if (id !== undefined) put(citizen ?? '', id);
    }
  }
  return ids;
}
