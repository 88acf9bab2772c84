/** Finds out why a run failed, from its smallest reproduction. */
import type { ExplainProgress, Smallest, Why } from '../../server/contract/index.ts';
import type { StopSignal } from '../harness/execute-options.ts';
import type { Subject } from '../shrink/candidate.ts';

export interface ExplainOptions {
  signal: StopSignal;
  maxSeconds: number;
  onProgress: (progress: ExplainProgress) => void;
}

/** The explanation, or why there is none. */
export async function explain(
  _subject: Subject & { smallest: Smallest },
  _options: ExplainOptions,
): Promise<Why | string> {
  throw new Error('explaining is not built yet');
}
