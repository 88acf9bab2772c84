/** The same service over tables and columns of other names: what is derived from its statements must not depend on them. */
import type { SqlClient, SqlService } from '../../runner/service/sql-service.ts';

/** How the reference's names are called in a variant. */
export const OTHER_NAMES: Readonly<Record<string, string>> = {
  slots: 'rooms',
  bookings: 'stays',
  slot: 'room',
  citizen: 'guest',
  key: 'token',
  active: 'alive',
  capacity: 'beds',
  open: 'usable',
  version: 'revision',
  taken: 'used',
  requests: 'tokens',
};

const OWN_NAMES = new Map(Object.entries(OTHER_NAMES).map(([own, other]) => [other, own]));
/** `key` in these is SQL's own word. */
const KEPT = /\b(?:primary|foreign) key\b/gi;

/** A text of SQL (or of a pattern for one) with the other names. */
export function inOtherNames(text: string): string {
  const kept: string[] = [];
  const hidden = text.replace(KEPT, (found) => `\u0001${kept.push(found) - 1}\u0001`);
  const renamed = hidden.replace(/[a-z]+(?:_[a-z]+)*/gi, (word) => OTHER_NAMES[word] ?? word);
  return renamed.replace(/\u0001(\d+)\u0001/g, (_, at: string) => kept[Number(at)] ?? '');
}

export function renamed(service: SqlService): SqlService {
  return {
    schema: inOtherNames(service.schema),
    prepare: (sql, world) => service.prepare(renaming(sql), world),
    handle: (sql, call, clock) => service.handle(renaming(sql), call, clock),
    inspect: (sql) => service.inspect(renaming(sql)),
  };
}

function renaming(sql: SqlClient): SqlClient {
  const client = async (text: TemplateStringsArray, ...values: Parameters<SqlClient>[1][]) => {
    const rows = await sql<Record<string, unknown>>(templateOf(text), ...values);
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [OWN_NAMES.get(name) ?? name, value])),
    );
  };
  return Object.assign(client, {
    begin: <Result>(work: (inner: SqlClient) => Promise<Result>) =>
      sql.begin((inner) => work(renaming(inner))),
  }) as SqlClient;
}

const templates = new WeakMap<TemplateStringsArray, TemplateStringsArray>();

/** One for each place in the code, as a tagged template has it. */
function templateOf(text: TemplateStringsArray): TemplateStringsArray {
  let template = templates.get(text);
  if (!template) {
    const parts = text.map(inOtherNames);
    template = Object.assign(parts, { raw: parts });
    templates.set(text, template);
  }
  return template;
}
