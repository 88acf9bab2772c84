/**
 * Renames what a service behind a gate draws or reads from its clock: UUIDs and timestamps, by their first appearance
 * in a history. Two histories that are equal but for a one-to-one renaming of these are equal afterwards.
 */

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
const TIMESTAMP = /\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z\b|[+-]\d{2}(?::?\d{2})?\b)?/g;

/** The names of one history. */
export class Renaming {
  readonly #uuids = new Map<string, string>();
  readonly #timestamps = new Map<string, string>();

  /** How many of each kind it has met. */
  get counts(): { uuids: number; timestamps: number } {
    return { uuids: this.#uuids.size, timestamps: this.#timestamps.size };
  }

  /** The value of JSON with all of them renamed. Its fields are walked by their names: a database gives them in another order. */
  of(value: unknown): unknown {
    if (typeof value === 'string') return this.#text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((each) => this.of(each));
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, each]) => [this.#text(name), this.of(each)]),
    );
  }

  #text(text: string): string {
    if (text.length < SHORTEST) return text;
    return text
      .replace(UUID, (uuid) => named(this.#uuids, uuid.toLowerCase(), 'uuid'))
      .replace(TIMESTAMP, (time) => named(this.#timestamps, time, 'time'));
  }
}

/** A date and a minute. */
const SHORTEST = 16;

function named(names: Map<string, string>, found: string, kind: string): string {
  const known = names.get(found);
  if (known !== undefined) return known;
  const name = `(${kind} ${names.size + 1})`;
  names.set(found, name);
  return name;
}
