/** A run and its verdict as one JSON document for programs. */
import { safeJson } from '../../safe-text.ts';
import { VERSION } from '../../version.ts';
import { commandsFor, type ReportData, reportVerdict } from './data.ts';

/** A field may be added; when one changes its meaning or goes, this becomes 2. */
const DOCUMENT_VERSION = 1;

export function jsonReport(data: ReportData): string {
  const { run } = data;
  const { status, exitCode, events, seconds, stopReason } = reportVerdict(data);
  return `${safeJson(
    {
      version: DOCUMENT_VERSION,
      tool: { name: 'simcity', version: VERSION },
      run: {
        id: run.id,
        scenario: run.scenario,
        target: run.target,
        seed: run.seed,
        generation: run.generation,
        version: run.version,
        config: run.config,
        createdAt: run.createdAt,
        startedAt: run.startedAt,
        endedAt: run.endedAt,
        runner: run.runner,
        campaign: run.campaign,
      },
      verdict: { status, pass: status === 'PASS', exitCode, events, durationSeconds: seconds, stopReason },
      metrics: run.live.metrics,
      failure: run.failForensic,
      commands: commandsFor(data),
    },
    2,
  )}\n`;
}
