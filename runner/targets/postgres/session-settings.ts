/** Settings that a session is told by statements, as poolers refuse them at its start; and what takes them back. */

export type Settings = Readonly<Record<string, string>>;

/** Limits of time that a role or a database may have: with them the clock would decide what a statement comes to. */
export const NO_LIMITS: Settings = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
};

/** The statement that tells them; those that this version of PostgreSQL does not know are left out. */
export function telling(settings: Settings): string {
  const values = Object.entries(settings).map(([name, value]) => `('${name}', '${value}')`);
  return `select set_config(name, value, false) from (values ${values.join(', ')}) as told (name, value)
    where current_setting(name, true) is not null`;
}

/** A word that each of the other two needs: hardly a statement has one, and every one is looked at. */
const ANY = /reset|discard|default/i;
const ALL = /\b(?:reset|discard)\s+all\b/i;
const ONE = /\breset\s+(\w+)|\bset\s+(?:session\s+)?(\w+)\s*(?:\bto\b|=)\s*default\b/gi;

/** Those of `settings` that a statement sets back to what the role or the database has; null: none. */
export function takenBack(text: string, settings: Settings): Settings | null {
  if (!ANY.test(text)) return null;
  if (ALL.test(text)) return settings;
  const names = [...text.matchAll(ONE)].map(([, reset, set]) => (reset ?? set ?? '').toLowerCase());
  const back = Object.entries(settings).filter(([name]) => names.includes(name));
  return back.length === 0 ? null : Object.fromEntries(back);
}
