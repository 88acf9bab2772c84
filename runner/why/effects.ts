/** What requests changed that counts: without columns that only ever count up, and without what they took back themselves. */
import type { Row, RowChange, SeenRequest, WriteSet } from './evidence.ts';

/** A change of one row that counts, with the transaction that made it. */
export interface Effect extends RowChange {
  readonly by: WriteSet;
  /** Columns that differ and count; all of them for a row that came or went. */
  readonly columns: readonly string[];
}

export class Effects {
  readonly #texts: readonly string[];
  readonly #counters = new Map<string, boolean>();
  readonly #known = new Map<SeenRequest, readonly Effect[]>();

  constructor(requests: readonly SeenRequest[]) {
    this.#texts = [...new Set(requests.flatMap(({ statements }) => statements.map(({ text }) => text)))];
  }

  of(request: SeenRequest): readonly Effect[] {
    let effects = this.#known.get(request);
    if (!effects) {
      effects = this.#net(request.writes.flatMap((by) => this.#counting(by)));
      this.#known.set(request, effects);
    }
    return effects;
  }

  #counting(by: WriteSet): Effect[] {
    return by.changes.flatMap((change) => {
      const columns = changedColumns(change).filter((name) => !this.#isCounter(name));
      return columns.length > 0 ? [{ ...change, by, columns }] : [];
    });
  }

  /** Nobody asks for the column: each text that names it only counts it up. A version of the row, as a rule. */
  #isCounter(column: string): boolean {
    let is = this.#counters.get(column);
    if (is === undefined) {
      const name = column.replace(/[^\w]/g, '\\$&');
      const counts = new RegExp(`\\b${name}"?\\s*=\\s*"?${name}"?\\s*[-+]\\s*1\\b`, 'gi');
      const names = new RegExp(`\\b${name}\\b`, 'i');
      const naming = this.#texts.filter((text) => names.test(text));
      is = naming.length > 0 && naming.every((text) => !names.test(text.replace(counts, '')));
      this.#counters.set(column, is);
    }
    return is;
  }

  /** Numbers that a request has moved there and back are as they were. */
  #net(effects: readonly Effect[]): Effect[] {
    return effects.filter((effect) => {
      const same = effects.filter((other) => other.table === effect.table && idOf(other) === idOf(effect));
      return !effect.columns.every((column) => {
        const moved = same.map(({ before, after }) => Number(after?.[column]) - Number(before?.[column]));
        return moved.length > 1 && moved.reduce((sum, each) => sum + each, 0) === 0;
      });
    });
  }
}

function idOf({ before, after }: RowChange): string {
  const row = (after ?? before) as Row;
  return JSON.stringify(row['id'] ?? Object.values(row)[0]);
}

function changedColumns({ before, after }: RowChange): string[] {
  const names = Object.keys(after ?? before ?? {});
  if (!before || !after) return names;
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}
