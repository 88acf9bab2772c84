/** `simcity show`: one run: settings, state, metrics, verdict. */
import { ENGINE_GENERATION, type JsonObject, type Run } from '../../server/contract/index.ts';
import { connectForReading } from '../hosting/connect.ts';
import { executedElsewhereBy } from '../hosting/generation.ts';
import { toldOf } from '../output/report/gather.ts';
import { paintOutcome, type Style, styleFor } from '../output/style.ts';
import { failureLines, verdictLine, verdictOf } from '../output/verdict.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { attemptText, isQueuedAgain, waitingText } from '../run/attempts.ts';
import { formatMetric, formatNumber } from '../run/format.ts';
import { runOutcome } from '../run/outcome.ts';
import { proofLines } from '../run/proof.ts';
import { ruleLines } from '../run/rules.ts';
import { runNameInFull } from '../run/run-name.ts';
import { safeJson, safeText } from '../run/sanitize.ts';
import { settingEntries } from '../run/setting-entries.ts';
import { textWidth } from '../terminal/columns.ts';

interface ShowFlags {
  server?: string;
  dataDir?: string;
  json?: true;
}

export async function show(context: Context, runId: string, flags: ShowFlags): Promise<number> {
  const { api, hosted } = await connectForReading(context, flags);
  const run = await api.run(runId);
  const style = styleFor(wantsColor(context, 'stdout'));
  await context.out(flags.json ? `${safeJson(run)}\n` : `${details(run, await toldOf(api, run), style)}\n`);
  await hosted?.close();
  return EXIT.pass;
}

function rulesOf(rules: JsonObject | null, style: Style): string[] {
  const lines = ruleLines(rules);
  return lines.length === 0
    ? []
    : ['', style.bold('Rules of the service'), ...lines.map((line) => `  ${line}`)];
}

function details(run: Run, { closing, rules }: Awaited<ReturnType<typeof toldOf>>, style: Style): string {
  const state: [string, string][] = [
    ['run', runNameInFull(run)],
    [
      'status',
      `${paintOutcome(style, runOutcome(run))}${isQueuedAgain(run.live) ? `, ${waitingText(run)}` : ''}`,
    ],
    ['created', run.createdAt],
    ['started', run.startedAt ?? '-'],
    ['ended', run.endedAt ?? '-'],
    ['runner', safeText(run.runner ?? '-')],
    ['events', formatNumber(run.live.eventIndex + 1)],
  ];
  const attempt = attemptText(run);
  if (attempt !== null) state.push(['attempts', safeText(attempt)]);
  if (run.stopRequestedAt)
    state.push(['stop asked', `${run.stopRequestedAt} ${safeText(run.stopReason ?? '')}`]);
  const metrics = Object.entries(run.live.metrics).map(([name, value]): [string, string] => [
    safeText(name),
    formatMetric(name, value),
  ]);
  const verdict = verdictOf(run);
  const ending = verdict
    ? [
        '',
        verdictLine(run, verdict, style, closing),
        ...failureLines(run, verdict, style),
        ...proofLines(closing).map((line) => `  ${line}`),
      ]
    : [];
  return [
    ...pairs(state, style),
    '',
    style.bold('Settings'),
    ...pairs(settingEntries(run), style),
    ...rulesOf(rules, style),
    ...elsewhereLines(run, style),
    ...(metrics.length === 0 ? [] : ['', style.bold('Metrics'), ...pairs(metrics, style)]),
    ...ending,
  ].join('\n');
}

/** What a seed of another generation of the engine can still be used for. */
function elsewhereLines(run: Run, style: Style): string[] {
  const by = executedElsewhereBy(run);
  if (by === null) return [];
  const here = `this SimCity has generation ${ENGINE_GENERATION}`;
  return [
    style.yellow(
      `  The seed means something else here (${here}): to verify, shrink or reproduce it, use ${by}.`,
    ),
  ];
}

function pairs(entries: [string, string][], style: Style): string[] {
  const width = Math.max(...entries.map(([name]) => textWidth(name)));
  return entries.map(([name, value]) => `  ${style.dim(name.padEnd(width))}  ${value}`);
}
