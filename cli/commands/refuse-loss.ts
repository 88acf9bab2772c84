/** Refuses to look into runs of which there is nothing to look into. */
import type { Run } from '../../server/contract/index.ts';
import { usageError } from '../process/errors.ts';
import { isBrokenOff, isLoss, reasonOf, runOutcome } from '../run/outcome.ts';
import { runName } from '../run/run-name.ts';
import { safeText } from '../run/sanitize.ts';

/** @throws CliError for a run that ended without a word about the service under test. */
export function refuseLoss(run: Run, what: 'verify' | 'shrink' | 'explain' | 'bisect'): void {
  const outcome = runOutcome(run);
  if (isLoss(outcome)) {
    throw nothingTo(what, run, `ended as ${outcome} (${safeText(reasonOf(run))})`);
  }
}

/** @throws CliError for a run whose harness ended before it could say what broke. */
export function refuseBrokenOff(run: Run, what: 'shrink' | 'explain' | 'bisect'): void {
  if (run.failForensic !== null && isBrokenOff(run.failForensic)) {
    throw nothingTo(what, run, `broke off (${run.failForensic.kind}) before anything was found`);
  }
}

function nothingTo(what: string, run: Run, why: string) {
  return usageError(
    `run ${runName(run)} ${why}: there is nothing to ${what}.`,
    `\`simcity forensic ${run.number}\` says what is known.`,
  );
}
