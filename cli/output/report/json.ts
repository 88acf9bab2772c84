/** A run and its verdict as one JSON document for programs. */
import { passOf, toldRules } from '../../../server/contract/index.ts';
import { VERSION } from '../../process/version.ts';
import { safeJson } from '../../run/sanitize.ts';
import { whyLines } from '../../run/why-words.ts';
import { commandsFor, limitsOf, type ReportData, reportVerdict } from './data.ts';

/** A field may be added; when one changes its meaning or goes, this becomes 3. In 2 `pass` is null for STOPPED. */
const DOCUMENT_VERSION = 2;

export function jsonReport(data: ReportData): string {
  const { run } = data;
  const { status, ending, exitCode, events, seconds, stopReason } = reportVerdict(data);
  return `${safeJson(
    {
      version: DOCUMENT_VERSION,
      tool: { name: 'simcity', version: VERSION },
      run: {
        id: run.id,
        number: run.number,
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
        lostAttempts: run.lostAttempts,
      },
      verdict: {
        status,
        outcome: ending,
        pass: status === 'not-ended' ? null : passOf(status),
        exitCode,
        events,
        durationSeconds: seconds,
        stopReason,
      },
      metrics: run.live.metrics,
      // Of a run against a service at a URL: how far it was tested, and what it promises.
      limits: limitsOf(data),
      rules: data.rules === null ? null : toldRules(data.rules),
      failure: run.failForensic,
      // As it is served, and in words.
      why: data.why,
      explanation: data.why === null ? [] : whyLines(data.why),
      commands: commandsFor(data),
    },
    2,
  )}\n`;
}
