/** Pieces of stories in lanes that all who make one share, without their schemas: a browser needs them too. */
import type { ExplainedStep } from './explanation.ts';

/** A, B, … Z, AA, AB. */
export function laneName(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : laneName(Math.floor(index / 26) - 1) + letter;
}

/** A step of which nothing is known yet. */
export const EMPTY_STEP: Omit<ExplainedStep, 'step' | 'lane' | 'kind' | 'text'> = {
  values: '',
  answer: '',
  tag: null,
  count: null,
  error: null,
  connection: null,
  isolation: null,
  waitedFor: [],
  waitedSince: null,
  takenBack: 0,
  mark: '',
  matters: false,
  event: null,
};
