/** What the engine has to know of a statement before it sends it, told by its text. */

export interface TextTraits {
  /** It sets, releases or goes back to a savepoint. Such a statement never waits for a lock. */
  readonly aboutSavepoint: boolean;
  /** It goes back to a savepoint: the transaction is well again, and locks that were taken since are let go. */
  readonly goesBack: boolean;
  /** It may let locks go before its transaction ends. */
  readonly letsLocksGo: boolean;
}

/** Comments that come before the first word. */
const LEAD = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/;
const ABOUT_SAVEPOINT = /^(?:savepoint|release|rollback\s+(?:work\s+|transaction\s+)?to)\b/i;
const GOES_BACK = /^rollback\b/i;
const UNLOCKS = /_unlock|discard/i;
/** Texts come from the templates in the service's code, so there are few; should they be composed, not all are kept. */
const MOST_KNOWN = 1_000;

const known = new Map<string, TextTraits>();

export function traitsOf(text: string): TextTraits {
  const found = known.get(text);
  if (found) return found;
  const start = text.replace(LEAD, '');
  const aboutSavepoint = ABOUT_SAVEPOINT.test(start);
  const goesBack = aboutSavepoint && GOES_BACK.test(start);
  const traits = { aboutSavepoint, goesBack, letsLocksGo: goesBack || UNLOCKS.test(text) };
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, traits);
  return traits;
}
