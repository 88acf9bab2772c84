/** Executes runs with a known bug, and says after how many operations it was found. */

import { execute } from '../../runner/harness/execute.ts';
import { StopControl } from '../../runner/harness/stop-control.ts';
import { emptyTrace } from '../../runner/harness/trace.ts';
import { shrink } from '../../runner/shrink/shrink.ts';
import { NullSink } from '../../runner/telemetry/null.ts';
import { runConfigSchema } from '../../server/contract/index.ts';

export type TargetName = 'memory' | 'postgres';

export interface Finding {
  seed: number;
  /** Planned operations begun when it was found; null: it was not. */
  operations: number | null;
}

/** What becomes of the bug under each seed, with the default configuration. */
export async function found(
  target: TargetName,
  bug: string,
  seeds: readonly number[],
  strategy: string,
  url: string,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const seed of seeds) {
    const trace = emptyTrace();
    const end = await execute({
      ...{ scenario: 'bookings', target, seed, trace },
      config: runConfigSchema.parse({ bug, strategy }),
      targetUrl: target === 'postgres' ? url : null,
      sink: new NullSink(),
      signal: new StopControl(),
    });
    findings.push({ seed, operations: end.status === 'FAIL' ? trace.begun.length : null });
  }
  return findings;
}

/** Infinity when fewer than half of the seeds found it. */
export function medianOf(findings: readonly Finding[]): number {
  const sorted = findings
    .map(({ operations }) => operations ?? Number.POSITIVE_INFINITY)
    .sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.POSITIVE_INFINITY;
}

/** Operations left after shrinking. */
export async function shrunkSize(
  target: TargetName,
  bug: string,
  seed: number,
  strategy: string,
  url: string,
): Promise<number> {
  const subject = {
    ...{ scenario: 'bookings', target, seed },
    config: runConfigSchema.parse({ bug, strategy }),
    targetUrl: target === 'postgres' ? url : null,
  };
  const shrunk = await shrink(subject, {
    ...{ maxExecutions: 1_000, maxSeconds: 600, confirmations: 0 },
    signal: new StopControl(),
    onProgress: () => {},
  });
  if (typeof shrunk === 'string') throw new Error(`${bug}, seed ${seed}: ${shrunk}`);
  return shrunk.trial.candidate.operations.length;
}
