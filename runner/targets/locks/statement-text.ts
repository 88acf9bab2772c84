/** What the engine has to know of a statement before it sends it, told by its text. */

export interface TextTraits {
  /** It sets, releases or goes back to a savepoint. Such a statement never waits for a lock. */
  readonly aboutSavepoint: boolean;
  /** It is a query, and none for a lock. Whether it writes or locks rows all the same, `AutocommitWrites` says. */
  readonly isRead: boolean;
  /** It goes back to a savepoint: the transaction is well again, and locks that were taken since are let go. */
  readonly goesBack: boolean;
  /** It may let locks go before its transaction ends. */
  readonly letsLocksGo: boolean;
  /** It may change what the service's DDL has made. */
  readonly altersCity: boolean;
  /** It may make up a setting, which its connection knows from then on. */
  readonly leavesTraces: boolean;
  /** It may use what belongs to the whole database: an advisory lock, an extension. */
  readonly isDatabaseWide: boolean;
}

/** Comments that come before the first word. */
const LEAD = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/;
const SEVERAL = /;\s*\S/;
const ABOUT_SAVEPOINT = /^(?:savepoint|release|rollback\s+(?:work\s+|transaction\s+)?to)\b/i;
const READ = /^(?:select|with|values|table)\b(?![\s\S]*lock)/i;
const GOES_BACK = /^rollback\b/i;
const UNLOCKS = /_unlock|discard/i;
/** What changes rows at the most, or concerns its connection alone. */
const HARMLESS = new RegExp(
  '^(?:select(?![^]*\\binto\\b)|with|values|table|insert|update|delete|merge|lock|savepoint|release|rollback|' +
    'set|reset|show|listen|unlisten|notify|prepare|execute|deallocate|declare|fetch|move|close|explain|discard|' +
    'create\\s+(?:local\\s+|global\\s+)?temp(?:orary)?|commit)\\b',
  'i',
);
const MAKES_SETTING = /set_config|\bset\s+(?:session\s+|local\s+)?"?\w+"?\s*\./i;
const DATABASE_WIDE = /advisory|create\s+extension/i;
/** Texts come from the templates in the service's code, so there are few; should they be composed, not all are kept. */
const MOST_KNOWN = 1_000;

const known = new Map<string, TextTraits>();

export function traitsOf(text: string): TextTraits {
  const found = known.get(text);
  if (found) return found;
  const traits = read(text);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, traits);
  return traits;
}

function read(text: string): TextTraits {
  const start = text.replace(LEAD, '');
  const several = SEVERAL.test(start);
  const aboutSavepoint = !several && ABOUT_SAVEPOINT.test(start);
  const goesBack = aboutSavepoint && GOES_BACK.test(start);
  return {
    aboutSavepoint,
    isRead: !several && READ.test(start),
    goesBack,
    letsLocksGo: goesBack || several || UNLOCKS.test(text),
    altersCity: several || !HARMLESS.test(start),
    leavesTraces: MAKES_SETTING.test(text),
    isDatabaseWide: DATABASE_WIDE.test(text),
  };
}
