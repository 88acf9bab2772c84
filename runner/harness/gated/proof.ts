/** How surely a seed is one history: it is executed again, and what went over the wire is compared. */
import type { Proof } from '../../../server/contract/index.ts';
import { parting } from '../../targets/pgwire/parting.ts';
import type { WireTrace } from '../../targets/pgwire/trace.ts';

/** Digits of a trace's hash that are told. */
const DIGITS = 8;
/** After a failure the seed is executed so often, as far as the time allows. */
const AFTER_FAILURE = { times: 5, seconds: 30 } as const;

/** How often a seed is to be executed again, at most, and in how many seconds; null: it is not. */
export function proofsOf(
  { prove }: { prove: number | null },
  isFailed: boolean,
): { times: number; seconds: number } | null {
  const times = prove ?? (isFailed ? AFTER_FAILURE.times : 0);
  if (times === 0) return null;
  return { times, seconds: prove === null ? AFTER_FAILURE.seconds : Number.POSITIVE_INFINITY };
}

export interface ProofOptions {
  readonly times: number;
  readonly seconds: number;
  /** Executes the seed again, in at most so many seconds; null: it could not be executed to its end. */
  readonly again: (seconds: number) => Promise<WireTrace | null>;
  readonly isStopped: () => boolean;
  /** False: values of statements are left out of what is told. */
  readonly withValues: boolean;
}

/** Null when no execution came to its end. */
export async function prove(first: WireTrace, options: ProofOptions): Promise<Proof | null> {
  const { times, again, isStopped, withValues } = options;
  const endMs = performance.now() + options.seconds * 1_000;
  let executions = 0;
  let identical = 0;
  let found: Proof['parting'] = null;
  while (executions < times && !isStopped()) {
    const leftSeconds = (endMs - performance.now()) / 1_000;
    if (leftSeconds <= 0) break;
    const other = await again(leftSeconds);
    if (other === null || isStopped()) break;
    executions++;
    const differs = parting(first, other, { withValues });
    if (differs === null) identical++;
    else found ??= differs;
  }
  if (executions === 0) return null;
  const { hash, renaming } = first;
  const { uuids, timestamps } = renaming;
  return {
    executions,
    identical,
    trace: hash.slice(0, DIGITS),
    parting: found,
    renamed: { uuids, timestamps },
  };
}
