/** What a survey of a service is asked for. */
import type { GateOrder, RunConfig } from '../../../server/contract/index.ts';
import type { StopSignal } from '../execute-options.ts';

export interface SurveyOptions {
  scenario: string;
  target: string;
  targetUrl: string | null;
  exec: string;
  gate: GateOrder;
  seed: number;
  /** What is given already is heeded, and not found out again. */
  config: RunConfig;
  signal: StopSignal;
  /** Told what is being found out, for people. */
  tell: (text: string) => void;
}
