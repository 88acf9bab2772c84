/** What a rule is, and what it looks at. */
import type { Effects } from '../effects.ts';
import type { Cause, RecordedRequest, Recording, RowChange } from '../findings.ts';

/** What rules look at. */
export interface Scene {
  readonly recording: Recording;
  /** Those that the failure is likeliest about first. */
  readonly suspects: readonly RecordedRequest[];
  readonly accused: RecordedRequest | null;
  readonly effects: Effects;
  /** The row that is told of where several were changed; left out: the first. */
  readonly unusual?: RowChange | null;
}

/** Null: no rule holds. */
export type Rule = (scene: Scene) => Cause | null;
