/** What GitHub Actions reads: groups and annotations in the log, and the job summary in Markdown. */
import type { Run } from '../../server/contract/index.ts';
import { formatMetric, formatNumber, formatSeconds } from '../format.ts';
import { safeLines, safeText } from '../safe-text.ts';
import { valueText } from '../value-text.ts';
import { planEntries } from './plan.ts';
import { commandsFor, isHarnessFailure, type ReportData, reportVerdict } from './report/data.ts';

/** Makes a line of text that holds foreign text harmless: Actions obeys `::` at its start and `##[` anywhere. */
export function defuseLine(line: string): string {
  return line.replaceAll('##[', '## [').replace(/^(\s*):(?=:)/, '$1: ');
}

/** The lines around the log of a run, which folds away. */
export function groupLines(run: Run): { begin: string[]; end: string[] } {
  const title = `SimCity run ${run.id}: ${run.scenario} on ${run.target}, seed ${run.seed}`;
  return { begin: [`::group::${messageText(title)}`], end: ['::endgroup::'] };
}

/** The line that Actions shows at the top of a job. */
export function annotation(data: ReportData): string {
  const { run } = data;
  const { status, failure, stopReason, events, seconds } = reportVerdict(data);
  const where = `${run.scenario}@${run.target} seed ${run.seed}`;
  if (failure !== null) {
    const title = isHarnessFailure(failure) ? 'harness lost' : failure.invariant;
    const message = `${failure.message}\nReproduce: ${failure.reproduce}`;
    return command('error', `SimCity FAIL: ${title} (${where})`, message);
  }
  const message = `${formatNumber(events)} events in ${formatSeconds(seconds)}`;
  if (status === 'PASS') return command('notice', `SimCity PASS (${where})`, message);
  const level = status === 'STOPPED' ? 'warning' : 'error';
  const title = status === 'STOPPED' ? 'SimCity STOPPED' : 'SimCity: no verdict';
  return command(level, `${title} (${where})`, stopReason ?? message);
}

function command(level: 'error' | 'warning' | 'notice', title: string, message: string): string {
  return `::${level} title=${propertyText(title)}::${messageText(message)}`;
}

function messageText(text: string): string {
  return safeLines(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function propertyText(text: string): string {
  return messageText(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

const ICONS = { PASS: '✅', FAIL: '❌', STOPPED: '⏹️', 'not-ended': '⚠️' } as const;

/** The job summary. */
export function summaryMarkdown(data: ReportData): string {
  const { run } = data;
  const { status, events, seconds, stopReason } = reportVerdict(data);
  const named = status === 'not-ended' ? 'no verdict' : status;
  return `${[
    `### ${ICONS[status]} SimCity ${named}: ${inline(run.scenario)} on ${inline(run.target)}, seed ${run.seed}`,
    '',
    `${formatNumber(events)} events in ${formatSeconds(seconds)}, run \`${run.id}\`${stopReason === null ? '' : `, ${inline(stopReason)}`}`,
    ...failureMarkdown(data),
    '',
    '<details><summary>Metrics and plan</summary>',
    '',
    ...table(
      'Metric',
      Object.entries(run.live.metrics).map(([name, value]) => [name, formatMetric(name, value)]),
    ),
    '',
    ...table('Setting', planEntries(run)),
    '',
    '</details>',
  ].join('\n')}\n`;
}

function failureMarkdown(data: ReportData): string[] {
  const failure = data.run.failForensic;
  if (failure === null) return [];
  const at = failure.eventIndex === null ? '' : ` at event ${formatNumber(failure.eventIndex)}`;
  return [
    '',
    `**${failure.kind}: ${inline(failure.invariant)}**${at}`,
    '',
    `> ${inline(failure.message)}`,
    '',
    ...table('', [
      ['expected', valueText(failure.expected)],
      ['actual', valueText(failure.actual)],
    ]),
    ...(failure.faultsActive.length === 0
      ? []
      : ['', `Faults active: ${failure.faultsActive.map(inline).join(', ')}`]),
    '',
    ...fence(commandsFor(data).map(({ what, command: line }) => `# ${what}\n${line}`)),
  ];
}

function table(title: string, rows: readonly (readonly [string, string])[]): string[] {
  if (rows.length === 0) return [];
  return [
    `| ${title} | |`,
    '| --- | --- |',
    ...rows.map(([name, value]) => `| ${inline(name)} | ${inline(value)} |`),
  ];
}

/** Longer than every run of backticks inside, so that nothing ends the block early. */
function fence(lines: readonly string[]): string[] {
  const content = lines.map((line) => safeLines(line)).join('\n');
  const longest = Math.max(0, ...[...content.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const ticks = '`'.repeat(Math.max(3, longest + 1));
  return [`${ticks}sh`, content, ticks];
}

/** Foreign text as itself: no markup, no link, no mention. */
function inline(text: string): string {
  return safeText(text)
    .replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character] ?? character)
    .replace(/[\\`*_{}[\]()#+!|~]/g, '\\$&')
    .replaceAll('@', '&#64;')
    .replace(/:\/\//g, '&#58;//');
}
