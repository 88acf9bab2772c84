/**
 * Which statements outside of a transaction are given one by the gate, with a commit that is a step of its own: those
 * that write or lock rows. Otherwise each would be over before the next begins, and two that look and write at once
 * would never meet, as they do at a service.
 */
import type postgres from 'postgres';

/** Texts come from the service's code, so there are few; should they be composed, not all are kept. */
const MOST_KNOWN = 1_000;

export class AutocommitWrites {
  readonly #functions: ReadonlySet<string>;
  readonly #known = new Map<string, boolean>();

  /** `functions`: those of the service that may write, by their names (see `volatileFunctions`). */
  constructor(functions: Iterable<string> = []) {
    this.#functions = new Set(functions);
  }

  /** True when the text, sent outside of a transaction, is to be given one. */
  has(text: string): boolean {
    const found = this.#known.get(text);
    if (found !== undefined) return found;
    const writes = writesRows(text, this.#functions);
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(text, writes);
    return writes;
  }
}

/**
 * The names of functions that the service has made and that may write: volatile ones of `schema`, or, where that is
 * null, of the whole database. Those of extensions are not its own.
 */
export async function volatileFunctions(sql: postgres.Sql, schema: string | null): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select distinct p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.provolatile = 'v' and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype
      and (n.nspname = ${schema}
        or ${schema}::text is null and n.nspname !~ '^pg_' and n.nspname <> 'information_schema')
      and not exists (
        select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`;
  return rows.map(({ name }) => name);
}

/** A comment, a literal, a quoted name, a word, or any other character. */
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?\*\/|[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$|"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*|\S/gu;
const IGNORED = /^(?:--|\/\*|[eE]?'|\$(?:[A-Za-z_]\w*)?\$)/;
/** What may stand in a transaction that the service did not begin: it neither needs none nor ends it. */
const FIRST = new Set(['select', 'with', 'values', 'table', 'insert', 'update', 'delete', 'merge']);
const WRITING = new Set(['insert', 'update', 'delete', 'merge']);
const LOCKING = new Set(['update', 'share', 'no', 'key']);

/** True when the text only reads and writes rows, in one statement or several, and not only reads. */
function writesRows(text: string, functions: ReadonlySet<string>): boolean {
  const statements = statementsOf(text);
  return (
    statements.every(([first = '']) => FIRST.has(first)) &&
    statements.some((words) => writesOne(words, functions))
  );
}

/** Takes part of a table's or column's name for what it is called after now and then: then only a step is added. */
function writesOne(words: readonly string[], functions: ReadonlySet<string>): boolean {
  const [first = ''] = words;
  if (WRITING.has(first)) return true;
  return words.some((word, i) => {
    const next = words[i + 1] ?? '';
    if (first === 'with' && WRITING.has(word)) return true;
    if (word === 'for' && LOCKING.has(next)) return true;
    return next === '(' && functions.has(unquoted(word));
  });
}

/** The words of each statement, in lower case but for quoted names; brackets before the first are left out. */
function statementsOf(text: string): string[][] {
  const statements: string[][] = [];
  let words: string[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === ';') {
      if (words.length > 0) statements.push(words);
      words = [];
    } else if (!IGNORED.test(token) && (token !== '(' || words.length > 0)) {
      words.push(token.startsWith('"') ? token : token.toLowerCase());
    }
  }
  if (words.length > 0) statements.push(words);
  return statements;
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
