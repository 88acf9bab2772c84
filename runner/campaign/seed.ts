/** Executes one seed of a campaign, without recording. */
import type { Modules, RunConfig, SeedFailure } from '../../server/contract/index.ts';
import type { Trace } from '../harness/attempt.ts';
import { execute, type StopSignal } from '../harness/execute.ts';
import { signatureOf } from '../shrink/signature.ts';
import { NullSink } from './null-sink.ts';

export interface CampaignSubject {
  scenario: string;
  target: string;
  config: RunConfig;
  targetUrl: string | null;
  /** Files of the user's to load first. */
  modules?: Modules | undefined;
}

export interface SeedOutcome {
  /** Null when it passed. */
  failure: SeedFailure | null;
  /** Operations begun. */
  operations: number;
}

/** The outcome; null when it was stopped before its end. */
export async function executeSeed(
  subject: CampaignSubject,
  seed: number,
  signal: StopSignal,
): Promise<SeedOutcome | null> {
  const trace: Trace = { picks: [], struck: [], begun: [] };
  // Nothing is kept, so that every event may bear the same time.
  const end = await execute({ ...subject, seed, sink: new NullSink(), signal, trace, now: () => EPOCH });
  if (end.status === 'STOPPED') return null;
  const operations = trace.begun.length;
  const { failForensic } = end;
  if (!failForensic) return { failure: null, operations };
  const { message } = failForensic;
  return { failure: { seed, signature: signatureOf(failForensic), message, operations }, operations };
}

const EPOCH = new Date(0);
