/** What broke, by which failures are told apart: two runs with equal signatures failed the same way. */
import type { FailureKind, Forensic, Signature } from '../../server/contract/index.ts';

export function signatureOf(forensic: Forensic): Signature {
  const { kind, invariant } = forensic;
  // The other kinds have invariants that say what broke; this one has a single name for all that can.
  return { kind, invariant, operation: kind === 'linearizability' ? wrongAnswer(forensic) : null };
}

/** The answer that no order explains, as its event is called: a seat given wrongly is another failure than one refused. */
function wrongAnswer({ operation, actual }: Forensic): string | null {
  const name = operation?.['operation'];
  if (typeof name !== 'string') return null;
  if (typeof actual !== 'object' || actual === null) return `${name}.unknown`;
  return 'reason' in actual ? `${name}.refused` : `${name}.ok`;
}

/** The signature as one word, for keys and for people: `linearizability/per-object-history/book.ok`. */
export function formatSignature({ kind, invariant, operation }: Signature): string {
  return [kind, invariant, ...(operation === null ? [] : [operation])].join('/');
}

export function sameSignature(a: Signature, b: Signature): boolean {
  return formatSignature(a) === formatSignature(b);
}

/** Why a failure of this kind, found by an execution in this process, cannot be made small; null when it can. */
export function whyNotShrinkable(kind: FailureKind): string | null {
  return kind === 'threshold' ? 'a threshold is about the run as a whole: no few operations cross it' : null;
}
