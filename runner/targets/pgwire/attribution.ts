/**
 * Which request a statement belongs to. The service tells nobody, but one request is moved at a time: the owner of the
 * transaction; else the one whose values the statement has; else the one that was moved; else one that was waiting.
 */
import type { Constants } from './constants.ts';
import { evened, evenedValue } from './renaming.ts';
import type { Group } from './wire.ts';

/** A request under way, as far as attribution is concerned. */
export interface Asker {
  /** In the order in which requests began. */
  readonly n: number;
  /** Values of it that its statements can have. */
  readonly tokens: ReadonlySet<string>;
  /** Since when it is neither answered nor at the gate, counted; null: it is at the gate. */
  readonly parkedSince: number | null;
}

export interface Attributed<A extends Asker> {
  readonly group: Group;
  /** Null: nobody asked for it. */
  readonly asker: A | null;
  /** It could have been another's as well. */
  readonly isGuess: boolean;
}

/**
 * `groups` that came while the service went on by itself, all on connections that belong to nobody. `askers`: all
 * requests that have no answer yet. `moved`: the one that was moved, if it has no answer. `constants`: what statements
 * have whoever asks.
 */
export function attribute<A extends Asker>(
  groups: readonly Group[],
  askers: readonly A[],
  moved: A | null,
  constants: Constants,
): Attributed<A>[] {
  const ordered = [...groups].sort(byWords);
  const parked = new Set(
    askers
      .filter(({ parkedSince }) => parkedSince !== null)
      .sort((a, b) => sinceOf(a) - sinceOf(b) || a.n - b.n),
  );
  // While the one that was moved is not to be seen, nobody who waits at the gate has gone on.
  const able = moved && parked.has(moved) ? [...parked] : askers;
  const found = new Map<Group, { asker: A | null; isGuess: boolean }>();
  // First those that say whose they are, so that they leave the others to the rest.
  for (const group of ordered) {
    const marked = able.filter((asker) => isMarked(group, asker, askers, constants));
    const [asker] = marked;
    if (!asker || marked.length > 1) continue;
    found.set(group, { asker, isGuess: false });
    parked.delete(asker);
  }
  for (const group of ordered) {
    if (found.has(group)) continue;
    const asker = moved && parked.has(moved) ? moved : ([...parked][0] ?? moved);
    found.set(group, { asker, isGuess: parked.size > 1 });
    if (asker) parked.delete(asker);
  }
  return ordered.map((group) => ({ group, ...(found.get(group) as { asker: A | null; isGuess: boolean }) }));
}

function sinceOf({ parkedSince }: Asker): number {
  return parkedSince ?? Number.POSITIVE_INFINITY;
}

/** True when it has a value that, of all requests under way, only this one has. */
function isMarked(group: Group, asker: Asker, all: readonly Asker[], constants: Constants): boolean {
  for (const token of asker.tokens) {
    if (all.some((other) => other !== asker && other.tokens.has(token))) continue;
    if (hasValue(group, token) && !constants.has(group, token)) return true;
  }
  return false;
}

function hasValue({ statements }: Group, token: string): boolean {
  return statements.some(({ text, values }) => values.includes(token) || text.includes(`'${token}'`));
}

const SHORTEST_TOKEN = 3;

/** Adds the values of a call, or of a request's body, by which its statements can be told. */
export function addTokens(tokens: Set<string>, value: unknown): void {
  if (typeof value === 'string') {
    if (value.length >= SHORTEST_TOKEN) tokens.add(value);
  } else if (Array.isArray(value)) {
    for (const each of value) addTokens(tokens, each);
  } else if (typeof value === 'object' && value !== null) {
    for (const each of Object.values(value)) addTokens(tokens, each);
  }
}

/** Not by arrival: what comes on two connections at once comes in any order. */
function byWords(a: Group, b: Group): number {
  const first = wordsOf(a);
  const other = wordsOf(b);
  return first < other ? -1 : first > other ? 1 : a.arrival - b.arrival;
}

/** What it asks for, with UUIDs and times made the same. */
export function wordsOf({ statements }: Pick<Group, 'statements'>): string {
  return statements
    .map(({ text, values }) => [evened(text), ...values.map(evenedValue)].join('\n'))
    .join('\n;');
}
