/**
 * A run as one HTML file that opens anywhere: no script, nothing fetched, dark and light. Text of the run
 * can never become markup: it is escaped by the templates, and the policy of the page would not run it.
 */
import type { Forensic, Snapshot } from '../../../server/contract/index.ts';
import { attemptText } from '../../run/attempts.ts';
import { formatClock, formatMetric, formatNumber, formatSeconds } from '../../run/format.ts';
import { runOutcome } from '../../run/outcome.ts';
import { ruleLines } from '../../run/rules.ts';
import { runNameInFull } from '../../run/run-name.ts';
import { settingEntries } from '../../run/setting-entries.ts';
import { chart, type Line, type Point } from './chart.ts';
import { brokeAtOf, commandsFor, limitsOf, REPORT_TOOL, type ReportData, reportVerdict } from './data.ts';
import { citySection } from './html-city.ts';
import { eventTable, failureStory } from './html-parts.ts';
import { STYLE, STYLE_SHA256 } from './html-style.ts';
import { whyStory } from './html-why.ts';
import { html, Markup } from './markup.ts';

export function htmlReport(data: ReportData): string {
  const { run } = data;
  const { ending } = reportVerdict(data);
  // Only this very style is let in; scripts, frames, forms and other hosts are not.
  const policy = `default-src 'none'; style-src 'sha256-${STYLE_SHA256}'; base-uri 'none'; form-action 'none'`;
  const failure = run.failForensic;
  const told = new Set(data.lastEvents.map(({ index }) => index));
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${ending} · ${run.scenario}@${run.target} · seed ${run.seed} · SimCity</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
${header(data)}
<main>
${data.why === null ? null : whyStory(data.why, failure, told)}
${failure === null ? null : failureStory(failure, runOutcome(run), data.why, told)}
${commands(data)}
${charts(data)}
${city(data)}
${events(data)}
${numbers(data)}
${bundle(failure)}
</main>
<footer>${REPORT_TOOL} · run ${runNameInFull(run)}</footer>
</body>
</html>
`;
  return page.text;
}

function header(data: ReportData): Markup {
  const { run } = data;
  const { ending, events, seconds, stopReason } = reportVerdict(data);
  const asides = [stopReason, attemptText(run)].flatMap((text) => (text === null ? [] : [html` · ${text}`]));
  return html`<header>
<p class="verdict ${ending.replace(' ', '-')}">${ending}</p>
<h1>${run.scenario}<span class="quiet">@</span>${run.target} <span class="quiet">seed</span> ${run.seed}</h1>
<p>${formatNumber(events)} events in ${formatSeconds(seconds)}${run.startedAt === null ? null : html`, <time datetime="${run.startedAt}">${run.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}</time>`}${asides}</p>${limitsOf(
    data,
  ).map(
    (line) => html`
<p class="quiet">${line}</p>`,
  )}
</header>`;
}

function commands(data: ReportData): Markup {
  const rows = commandsFor(data).map(
    ({ what, command }) => html`<dt>${what}</dt><dd><code>${command}</code></dd>`,
  );
  return html`<section><h2>Look further</h2><dl class="commands">${rows}</dl></section>`;
}

interface ChartSpec {
  title: string;
  unit: string;
  metrics: string[];
}

const CHARTS: ChartSpec[] = [
  { title: 'Latency', unit: ' ms', metrics: ['p50_latency_ms', 'p95_latency_ms', 'p99_latency_ms'] },
  { title: 'Answers', unit: '', metrics: ['ok', 'refused', 'unknown'] },
];

function charts({ snapshots, run, charts: chosen }: ReportData): Markup | null {
  if (snapshots.length < 2) return null;
  const faults = faultMarks(snapshots);
  const brokeAt = brokeAtOf(run);
  const own = chosen.map(({ title, metric }) => ({ title, unit: '', metrics: [metric] }));
  const drawn = [...own, ...CHARTS].flatMap(({ title, unit, metrics }) => {
    const lines = metrics.flatMap((name, i): Line[] => {
      const points = pointsOf(snapshots, name);
      const short = metrics.length === 1 ? '' : name.replace('_latency_ms', '');
      return points.length < 2 ? [] : [{ name: short, color: i + 1, points }];
    });
    return lines.length === 0 ? [] : [chart({ title, unit, lines, faults, brokeAt })];
  });
  if (drawn.length === 0) return null;
  return html`<section><h2>Over the run</h2><p class="quiet">Along the axis: the events of the run. Marks below it: faults${brokeAt === null ? '' : '; the upright line: where it broke'}.</p><div class="charts">${drawn}</div></section>`;
}

function pointsOf(snapshots: readonly Snapshot[], name: string): Point[] {
  return snapshots.flatMap(({ index, metrics }) => {
    const value = metrics[name];
    return value === undefined || !Number.isFinite(value) ? [] : [{ at: index, value }];
  });
}

/** Where the count of faults grew from one snapshot to the next. */
function faultMarks(snapshots: readonly Snapshot[]): Point[] {
  const counts = pointsOf(snapshots, 'faults');
  return counts.flatMap(({ at, value }, i) => {
    const grown = value - (counts[i - 1]?.value ?? 0);
    return grown > 0 ? [{ at, value: grown }] : [];
  });
}

function events({ lastEvents, run }: ReportData): Markup | null {
  if (lastEvents.length === 0) return null;
  const brokeAt = brokeAtOf(run);
  const title = brokeAt === null ? 'Last events' : 'Last events before it broke';
  return html`<section><h2>${title}</h2>${eventTable(lastEvents, brokeAt)}</section>`;
}

function city({ city: shown, run }: ReportData): Markup | null {
  if (shown === null) return null;
  const brokeAt = brokeAtOf(run);
  const title = brokeAt === shown.index ? 'The city where it broke' : 'The city at the end';
  return citySection(shown, title, brokeAt === null ? null : (run.failForensic?.object ?? null));
}

function numbers({ run, rules }: ReportData): Markup {
  const metrics = Object.entries(run.live.metrics).map(
    ([name, value]) => html`<tr><th>${name}</th><td class="number">${formatMetric(name, value)}</td></tr>`,
  );
  const rows = settingEntries(run).map(([name, value]) => html`<tr><th>${name}</th><td>${value}</td></tr>`);
  return html`<section class="columns">
<div><h2>Metrics</h2><table>${metrics}</table></div>
<div><h2>Settings</h2><table>${rows}</table>${rulesOf(rules)}</div>
</section>`;
}

function rulesOf(rules: ReportData['rules']): Markup | null {
  const lines = ruleLines(rules);
  return lines.length === 0
    ? null
    : html`<h2>Rules of the service</h2><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}

function bundle(failure: Forensic | null): Markup | null {
  if (failure === null) return null;
  const at = failure.virtualMs === null ? '' : `, ${formatClock(failure.virtualMs, 3)}`;
  return html`<section><details><summary>The whole forensic bundle${at}</summary><pre>${JSON.stringify(failure, null, 2)}</pre></details></section>`;
}
