/**
 * Causes that are not of interleaving: what a request did that it should not do, whoever else is there. Each rule looks at
 * statements, what commits changed, and answers; the first that holds, and that no passing run excuses, tells.
 */
import type { Findings, FoundCause, Laboratory, RecordedRequest } from './findings.ts';
import { missingConstraintIn } from './missing-constraint.ts';
import { PassingRuns } from './passing.ts';
import { RULES } from './rules/index.ts';
import { sceneOf } from './rules/scene.ts';

/** What the failure comes from when no pair of requests explains it; null: not known. */
export async function findCause(found: Findings, lab: Laboratory): Promise<FoundCause | null> {
  const passing = new PassingRuns(found, lab);
  const { serial, recording, accused } = found;
  // Where nobody meets anybody it shows most plainly.
  const scenes = serial.failing ? [sceneOf(serial.failing, accusedIn(found))] : [];
  for (const scene of [...scenes, sceneOf(recording, accused)]) {
    for (const rule of RULES) {
      const cause = rule(scene);
      if (cause && !(await passing.excuses(rule, cause, scene.recording)))
        return { cause, recording: scene.recording };
    }
  }
  return await missingConstraintIn(found, accusedIn(found), passing, lab);
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
