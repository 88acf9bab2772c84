/** Two lines that answer at a glance: whether all holds, and what the city is put through. */
import { type Health, healthOf, type Said, trafficOf } from '../../run/health.ts';
import type { RunData } from '../../run/run-data.ts';
import { textWidth } from '../../terminal/columns.ts';
import { fitting } from '../components/fitting.ts';
import { DIM, type Line, type Style, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';

const GAP = 2;

const WORD_STYLE: Record<Health['tone'], Style> = {
  good: { color: 'green', bold: true },
  bad: { color: 'redBright', bold: true },
  warn: { color: 'yellow', bold: true },
  wait: { color: 'yellow' },
};

const SAID_STYLE: Record<NonNullable<Said['tone']>, Style> = {
  good: { color: 'green' },
  bad: { color: 'redBright', bold: true },
  warn: { color: 'yellow' },
};

export const HealthPane = pane<{ data: RunData }>('HealthPane', ({ data }, { width, height }) => {
  const { word, tone, said } = healthOf(data);
  const first = ` ${tone === 'wait' ? '○' : '●'} ${word}`;
  const rest = width - textWidth(first) - GAP - 1;
  return [
    [span(first, WORD_STYLE[tone]), ...saidLine(said, rest, {})],
    saidLine(trafficOf(data), width - 2 - GAP, DIM),
  ].slice(0, height);
});

function saidLine(said: readonly Said[], width: number, usual: Style): Line {
  return fitting(said, width, GAP).map(({ text, tone }) =>
    span(`${' '.repeat(GAP)}${text}`, tone === undefined ? usual : SAID_STYLE[tone]),
  );
}
