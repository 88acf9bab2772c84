/** What may be tried: always a suggestion, from what was measured and from the shape that was found. */
import type { Cure, WhyKind } from '../../server/contract/index.ts';
import { spanWords } from './cures.ts';
import type { Pair } from './findings.ts';
import { objectIn, type Told } from './words.ts';

/** What usually helps against a kind. Repeatable read is in none: it breaks right services that lock with `for update`. */
const USUAL: Partial<Record<WhyKind, string>> = {
  'stale-check':
    'lock what is checked in the statement that reads it, or let a constraint refuse what must not be',
  'lost-update':
    'let the write compute from the row itself (set n = n + 1), or lock the row in the read (for update)',
  'split-check':
    'read and write in one transaction with a lock, or put the condition into the write and look at its row count',
  'old-snapshot': 'take the lock first, and read what it guards in a statement of its own after it',
  'read-skew': 'read it all in one statement',
  'torn-write': 'make the whole change in one transaction',
  'early-release': 'let the lock go only after the commit, as pg_advisory_xact_lock does',
  'cache-race':
    'throw away what is kept after the commit of each change, and keep nothing that was read before it',
  'repeat-race': "store the request's key under a unique constraint, in the transaction of what it does",
  'double-effect':
    'look the key up, and store it, in the transaction of what the request does; answer a repeat as the first',
  'key-scope': 'look up by all that makes the request its own, not by the key alone',
  'id-clash':
    'give out ids that are unique for ever: a sequence, or a unique constraint over all that were given out',
  'wrong-write': 'name the row in the condition of the write by what the request names',
  'kept-refusal': 'roll back before a request is refused',
  'lost-ack': 'answer only after the commit has succeeded',
  'void-write': 'look at how many rows the write changed before it is answered',
  'retry-leak': 'move the change into the transaction that is tried again',
  'missing-constraint': 'let a unique constraint refuse the second row',
  'wrong-condition':
    'look at the condition of what it looked up, at the values that it was asked with, and at what is made of what it finds',
  'wrong-value': 'look at how the values that it stores are computed from what was asked',
};

const AFTER_ERROR: Record<string, string> = {
  '40001': 'try the whole transaction again',
  '40P01': 'try the whole transaction again',
  '23505': 'insert with on conflict, or roll back before the row that is there is looked up',
  '25P02': 'roll back, or to a savepoint, before anything else is asked after an error',
};

/** A lock, as far as its span was measured; `null`: none passed each time. */
function lockSuggestion(pair: Pair, cures: readonly Cure[], told: Told): string | null {
  const spans = cures.filter(({ kind, of }) => kind === 'span' && of > 0);
  const good = spans.findLast(({ passes, of }) => passes === of);
  if (!good) return null;
  const at = (cure: Cure) => {
    const statement = pair.stale.request.statements.find(({ text }) => spanWords(text) === cure.what);
    return statement ? told.story.stepOf(statement) : null;
  };
  const from = at(good);
  if (from === null) return null;
  const late = spans.find((cure) => cure !== good && (at(cure) ?? 0) > from);
  const object = objectIn(pair.stale, told.recording) ?? 'what it is about';
  const counts = `${good.passes} of ${good.of} pass${late ? `, ${late.passes} of ${late.of} from ${at(late)} on` : ''}`;
  return `hold a lock on ${object} from ${from} on (${counts})`;
}

/** Only where it passed each time, and had something to do: transactions failed to serialize and were tried again. */
function serializableSuggestion(cures: readonly Cure[]): string | null {
  const cure = cures.find(({ kind, what }) => kind === 'isolation' && what === 'serializable');
  if (!cure || cure.of === 0 || cure.passes < cure.of || !cure.retries) return null;
  return `serializable, and try again on 40001 (${cure.passes} of ${cure.of} pass)`;
}

/** One line; none where nothing is known. */
export function suggestions(
  kind: WhyKind,
  pair: Pair | null,
  error: string | null,
  cures: readonly Cure[],
  told: Told,
): string[] {
  const measured = pair ? [lockSuggestion(pair, cures, told), serializableSuggestion(cures)] : [];
  const usual = kind === 'error-as-answer' ? (AFTER_ERROR[error ?? ''] ?? null) : (USUAL[kind] ?? null);
  // What was measured says where; a check that is locked needs no other words for it.
  const isSaid = kind === 'stale-check' && measured[0];
  const all = [...measured, isSaid ? null : usual].filter((each) => each !== null && each !== undefined);
  return all.length === 0 ? [] : [`Suggestion: ${all.join('; or ')}.`];
}
