/** What broke, by which failures are told apart: two runs with equal signatures failed the same way. */
import { z } from 'zod';
import { type Forensic, failureKindSchema } from './forensic.ts';
import { formatSignature } from './signature-text.ts';

/** The invariant of a service that answers internal errors which nothing explains. */
export const ERRORS_WITHOUT_CAUSE = 'errors-without-cause';

export const signatureSchema = z.object({
  kind: failureKindSchema,
  invariant: z.string(),
  /** The answer that broke it (`book.refused`), where the invariant alone does not say what broke. */
  operation: z.string().nullable(),
});
export type Signature = z.infer<typeof signatureSchema>;

export function signatureOf(
  failure: Pick<Forensic, 'kind' | 'invariant' | 'operation' | 'actual'>,
): Signature {
  const { kind, invariant } = failure;
  return { kind, invariant, operation: brokenBy(failure) };
}

/** What broke, where the invariant has a single name for all that can. */
function brokenBy(failure: Pick<Forensic, 'kind' | 'invariant' | 'operation' | 'actual'>): string | null {
  if (failure.kind === 'linearizability') return wrongAnswer(failure);
  const name = failure.operation?.['operation'];
  return failure.invariant === ERRORS_WITHOUT_CAUSE && typeof name === 'string' ? `${name}.failed` : null;
}

/** The answer that no order explains, as its event is called: a seat given wrongly is another failure than one refused. */
function wrongAnswer({ operation, actual }: Pick<Forensic, 'operation' | 'actual'>): string | null {
  const name = operation?.['operation'];
  if (typeof name !== 'string') return null;
  if (typeof actual !== 'object' || actual === null) return `${name}.unknown`;
  return 'reason' in actual ? `${name}.refused` : `${name}.ok`;
}

export function sameSignature(one: Signature, other: Signature): boolean {
  return formatSignature(one) === formatSignature(other);
}

/** How often executions failed in other ways than the one asked for, by signature: `a 2 times, b once`. */
export function timesOfEach(times: Readonly<Record<string, number>>): string {
  return Object.entries(times)
    .map(([signature, count]) => `${signature} ${timesText(count)}`)
    .join(', ');
}

export function timesText(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
