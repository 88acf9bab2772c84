/** What a survey of a service found out, in a few lines. */
import type { Survey } from '../../server/contract/gate.ts';
import { writeRules } from '../../server/contract/rule-text.ts';
import { formatBytes, formatNumber } from '../run/format.ts';
import { safeText } from '../run/sanitize.ts';

/** Background statements shown. */
const SHOWN = 2;
const LONGEST = 80;

/** A line each, safe to print. */
export function surveyLines(survey: Survey): string[] {
  const { template, cloneMs, identical, pool, settle, notes } = survey;
  return [
    `template: ${formatBytes(template.bytes)}, ${safeText(template.how)}, cloned in ${ms(cloneMs)}`,
    `each execution: ${WAYS[survey.service]} (${timesText(survey)}); ${formatNumber(identical.same)} of ${formatNumber(identical.executions)} trials were identical`,
    `settled: ${SETTLED[settle]}; its pool has ${formatNumber(pool)} ${pool === 1 ? 'connection' : 'connections'}`,
    ...backgroundLine(survey),
    ...rulesLine(survey),
    ...notes.map((note) => safeText(note)),
  ];
}

const WAYS: Record<Survey['service'], string> = {
  restart: 'the service is started anew',
  keep: 'the service stays, and its connections are cut',
};

const SETTLED: Record<Survey['settle'], string> = {
  sleep: 'when all threads of the service sleep',
  count: 'when each request is answered or has its statement at the gate',
  silence: 'after a few silent milliseconds, which is a weaker guarantee',
};

function timesText({ restartMs, keepMs }: Survey): string {
  const parts = [
    ...(restartMs === null ? [] : [`anew ${ms(restartMs)}`]),
    keepMs === null ? 'it cannot stay' : `kept ${ms(keepMs)}`,
  ];
  return parts.join(', ');
}

function backgroundLine({ background, backgroundWrites }: Survey): string[] {
  if (background.length === 0) return [];
  const shown = background.slice(0, SHOWN).map((text) => safeText(text.slice(0, LONGEST)));
  const more = background.length > SHOWN ? `, and ${background.length - SHOWN} more` : '';
  const writes =
    backgroundWrites === 0 ? 'they pass' : `${formatNumber(backgroundWrites)} write, and are held`;
  return [`nobody asked for: ${shown.join('; ')}${more}; ${writes}`];
}

function rulesLine({ rules, learned }: Survey): string[] {
  const said = writeRules(rules).map(safeText);
  if (said.length === 0) return [];
  const why = Object.values(learned).map(safeText);
  return [`rules: ${said.join(', ')}${why.length === 0 ? '' : ` (${why.join('; ')})`}`];
}

function ms(value: number): string {
  return value < 10 ? `${Math.round(value * 10) / 10} ms` : `${formatNumber(Math.round(value))} ms`;
}
