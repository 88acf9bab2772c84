/**
 * What a statement of the service's has whoever asks: `state = 'waiting'` is of its code, though it is in the path of a
 * request, too. Learned from statements of requests that do not have it; of each statement, as written in the code, only
 * what it has had every time is kept.
 */
import { NewestMap } from '../../sim/newest-map.ts';
import type { Group } from './wire.ts';

/** As PostgreSQL reads them, but for those in dollars. */
const QUOTED = /'((?:[^']|'')*)'/g;
/** Of a driver that composes texts in another way there may be ever more; the oldest are forgotten. */
const MOST_CODES = 10_000;

/** One statement as it is written in the code. */
interface Code {
  /** What it has had every time. */
  readonly always: Set<string>;
  /** Of these, what a request did not have whose it was. */
  readonly foreign: Set<string>;
}

export class Constants {
  readonly #codes = new NewestMap<string, Code>(MOST_CODES);

  /** A statement of a request that has these tokens. */
  met(group: Group, tokens: ReadonlySet<string>): void {
    const name = codeOf(group);
    const known = this.#codes.get(name);
    if (known?.always.size === 0) return;
    const values = valuesOf(group);
    const { always, foreign } = known ?? { always: new Set(values), foreign: new Set<string>() };
    if (!known) this.#codes.set(name, { always, foreign });
    for (const value of always) {
      if (values.has(value)) {
        if (!tokens.has(value)) foreign.add(value);
      } else {
        always.delete(value);
        foreign.delete(value);
      }
    }
  }

  has(group: Group, token: string): boolean {
    return this.#codes.get(codeOf(group))?.foreign.has(token) ?? false;
  }
}

/** The same for all values that a driver has written into its text. */
function codeOf({ statements }: Group): string {
  return statements.map(({ text }) => text.replace(QUOTED, "''")).join(';');
}

function valuesOf({ statements }: Group): Set<string> {
  const values = new Set<string>();
  for (const { text, values: bound } of statements) {
    for (const [, quoted = ''] of text.matchAll(QUOTED)) values.add(quoted);
    for (const value of bound) if (value !== null) values.add(value);
  }
  return values;
}
