/**
 * Causes that are not of interleaving: what a request did that it should not do, whoever else is there. Each rule looks at
 * statements, what commits changed, and answers; the first that holds tells.
 */
import { Effects } from './effects.ts';
import type { Cause, Findings, RecordedRequest, Recording } from './findings.ts';
import { RULES } from './rules/index.ts';

/** A cause, and the execution that it was found in: its statements are that one's. */
export interface FoundCause {
  readonly cause: Cause;
  readonly recording: Recording;
}

/** What the failure comes from when no pair of requests explains it; null: not known. */
export function findCause(found: Findings): FoundCause | null {
  const { serial, recording, accused } = found;
  // Where nobody meets anybody it shows most plainly.
  if (serial.failing) {
    const cause = causeIn(serial.failing, accusedIn(found));
    if (cause) return { cause, recording: serial.failing };
  }
  const cause = causeIn(recording, accused);
  return cause && { cause, recording };
}

/** The accused as the execution has it that is looked at. */
function accusedIn({ accused, serial }: Findings): RecordedRequest | null {
  if (!serial.failing) return accused;
  const { forensic, requests } = serial.failing;
  const op = forensic.operation?.['op'];
  return (
    requests.find((request) => request.op === op) ?? requests.find(({ key }) => key === accused?.key) ?? null
  );
}

export function causeIn(recording: Recording, accused: RecordedRequest | null): Cause | null {
  // What happened last before it broke is likelier than what happened long before.
  const others = recording.requests.filter((request) => request !== accused).reverse();
  const suspects = accused ? [accused, ...others] : others;
  const scene = { recording, accused, suspects, effects: new Effects(recording) };
  for (const rule of RULES) {
    const cause = rule(scene);
    if (cause) return cause;
  }
  return null;
}
