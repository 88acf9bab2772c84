/**
 * What differs from one execution to the next although nothing else does: UUIDs are renamed one to one, in the order in
 * which they come; times are all called the same, because two of them can be the same or not by chance.
 */

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const ISO =
  '\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?(?: ?(?:Z|[+-]\\d\\d(?::?\\d\\d(?::\\d\\d)?)?))?';
const HTTP =
  '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \\d{4} \\d\\d:\\d\\d:\\d\\d GMT';
/** Milliseconds since 1970, of 2020 to 2040. */
const EPOCH = '(?<![\\w.-])(?:1[6-9]|2[01])\\d{11}(?![\\w])';
const FOUND = new RegExp(`(${UUID})|${ISO}|${HTTP}|${EPOCH}`, 'gi');
const BINARY_UUID = /^[0-9a-f]{32}$/;
const BINARY_TIME = /^[0-9a-f]{16}$/;
/** Microseconds since 2000, as the binary form of a timestamp has them: of 2020 to 2040. */
const FIRST_TIME = 631_152_000_000_000n;
const LAST_TIME = 1_262_304_000_000_000n;

export const TIME = '<time>';

export class Renaming {
  readonly #names = new Map<string, string>();
  #timestamps = 0;

  get uuids(): number {
    return this.#names.size;
  }

  /** How many times were called the same. */
  get timestamps(): number {
    return this.#timestamps;
  }

  text(text: string): string {
    return text.replace(FOUND, (_found, uuid: string | undefined) => {
      if (uuid !== undefined) return this.#uuid(uuid);
      this.#timestamps++;
      return TIME;
    });
  }

  /** One value of a statement or a row; binary ones come as hex. */
  value(value: string | null): string {
    if (value === null) return 'null';
    if (BINARY_UUID.test(value)) return this.#uuid(value);
    if (BINARY_TIME.test(value) && isTime(value)) {
      this.#timestamps++;
      return TIME;
    }
    return this.text(value);
  }

  /** With or without hyphens it is the same one. */
  #uuid(uuid: string): string {
    const bare = uuid.toLowerCase().replaceAll('-', '');
    let name = this.#names.get(bare);
    if (name === undefined) {
      name = `<uuid ${this.#names.size + 1}>`;
      this.#names.set(bare, name);
    }
    return name;
  }
}

/** UUIDs and times all made the same: for an order that does not hang on them. */
export function evened(text: string): string {
  return text.replace(FOUND, (_found, uuid: string | undefined) => (uuid === undefined ? TIME : '<uuid>'));
}

/** Likewise for one value. */
export function evenedValue(value: string | null): string {
  if (value === null) return 'null';
  if (BINARY_UUID.test(value)) return '<uuid>';
  return BINARY_TIME.test(value) && isTime(value) ? TIME : evened(value);
}

function isTime(hex: string): boolean {
  const micros = BigInt(`0x${hex}`);
  return micros > FIRST_TIME && micros < LAST_TIME;
}
