/** Two lines that answer at a glance: whether all holds, and what the city is put through. */
import { fitting, type Health, type Said } from '../../run/health.ts';
import { textWidth } from '../../terminal/columns.ts';
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

export const HealthPane = pane<{ health: Health; traffic: readonly Said[] }>(
  'HealthPane',
  ({ health, traffic }, { width, height }) => {
    const word = ` ${health.tone === 'wait' ? '○' : '●'} ${health.word}`;
    const rest = width - textWidth(word) - GAP - 1;
    return [
      [span(word, WORD_STYLE[health.tone]), ...saidLine(health.said, rest, {})],
      saidLine(traffic, width - 2 - GAP, DIM),
    ].slice(0, height);
  },
);

function saidLine(said: readonly Said[], width: number, usual: Style): Line {
  return fitting(said, width, GAP, textWidth).map(({ text, tone }) =>
    span(`${' '.repeat(GAP)}${text}`, tone === undefined ? usual : SAID_STYLE[tone]),
  );
}
