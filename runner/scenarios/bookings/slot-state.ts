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
  /** While the id is not known: it is one of these, each of which belongs to one such booking at most. */
  readonly among?: readonly string[];
}

export interface SlotState {
  readonly capacity: number;
  readonly open: boolean;
  /** Active bookings. */
  readonly seats: number;
  readonly entries: readonly Entry[];
}

/** From so many entries on, they are found by an index. */
const INDEXED = 24;

interface SlotIndex {
  readonly byId: ReadonlyMap<string, Entry>;
  readonly byKey: ReadonlyMap<string, Entry>;
  readonly byCitizen: ReadonlyMap<string, readonly Entry[]>;
}

/** Entries are never changed, so an index of them stays right. */
const indexes = new WeakMap<readonly Entry[], SlotIndex>();

function indexOf(entries: readonly Entry[]): SlotIndex {
  const known = indexes.get(entries);
  if (known) return known;
  const byId = new Map<string, Entry>();
  const byKey = new Map<string, Entry>();
  const byCitizen = new Map<string, Entry[]>();
  for (const entry of entries) {
    if (entry.id !== null && !byId.has(entry.id)) byId.set(entry.id, entry);
    const name = entry.key === null ? null : nameOf(entry.citizen, entry.key);
    if (name !== null && !byKey.has(name)) byKey.set(name, entry);
    const own = byCitizen.get(entry.citizen);
    if (own) own.push(entry);
    else byCitizen.set(entry.citizen, [entry]);
  }
  const index = { byId, byKey, byCitizen };
  indexes.set(entries, index);
  return index;
}

function nameOf(citizen: string, key: string): string {
  return measured(citizen) + key;
}

/** The booking made by this request, also when it was cancelled since. */
export function entryOfKey({ entries }: SlotState, citizen: string, key: string): Entry | undefined {
  if (entries.length >= INDEXED) return indexOf(entries).byKey.get(nameOf(citizen, key));
  for (const entry of entries) if (entry.key === key && entry.citizen === citizen) return entry;
  return undefined;
}

export function entryOfId({ entries }: SlotState, id: string): Entry | undefined {
  if (entries.length >= INDEXED) return indexOf(entries).byId.get(id);
  for (const entry of entries) if (entry.id === id) return entry;
  return undefined;
}

/** All bookings that are remembered of a citizen, also those that were cancelled. */
export function entriesOf({ entries }: SlotState, citizen: string): readonly Entry[] {
  if (entries.length >= INDEXED) return indexOf(entries).byCitizen.get(citizen) ?? NONE;
  return entries.filter((entry) => entry.citizen === citizen);
}

/** An active booking of the citizen: the only one, where the rules allow one only. */
export function activeOf(state: SlotState, citizen: string): Entry | undefined {
  const entries = state.entries.length >= INDEXED ? entriesOf(state, citizen) : state.entries;
  for (const entry of entries) if (entry.active && entry.citizen === citizen) return entry;
  return undefined;
}

const NONE: readonly never[] = [];

export function withOpen(state: SlotState, open: boolean): SlotState {
  if (state.open === open) return state;
  return { capacity: state.capacity, open, seats: state.seats, entries: state.entries };
}

/** Null when another booking has the id. */
export function withBooking(
  state: SlotState,
  citizen: string,
  key: string,
  id: string | null,
): SlotState | null {
  const entries = [...state.entries, { citizen, key, id, active: true }];
  return withIdsSettled({ capacity: state.capacity, open: state.open, seats: state.seats + 1, entries });
}

/** The id of `entry` gets known; null when another booking has it. */
export function withId(state: SlotState, entry: Entry, id: string): SlotState | null {
  if (entry.id === id) return state;
  if (!couldBe(entry, id) || entryOfId(state, id)) return null;
  const { citizen, key, active } = entry;
  return withIdsSettled(replace(state, entry, { citizen, key, id, active }));
}

/** True for an active booking whose id is not known and may turn out to be `id`. */
export function couldBe(entry: Entry, id: string): boolean {
  if (!entry.active || entry.id !== null) return false;
  return !entry.not?.includes(id) && entry.among?.includes(id) !== false;
}

/**
 * No active booking has this id, or none of `citizen` where one is given: those whose id is not known are not it
 * either. Null when one of them must be.
 */
export function withoutId(state: SlotState, id: string, citizen?: string): SlotState | null {
  const isConcerned = (entry: Entry) =>
    couldBe(entry, id) && (citizen === undefined || entry.citizen === citizen);
  if (!state.entries.some(isConcerned) || entryOfId(state, id)) return state;
  const entries = state.entries.map((entry) => {
    if (!isConcerned(entry)) return entry;
    if (entry.among) return { ...entry, among: entry.among.filter((other) => other !== id) };
    return { ...entry, not: [...(entry.not ?? []), id] };
  });
  return withIdsSettled({ capacity: state.capacity, open: state.open, seats: state.seats, entries });
}

