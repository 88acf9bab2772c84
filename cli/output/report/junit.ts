/**
 * A run as JUnit XML, in the strict form that the common schema describes: a case for the verdict, and one
 * for each threshold.
 */
import type { Forensic } from '../../../server/contract/index.ts';
import { attemptText } from '../../run/attempts.ts';
import { processLines } from '../../run/describe-process.ts';
import { isLoss, LOSS_SAYS, type Loss } from '../../run/outcome.ts';
import { ruleLines } from '../../run/rules.ts';
import { safeLines, safeText } from '../../run/sanitize.ts';
import { settingEntries } from '../../run/setting-entries.ts';
import { commandsFor, limitsOf, type ReportData, type ReportVerdict, reportVerdict } from './data.ts';
import { whyAsText } from './why-text.ts';

export function junitReport(data: ReportData): string {
  const { run } = data;
  const verdict = reportVerdict(data);
  const suite = `${run.scenario}@${run.target}`;
  const className = `simcity.${run.scenario}`;
  const cases = [
    testCase(className, `run with seed ${run.seed}`, verdict.seconds, caseOutcome(data, verdict)),
    ...run.config.thresholds.map((threshold) =>
      testCase(className, `threshold ${threshold}`, 0, thresholdOutcome(threshold, verdict)),
    ),
  ];
  const counts = countOutcomes(cases);
  const attempt = attemptText(run);
  const attempts = attempt === null ? [] : [['attempts', attempt]];
  const attributes = {
    name: suite,
    timestamp: (run.startedAt ?? run.createdAt).replace(/\.\d+Z$|Z$/, ''),
    hostname: run.runner ?? 'unknown',
    tests: String(cases.length),
    failures: String(counts.failure),
    errors: String(counts.error),
    skipped: String(counts.skipped),
    time: verdict.seconds.toFixed(3),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite package="simcity" id="0"${attributesText(attributes)}>`,
    '    <properties>',
    ...[['run', run.id], ['number', String(run.number)], ...attempts, ...settingEntries(run)].map(
      ([name, value]) => `      <property${attributesText({ name: name ?? '', value: value ?? '' })}/>`,
    ),
    '    </properties>',
    ...cases.map(({ xml }) => xml),
    `    <system-out>${text(systemOut(data))}</system-out>`,
    '    <system-err/>',
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

type Outcome =
  | { kind: 'passed' }
  | { kind: 'skipped' }
  | { kind: 'failure' | 'error'; message: string; type: string; detail: string };

interface TestCase {
  kind: Outcome['kind'];
  xml: string;
}

function caseOutcome(data: ReportData, verdict: ReportVerdict): Outcome {
  const { failure, ending } = verdict;
  if (ending === 'PASS') return { kind: 'passed' };
  if (ending === 'STOPPED') return { kind: 'skipped' };
  if (failure === null || ending === 'NO VERDICT') {
    const message = verdict.stopReason ?? 'the verdict of the run is not known';
    return { kind: 'error', message, type: 'verdict-unknown', detail: message };
  }
  if (isLoss(ending)) return { kind: 'error', type: failure.kind, ...lossText(data, ending, failure) };
  return {
    kind: 'failure',
    message: `${failure.invariant}: ${failure.message}`,
    type: failure.kind,
    detail: [
      failure.message,
      ...whyAsText(data),
      `expected: ${JSON.stringify(failure.expected)}`,
      `actual: ${JSON.stringify(failure.actual)}`,
      ...failure.difference,
      ...commandsFor(data).map(({ what, command }) => `${what}: ${command}`),
    ].join('\n'),
  };
}

function lossText(data: ReportData, loss: Loss, { message, process }: Forensic) {
  const detail = [
    message,
    LOSS_SAYS[loss],
    ...processLines(process ?? {}),
    ...commandsFor(data).map(({ what, command }) => `${what}: ${command}`),
  ];
  // What failed in an adapter begins with that itself.
  return { message: message.startsWith(loss) ? message : `${loss}: ${message}`, detail: detail.join('\n') };
}

/** A run fails at its first failure, so that a threshold that was not the one says nothing once another broke. */
function thresholdOutcome(threshold: string, { status, failure }: ReportVerdict): Outcome {
  if (status === 'PASS') return { kind: 'passed' };
  if (failure?.kind !== 'threshold' || !`${failure.invariant} ${failure.message}`.includes(threshold)) {
    return { kind: 'skipped' };
  }
  return { kind: 'failure', message: failure.message, type: 'threshold', detail: failure.message };
}

function testCase(className: string, name: string, seconds: number, outcome: Outcome): TestCase {
  const open = `    <testcase${attributesText({ name, classname: className, time: seconds.toFixed(3) })}`;
  if (outcome.kind === 'passed') return { kind: 'passed', xml: `${open}/>` };
  if (outcome.kind === 'skipped') return { kind: 'skipped', xml: `${open}><skipped/></testcase>` };
  const { kind, message, type, detail } = outcome;
  const attributes = attributesText({ message, type });
  return { kind, xml: `${open}><${kind}${attributes}>${text(detail)}</${kind}></testcase>` };
}

function countOutcomes(cases: readonly TestCase[]): Record<Outcome['kind'], number> {
  const counts = { passed: 0, skipped: 0, failure: 0, error: 0 };
  for (const { kind } of cases) counts[kind] += 1;
  return counts;
}

function systemOut(data: ReportData): string {
  const metrics = Object.entries(data.run.live.metrics).map(
    ([name, value]) => `${name}=${Math.round(value * 100) / 100}`,
  );
  return [...limitsOf(data), ...ruleLines(data.rules), ...metrics].join('\n');
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** After the sanitiser nothing is left that XML cannot hold, but for the two non-characters. */
function escaped(safe: string): string {
  return safe
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

function text(content: string): string {
  return escaped(safeLines(content));
}

function attributesText(attributes: Record<string, string>): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escaped(safeText(value))}"`)
    .join('');
}
