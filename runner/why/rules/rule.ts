/** What a rule is, and what it looks at. */
import type { Effects } from '../effects.ts';
import type { Cause, RecordedRequest, Recording } from '../findings.ts';

/** What rules look at. */
export interface Scene {
  readonly recording: Recording;
  /** Those that the failure is likeliest about first. */
  readonly suspects: readonly RecordedRequest[];
  readonly accused: RecordedRequest | null;
  readonly effects: Effects;
}

/** Null: no rule holds. */
export type Rule = (scene: Scene) => Cause | null;