/**
 * `entry` is cancelled under `id`; null when it cannot be that one. What no repeat can ask for is forgotten with it.
 */
export function withoutBooking(state: SlotState, entry: Entry, id: string | null): SlotState | null {
  // Settled while the id still stands for the booking: no other one has it.
  const named = id === null || entry.id === id ? state : withId(state, entry, id);
  if (!named) return null;
  const known = named === state ? entry : (entryOfId(named, id as string) as Entry);
  const { citizen, key } = known;
  return replace(named, known, key === null ? null : { citizen, key, id, active: false });
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

/** A row of a view: all rows have an id, or none; likewise a citizen. */
interface Row {
  readonly id?: string;
  readonly citizen?: string;
}

/** The state refined by a full view of the slot's active bookings, or null when the view is not of this state. */
export function withView(state: SlotState, rows: readonly Row[]): SlotState | null {
  if (rows.length !== state.seats) return null;
  const shown = grouped(rows, ({ citizen = '' }) => citizen);
  const isNamed = rows[0]?.citizen !== undefined;
  const active = grouped(
    state.entries.filter((entry) => entry.active),
    ({ citizen }) => (isNamed ? citizen : ''),
  );
  const narrowed = new Map<Entry, readonly string[]>();
  for (const [citizen, group] of shown) {
    const entries = active.get(citizen) ?? NONE;
    if (entries.length !== group.length) return null;
    if (group[0]?.id !== undefined && !narrow(entries, group, narrowed)) return null;
  }
  if (narrowed.size === 0) return state;
  const entries = state.entries.map((entry) => {
    const among = narrowed.get(entry);
    return among ? { ...entry, among } : entry;
  });
  return withIdsSettled({ capacity: state.capacity, open: state.open, seats: state.seats, entries });
}

function grouped<T>(items: readonly T[], nameOfItem: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = nameOfItem(item);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return groups;
}

/** These bookings have the ids of these rows, one each: notes what is left for those whose id is not known. */
function narrow(
  entries: readonly Entry[],
  rows: readonly Row[],
  narrowed: Map<Entry, readonly string[]>,
): boolean {
  const left = new Set(rows.map(({ id }) => id as string));
  if (left.size !== rows.length) return false;
  for (const { id } of entries) if (id !== null && !left.delete(id)) return false;
  for (const entry of entries) {
    if (entry.id === null)
      narrowed.set(
        entry,
        [...left].filter((id) => couldBe(entry, id)),
      );
  }
  return true;
}

/**
 * Draws the conclusions from what ids can be: one that is known is no other booking's, and the last that is left is
 * known. Null when they cannot all have one.
 */
function withIdsSettled(state: SlotState): SlotState | null {
  if (!state.entries.some(({ among }) => among)) return state;
  let entries = [...state.entries];
  for (let isNew = true; isNew; ) {
    isNew = false;
    const known = new Set(entries.map(({ id }) => id));
    entries = entries.map((entry) => {
      if (!entry.among) return entry;
      const among = entry.among.filter((id) => !known.has(id));
      const { citizen, key, active } = entry;
      if (among.length === 1 && among[0] !== undefined) {
        isNew = true;
        known.add(among[0]);
        return { citizen, key, id: among[0], active };
      }
      return { citizen, key, id: null, active, among };
    });
  }
  const open = entries.flatMap(({ among }) => (among ? [among] : []));
  return haveEachTheirOwn(open)
    ? { capacity: state.capacity, open: state.open, seats: state.seats, entries }
    : null;
}

/** True when each of `choices` can be given one of its own: a matching by augmenting paths. */
function haveEachTheirOwn(choices: readonly (readonly string[])[]): boolean {
  const takenBy = new Map<string, number>();
  const place = (who: number, tried: Set<string>): boolean =>
    (choices[who] as readonly string[]).some((id) => {
      if (tried.has(id)) return false;
      tried.add(id);
      const other = takenBy.get(id);
      if (other !== undefined && !place(other, tried)) return false;
      takenBy.set(id, who);
      return true;
    });
  return choices.every((_, who) => place(who, new Set()));
}

/** Canonical text: equal for equal states. */
export function slotKey(state: SlotState): string {
  return `${state.capacity}${state.open ? 'o' : 'c'}${state.entries.map(entryKey).sort().join('')}`;
}

function entryKey(entry: Entry): string {
  const not = entry.not ? entry.not.toSorted().map(measured).join('') : '';
  const among = entry.among ? `~${entry.among.toSorted().map(measured).join('')}` : '';
  return `${measured(entry.citizen)}${measured(entry.key)}${measured(entry.id)}${entry.active ? 'a' : 'c'}${not}${among};`;
}

/** Text that says where it ends, so that no two lists of texts look the same when they are put together. */
function measured(text: string | null): string {
  return text === null ? '-' : `${text.length}:${text}`;
}
