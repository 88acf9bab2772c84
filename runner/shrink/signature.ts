/** What broke, by which failures are told apart: two runs with equal signatures failed the same way. */
import type { FailureKind, Forensic, Signature } from '../../server/contract/index.ts';

export function signatureOf(forensic: Forensic): Signature {
  const { kind, invariant, operation } = forensic;
  // The other kinds have invariants that say what broke; this one has a single name for all that can.
  const told = kind === 'linearizability' ? operation?.['operation'] : undefined;
  return { kind, invariant, operation: typeof told === 'string' ? told : null };
}

/** The signature as one word, for keys and for people: `linearizability/per-slot-history/book`. */
export function formatSignature({ kind, invariant, operation }: Signature): string {
  return [kind, invariant, ...(operation === null ? [] : [operation])].join('/');
}

export function sameSignature(a: Signature, b: Signature): boolean {
  return formatSignature(a) === formatSignature(b);
}

/** Why a failure of this kind cannot be made small; null when it can. */
export function whyNotShrinkable(kind: FailureKind): string | null {
  if (kind === 'threshold') return 'a threshold is about the run as a whole: no few operations cross it';
  if (kind === 'harness-crash' || kind === 'harness-lost' || kind === 'timeout') {
    return `it ended with ${kind}, which is no fault of the system under test`;
  }
  return null;
}
