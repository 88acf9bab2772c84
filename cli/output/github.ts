/** What GitHub Actions reads: groups and annotations in the log, and the job summary in Markdown. */
import type { Run } from '../../server/contract/index.ts';
import { attemptText } from '../run/attempts.ts';
import { formatMetric, formatNumber, formatSeconds } from '../run/format.ts';
import { isLoss, LOSS_SAYS, runOutcome } from '../run/outcome.ts';
import { ruleLines } from '../run/rules.ts';
import { runNameInFull } from '../run/run-name.ts';
import { safeLines } from '../run/sanitize.ts';
import { settingEntries } from '../run/setting-entries.ts';
import { valueText } from '../run/value-text.ts';
import { fence, inline, table } from './markdown.ts';
import { commandsFor, limitsOf, type ReportData, type ReportVerdict, reportVerdict } from './report/data.ts';
import { whyAsText } from './report/why-text.ts';

/** Makes a line of text that holds foreign text harmless: Actions obeys `::` at its start and `##[` anywhere. */
export function defuseLine(line: string): string {
  return line.replaceAll('##[', '## [').replace(/^(\s*):(?=:)/, '$1: ');
}

/** The lines around the log of a run, which folds away. */
export function groupLines(run: Run): { begin: string[]; end: string[] } {
  const title = `SimCity run ${runNameInFull(run)}: ${run.scenario} on ${run.target}, seed ${run.seed}`;
  return { begin: [`::group::${messageText(title)}`], end: ['::endgroup::'] };
}

/** The line that Actions shows at the top of a job. */
export function annotation(data: ReportData): string {
  const { run } = data;
  const verdict = reportVerdict(data);
  const where = `${run.scenario}@${run.target} seed ${run.seed}`;
  const told = `${formatNumber(verdict.events)} events in ${formatSeconds(verdict.seconds)}`;
  const { level, title, message } = annotated(verdict);
  return command(level, `SimCity${title} (${where})`, message ?? told);
}

function annotated({ ending, failure, stopReason }: ReportVerdict): Annotated {
  if (failure !== null && ending !== 'NO VERDICT') {
    const [cause, again] = isLoss(ending) ? [failure.kind, 'Run again'] : [failure.invariant, 'Reproduce'];
    const title = ending === 'ADAPTER ERROR' ? ending : `${ending}: ${cause}`;
    return {
      level: 'error',
      title: ` ${title}`,
      message: `${failure.message}\n${again}: ${failure.reproduce}`,
    };
  }
  if (ending === 'PASS') return { level: 'notice', title: ' PASS', message: null };
  if (ending === 'STOPPED') return { level: 'warning', title: ' STOPPED', message: stopReason };
  return { level: 'error', title: ': no verdict', message: stopReason };
}

interface Annotated {
  level: 'error' | 'warning' | 'notice';
  title: string;
  message: string | null;
}

function command(level: Annotated['level'], title: string, message: string): string {
  return `::${level} title=${propertyText(title)}::${messageText(message)}`;
}

function messageText(text: string): string {
  return safeLines(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function propertyText(text: string): string {
  return messageText(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

const ICONS: Record<ReportVerdict['ending'], string> = {
  PASS: '✅',
  FAIL: '❌',
  STOPPED: '⏹️',
  LOST: '⚠️',
  'ADAPTER ERROR': '⚠️',
  'NO VERDICT': '⚠️',
};

/** The job summary. */
export function summaryMarkdown(data: ReportData): string {
  const { run } = data;
  const { ending, events, seconds, stopReason } = reportVerdict(data);
  const named = ending === 'NO VERDICT' ? 'no verdict' : ending;
  const asides = [stopReason, attemptText(run)].flatMap((text) =>
    text === null ? [] : [`, ${inline(text)}`],
  );
  return `${[
    `### ${ICONS[ending]} SimCity ${named}: ${inline(run.scenario)} on ${inline(run.target)}, seed ${run.seed}`,
    '',
    `${formatNumber(events)} events in ${formatSeconds(seconds)}, run \`${runNameInFull(run)}\`${asides.join('')}`,
    ...limitsOf(data).flatMap((line) => ['', inline(line)]),
    ...failureMarkdown(data),
    '',
    '<details><summary>Metrics and settings</summary>',
    '',
    ...table(
      'Metric',
      Object.entries(run.live.metrics).map(([name, value]) => [name, formatMetric(name, value)]),
    ),
    '',
    ...table('Setting', settingEntries(run)),
    ...rulesMarkdown(data),
    '',
    '</details>',
  ].join('\n')}\n`;
}

function rulesMarkdown({ rules }: ReportData): string[] {
  const lines = ruleLines(rules);
  return lines.length === 0
    ? []
    : ['', 'Rules of the service:', '', ...lines.map((line) => `- ${inline(line)}`)];
}

function failureMarkdown(data: ReportData): string[] {
  const failure = data.run.failForensic;
  if (failure === null) return [];
  const at = failure.eventIndex === null ? '' : ` at event ${formatNumber(failure.eventIndex)}`;
  const outcome = runOutcome(data.run);
  const cause = isLoss(outcome) ? failure.kind : `${failure.kind}: ${inline(failure.invariant)}`;
  const message = `> ${inline(failure.message)}`;
  const commands = fence(commandsFor(data).map(({ what, command: line }) => `# ${what}\n${line}`));
  if (isLoss(outcome)) return ['', `**${cause}**${at}`, '', message, '', LOSS_SAYS[outcome], '', ...commands];
  return [
    '',
    `**${cause}**${at}`,
    '',
    message,
    ...whyMarkdown(data),
    '',
    ...table('', [
      ['expected', valueText(failure.expected)],
      ['actual', valueText(failure.actual)],
    ]),
    ...(failure.faultsActive.length === 0
      ? []
      : ['', `Faults active: ${failure.faultsActive.map(inline).join(', ')}`]),
    '',
    ...commands,
  ];
}

/** As a terminal shows it: sentences point to the steps of the lanes. */
function whyMarkdown(data: ReportData): string[] {
  const lines = whyAsText(data);
  return lines.length === 0 ? [] : ['', ...fence(lines, 'text')];
}
