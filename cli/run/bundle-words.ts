/** What a bundle expected and what came instead, in words. */
import type { Forensic } from '../../server/contract/index.ts';
import { capacityOf } from './object-history.ts';
import { valueText } from './value-text.ts';

type Told = Pick<Forensic, 'expected' | 'actual' | 'city' | 'object'>;

/** Safe to print; null: nothing is told. Of the answers that would have been right there may be none. */
export function expectedWords(bundle: Told): string | null {
  const { expected } = bundle;
  if (Array.isArray(expected) && expected.length === 0) return 'nothing: no answer would have been right';
  return wordsOf(bundle, expected);
}

/** Safe to print; null: nothing is told. */
export function actualWords(bundle: Told): string | null {
  return wordsOf(bundle, bundle.actual);
}

function wordsOf(bundle: Told, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return valueText(value, { capacity: capacityOf(bundle) });
}
