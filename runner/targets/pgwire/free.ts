/** Which statements commute with all others, told by their text: they need not be held. */

/** Comments before the first word and after the last. */
const LEAD = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/;
const TAIL = /(?:\s|;|\/\*(?:[^*]|\*(?!\/))*\*\/)*$/;
const OPENS = /^(?:begin|start\s+transaction)\b[^;']*$/i;
/** Of its connection alone; a role's password or another database's setting is not set by `set`. */
const SETS = /^(?:set|reset)\s+(?!constraints\b)[^;]*$/i;
const SHOWS = /^show\s[^;]*$/i;
/** What drivers and pools ask to learn of types and settings, and to see whether the connection lives. */
const CATALOG = /^(?:pg_catalog\.)?"?pg_(?:type|class|attribute|namespace|range|enum|proc|settings)\b/i;
const SOURCES = /\b(?:from|join)\s+/i;
/** A list of sources ends here. */
const SOURCES_END =
  /\)|\b(?:where|on|using|left|right|full|inner|cross|natural|group|having|order|limit|offset|union|except|intersect)\b/i;
const HAS_EFFECT = /\bfor\s+(?:update|share|no|key)\b|\binto\b|_lock|nextval|setval|set_config|pg_notify/i;
const PING =
  /^select\s+(?:1|'[^']*'|(?:pg_catalog\.)?(?:version|current_schema|current_database)\(\)|current_(?:schema|database|user))(?:\s+as\s+\w+)?$/i;
const SNAPSHOT_KEPT = /repeatable\s+read|serializable/i;
const OF_SESSION = /session\s+characteristics|default_transaction_isolation/i;
/** Texts come from the templates in the service's code, so there are few; should they be composed, not all are kept. */
const MOST_KNOWN = 1_000;

export interface Freedom {
  /** It begins a transaction or sets what is the connection's own, and takes no snapshot. */
  readonly opens: boolean;
  /** It reads what no statement of a service changes. */
  readonly looksUp: boolean;
  /** The transaction that it opens or is set for keeps one snapshot; null: it says nothing of that. */
  readonly keepsSnapshot: boolean;
  /** It says so for all transactions of its connection. */
  readonly ofSession: boolean;
}

const known = new Map<string, Freedom>();

export function freedomOf(text: string): Freedom {
  const found = known.get(text);
  if (found) return found;
  const freedom = read(text);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, freedom);
  return freedom;
}

function read(text: string): Freedom {
  const start = text.replace(LEAD, '').replace(TAIL, '');
  // Several statements are free when each is; a `;` within quotes only makes pieces that are not.
  const pieces = start.split(';').map((piece) => piece.trim());
  return {
    opens: start !== '' && pieces.every((piece) => OPENS.test(piece) || SETS.test(piece)),
    looksUp: start === '' || pieces.every((piece) => looksUp(piece)),
    keepsSnapshot: SNAPSHOT_KEPT.test(start),
    ofSession: OF_SESSION.test(start),
  };
}

function looksUp(piece: string): boolean {
  if (SHOWS.test(piece) || PING.test(piece)) return true;
  if (!/^select\b/i.test(piece) || HAS_EFFECT.test(piece)) return false;
  const [, ...parts] = piece.split(SOURCES);
  const sources = parts.flatMap((part) => (part.split(SOURCES_END)[0] ?? '').split(','));
  return sources.length > 0 && sources.every((source) => CATALOG.test(source.trim()));
}
