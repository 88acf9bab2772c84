/** One slot as the sequential model of `bookings` knows it: an immutable value, and the steps between two such values. */

/** One booking that was made; kept while it is active or a repeat of its request may still come. */
export interface Entry {
  readonly citizen: string;
  /** The idempotency key, or null once nobody will use it again. */
  readonly key: string | null;
  /** Null while no answer has shown the id. */
  readonly id: string | null;
  readonly active: boolean;
  /** While the id is not known: what it cannot be, because nobody was found under it. */
  readonly not?: readonly string[];
}

export interface SlotState {
  readonly capacity: number;
  readonly open: boolean;
  /** Active bookings. */
  readonly seats: number;
  readonly entries: readonly Entry[];
}

/** The booking made by this request, also when it was cancelled since. */
export function entryOfKey(state: SlotState, citizen: string, key: string): Entry | undefined {
  for (const entry of state.entries) if (entry.key === key && entry.citizen === citizen) return entry;
  return undefined;
}

export function entryOfId(state: SlotState, id: string): Entry | undefined {
  for (const entry of state.entries) if (entry.id === id) return entry;
  return undefined;
}

export function activeOf(state: SlotState, citizen: string): Entry | undefined {
  for (const entry of state.entries) if (entry.active && entry.citizen === citizen) return entry;
  return undefined;
}

export function withOpen(state: SlotState, open: boolean): SlotState {
  if (state.open === open) return state;
  return { capacity: state.capacity, open, seats: state.seats, entries: state.entries };
}

export function withBooking(state: SlotState, citizen: string, key: string, id: string | null): SlotState {
  const entries = [...state.entries, { citizen, key, id, active: true }];
  return { capacity: state.capacity, open: state.open, seats: state.seats + 1, entries };
}

/** The id of `entry` gets known; null when another booking has it. */
export function withId(state: SlotState, entry: Entry, id: string): SlotState | null {
  if (entry.id === id) return state;
  if (!couldBe(entry, id) || entryOfId(state, id)) return null;
  return replace(state, entry, { citizen: entry.citizen, key: entry.key, id, active: entry.active });
}

/** True for an active booking whose id is not known and may turn out to be `id`. */
export function couldBe(entry: Entry, id: string): boolean {
  return entry.active && entry.id === null && !entry.not?.includes(id);
}

/** No active booking has this id: those whose id is not known are not it either. */
export function withoutId(state: SlotState, id: string): SlotState {
  if (!state.entries.some((entry) => couldBe(entry, id)) || entryOfId(state, id)) return state;
  const entries = state.entries.map((entry) =>
    couldBe(entry, id) ? { ...entry, not: [...(entry.not ?? []), id] } : entry,
  );
  return { capacity: state.capacity, open: state.open, seats: state.seats, entries };
}

/** `entry` is cancelled under `id`. What no repeat can ask for is forgotten with it. */
export function withoutBooking(state: SlotState, entry: Entry, id: string | null): SlotState {
  const after = entry.key === null ? null : { citizen: entry.citizen, key: entry.key, id, active: false };
  return replace(state, entry, after);
}

/** This key will not be used again; with a cancelled booking goes its id. */
export function withKeyForgotten(state: SlotState, citizen: string, key: string): SlotState {
  const entry = entryOfKey(state, citizen, key);
  return entry ? replace(state, entry, entry.active ? { ...entry, key: null } : null) : state;
}

function replace(state: SlotState, before: Entry, after: Entry | null): SlotState {
  const entries: Entry[] = [];
  for (const entry of state.entries) {
    if (entry !== before) entries.push(entry);
    else if (after) entries.push(after);
  }
  const seats = state.seats - (before.active ? 1 : 0) + (after?.active ? 1 : 0);
  return { capacity: state.capacity, open: state.open, seats, entries };
}

/** The state refined by a full view of the slot's active bookings, or null when the view is not of this state. */
export function withView(
  state: SlotState,
  bookings: readonly { id: string; citizen: string }[],
): SlotState | null {
  if (bookings.length !== state.seats) return null;
  let refined: SlotState = state;
  // Each citizen has one active booking at most, so a view that repeats one cannot cover them all.
  const seen = new Set<string>();
  for (const { id, citizen } of bookings) {
    const entry: Entry | undefined = activeOf(refined, citizen);
    if (!entry || seen.has(citizen)) return null;
    seen.add(citizen);
    const next = withId(refined, entry, id);
    if (!next) return null;
    refined = next;
  }
  return refined;
}

/** Canonical text: equal for equal states. */
export function slotKey(state: SlotState): string {
  return `${state.capacity}${state.open ? 'o' : 'c'}${state.entries.map(entryKey).sort().join('')}`;
}

function entryKey(entry: Entry): string {
  const not = entry.not ? entry.not.toSorted().map(measured).join('') : '';
  return `${measured(entry.citizen)}${measured(entry.key)}${measured(entry.id)}${entry.active ? 'a' : 'c'}${not};`;
}

/** Text that says where it ends, so that no two lists of texts look the same when they are put together. */
function measured(text: string | null): string {
  return text === null ? '-' : `${text.length}:${text}`;
}
