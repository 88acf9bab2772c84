/** What a report is made of, whatever its format. */
import type { CityState, Forensic, Run, RunEvent, Snapshot } from '../../../server/contract/index.ts';
import type { ChartChoice } from '../../chart-choice.ts';
import { executedElsewhereBy } from '../../generation.ts';
import { VERSION } from '../../version.ts';
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
  /** The city at the end; null when it is not known. */
  city: CityState | null;
  /** Why the verdict is not known, when the server was lost before the end. */
  lost: string | null;
}

/** `not-ended` stands for a run whose verdict is not known. */
export interface ReportVerdict {
  status: 'PASS' | 'FAIL' | 'STOPPED' | 'not-ended';
  exitCode: number;
  events: number;
  seconds: number;
  stopReason: string | null;
  failure: Forensic | null;
}

export const REPORT_TOOL = `SimCity ${VERSION}`;

const UNREACHABLE = 4;

export function reportVerdict({ run, lost }: ReportData): ReportVerdict {
  const verdict = lost === null ? verdictOf(run) : null;
  const events = run.live.eventIndex + 1;
  if (verdict === null) {
    return {
      status: 'not-ended',
      exitCode: UNREACHABLE,
      events,
      seconds: 0,
      stopReason: lost,
      failure: null,
    };
  }
  return {
    status: verdict.status,
    exitCode: exitCodeOf(verdict),
    events,
    seconds: verdict.durationSecondsActual,
    stopReason: run.stopReason,
    failure: run.failForensic,
  };
}

/** True when a failure says nothing about the target: the harness crashed, or was lost. */
export function isHarnessFailure(failure: Forensic | null): boolean {
  return failure?.kind === 'harness-crash' || failure?.kind === 'harness-lost';
}

export interface RunCommand {
  what: string;
  command: string;
}

/** What to type to look further. */
export function commandsFor({ run }: ReportData): RunCommand[] {
  const failure = run.failForensic;
  if (failure === null) return [{ what: 'Watch it again', command: `simcity watch ${run.id}` }];
  const smallest = smallestCommand(failure);
  // The seed means something only to the generation of the engine that executed it.
  const elsewhere = executedElsewhereBy(run);
  const by = elsewhere === null ? '' : `, by ${elsewhere}`;
  return [
    { what: `Reproduce${by}`, command: failure.reproduce },
    ...(smallest === null ? [] : [{ what: `Reproduce the smallest part${by}`, command: smallest }]),
    ...(isHarnessFailure(failure) || elsewhere !== null
      ? []
      : [
          { what: 'Execute it again and compare', command: `simcity replay ${run.id} --verify` },
          { what: 'Make it small', command: `simcity shrink ${run.id}` },
        ]),
    { what: 'All that is known', command: `simcity forensic ${run.id}` },
  ];
}

function smallestCommand(failure: Forensic): string | null {
  const command = failure.smallest?.['reproduce'];
  return typeof command === 'string' ? command : null;
}
