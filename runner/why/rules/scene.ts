/** The scene of an execution, with those first that the failure is likeliest about. */
import { Effects } from '../effects.ts';
import type { RecordedRequest, Recording } from '../findings.ts';
import type { Scene } from './rule.ts';

export function sceneOf(recording: Recording, accused: RecordedRequest | null): Scene {
  // What happened last before it broke is likelier than what happened long before.
  const others = recording.requests.filter((request) => request !== accused).reverse();
  const suspects = accused ? [accused, ...others] : others;
  return { recording, accused, suspects, effects: new Effects(recording) };
}
