/** What requests changed that counts: without columns that only ever count up, and without what they took back themselves. */
import type { Commit, RecordedRequest, Recording, RowChange } from './findings.ts';

/** A change of one row that counts, with the commit that made it. */
export interface Effect extends RowChange {
  readonly by: Commit;
}

export class Effects {
  readonly #texts: readonly string[];
  readonly #counters = new Map<string, boolean>();
  readonly #known = new Map<RecordedRequest, readonly Effect[]>();
  readonly #commits: readonly Commit[];

  constructor({ statements, commits }: Pick<Recording, 'statements' | 'commits'>) {
    this.#texts = [...new Set(statements.map(({ text }) => text))];
    this.#commits = commits;
  }

  /** By a request, over all its transactions. */
  of(request: RecordedRequest): readonly Effect[] {
    let effects = this.#known.get(request);
    if (!effects) {
      const own = this.#commits.filter((commit) => commit.request?.key === request.key);
      effects = net(own.flatMap((commit) => this.by(commit)));
      this.#known.set(request, effects);
    }
    return effects;
  }

  /** By one commit. */
  by(commit: Commit): Effect[] {
    return (commit.changes ?? []).flatMap((change) => {
      const columns = change.columns.filter((name) => !this.#isCounter(name));
      return columns.length > 0 ? [{ ...change, columns, by: commit }] : [];
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
}

/** Numbers that a request has moved there and back are as they were. */
function net(effects: readonly Effect[]): Effect[] {
  return effects.filter((effect) => {
    const same = effects.filter(({ table, key }) => table === effect.table && key === effect.key);
    return !effect.columns.every((column) => {
      const moved = same.map(({ before, after }) => Number(after?.[column]) - Number(before?.[column]));
      return moved.length > 1 && moved.reduce((sum, each) => sum + each, 0) === 0;
    });
  });
}
