/** Executes runs with a known bug, and says after how many operations it was found. */

import { execute } from '../../runner/harness/execute.ts';
import { StopControl } from '../../runner/harness/stop-control.ts';
import { emptyTrace } from '../../runner/harness/trace.ts';
import { shrink } from '../../runner/shrink/shrink.ts';
import { NullSink } from '../../runner/telemetry/null.ts';
import { runConfigSchema } from '../../server/contract/index.ts';

export type TargetName = 'memory' | 'postgres';

const MOST_EXECUTIONS: Record<TargetName, number> = { memory: 5_000, postgres: 1_000 };

export interface Finding {
  seed: number;
  /** Planned operations begun when it was found; null: it was not. */
  operations: number | null;
}

/** What becomes of the bug under each seed, with the default configuration. */
export async function found(
  scenario: string,
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
      ...{ scenario, target, seed, trace },
      config: runConfigSchema.parse({ bug, strategy }),
      targetUrl: target === 'postgres' ? url : null,
      sink: new NullSink(),
      signal: new StopControl(),
    });
    findings.push({ seed, operations: end.status === 'FAIL' ? trace.begun.length : null });
  }
  return findings;
}

/** The first of the seeds under which the bug is found; undefined: none is. */
export async function firstFound(
  scenario: string,
  target: TargetName,
  bug: string,
  seeds: readonly number[],
  strategy: string,
  url: string,
): Promise<Finding | undefined> {
  for (const seed of seeds) {
    const [finding] = await found(scenario, target, bug, [seed], strategy, url);
    if (finding?.operations != null) return finding;
  }
  return undefined;
}

/** Infinity when fewer than half of the seeds found it. */
export function medianOf(findings: readonly Finding[]): number {
  const sorted = findings
    .map(({ operations }) => operations ?? Number.POSITIVE_INFINITY)
    .sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.POSITIVE_INFINITY;
}

/** What is left after shrinking within the limits of `simcity shrink`. */
export async function shrunkSize(
  scenario: string,
  target: TargetName,
  bug: string,
  seed: number,
  strategy: string,
  url: string,
): Promise<{ operations: number; executions: number }> {
  const subject = {
    ...{ scenario, target, seed },
    config: runConfigSchema.parse({ bug, strategy }),
    targetUrl: target === 'postgres' ? url : null,
  };
  const shrunk = await shrink(subject, {
    ...{ maxExecutions: MOST_EXECUTIONS[target], maxSeconds: 600, confirmations: 0 },
    signal: new StopControl(),
    onProgress: () => {},
  });
  if (typeof shrunk === 'string') throw new Error(`${bug}, seed ${seed}: ${shrunk}`);
  return { operations: shrunk.trial.candidate.operations.length, executions: shrunk.executions };
}
