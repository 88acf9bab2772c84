/** What a report is made of, whatever its format. */
import type {
  CityState,
  Forensic,
  JsonObject,
  Run,
  RunEvent,
  Snapshot,
  TerminalStatus,
  Why,
} from '../../../server/contract/index.ts';
import { executedElsewhereBy } from '../../hosting/generation.ts';
import { EXIT } from '../../process/errors.ts';
import { VERSION } from '../../process/version.ts';
import type { ChartChoice } from '../../run/chart-choice.ts';
import { closingLines } from '../../run/closing.ts';
import { type Ending, endingOf, isBrokenOff, isLoss, runOutcome } from '../../run/outcome.ts';
import { proofLines } from '../../run/proof.ts';
import { exitCodeOf, verdictOf } from '../verdict.ts';

export interface ReportData {
  /** As it is stored. */
  run: Run;
  /** Over the whole run, thinned; empty where the format draws none. */
  snapshots: Snapshot[];
  /** What to chart of them beside what every run has. */
  charts: readonly ChartChoice[];
  /** The newest events, oldest first. */
  lastEvents: RunEvent[];
  /** The city where it broke, else at the end; null when it is not known. */
  city: CityState | null;
  /** Why the verdict is not known, when the server was lost before the end. */
  lost: string | null;
  /** What its last event says; null when it is not known. */
  closing: JsonObject | null;
  /** What tells the rules of a service; null when nothing does. */
  rules: JsonObject | null;
  /** Why it broke; null: it did not, or nobody knows. */
  why: Why | null;
}

/** How far a PASS was tested, and how surely a FAIL fails again, a line each. */
export function limitsOf(data: ReportData): string[] {
  const { ending } = reportVerdict(data);
  return ending === 'PASS' ? closingLines(data.closing) : ending === 'FAIL' ? proofLines(data.closing) : [];
}

export interface ReportVerdict {
  /** `not-ended` stands for a run whose verdict is not known. */
  status: TerminalStatus | 'not-ended';
  /** The same as people are told. */
  ending: Ending | 'NO VERDICT';
  exitCode: number;
  events: number;
  seconds: number;
  stopReason: string | null;
  failure: Forensic | null;
}

export const REPORT_TOOL = `SimCity ${VERSION}`;

export function reportVerdict({ run, lost }: ReportData): ReportVerdict {
  const verdict = lost === null ? verdictOf(run) : null;
  const events = run.live.eventIndex + 1;
  if (verdict === null) {
    return {
      status: 'not-ended',
      ending: 'NO VERDICT',
      exitCode: EXIT.unreachable,
      events,
      seconds: 0,
      stopReason: lost,
      failure: null,
    };
  }
  return {
    status: verdict.status,
    ending: endingOf(verdict),
    exitCode: exitCodeOf(verdict),
    events,
    seconds: verdict.durationSecondsActual,
    stopReason: run.stopReason,
    failure: run.failForensic,
  };
}

/** The event at which the service under test broke; null where it did not, or nobody knows. */
export function brokeAtOf(run: Run): number | null {
  return isLoss(runOutcome(run)) ? null : (run.failForensic?.eventIndex ?? null);
}

export interface RunCommand {
  what: string;
  command: string;
}

/** What to type to look further. */
export function commandsFor({ run }: ReportData): RunCommand[] {
  const failure = run.failForensic;
  if (failure === null) return [{ what: 'Watch it again', command: `simcity watch ${run.id}` }];
  const forensics = { what: 'All that is known', command: `simcity forensic ${run.id}` };
  if (isLoss(runOutcome(run))) return [{ what: 'Run it again', command: failure.reproduce }, forensics];
  const smallest = smallestCommand(failure);
  // The seed means something only to the generation of the engine that executed it.
  const elsewhere = executedElsewhereBy(run);
  const by = elsewhere === null ? '' : `, by ${elsewhere}`;
  return [
    { what: `Reproduce${by}`, command: failure.reproduce },
    ...(smallest === null ? [] : [{ what: `Reproduce the smallest part${by}`, command: smallest }]),
    ...(elsewhere !== null
      ? []
      : [{ what: 'Execute it again and compare', command: `simcity replay ${run.id} --verify` }]),
    ...(isBrokenOff(failure) || elsewhere !== null
      ? []
      : [{ what: 'Make it small', command: `simcity shrink ${run.id}` }]),
    forensics,
  ];
}

function smallestCommand(failure: Forensic): string | null {
  const command = failure.smallest?.['reproduce'];
  return typeof command === 'string' ? command : null;
}
