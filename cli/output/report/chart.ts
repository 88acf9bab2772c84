/** Metrics over the events of a run as an inline SVG: lines, axes that read well, faults and the failure marked. */
import { formatCompact, formatNumber } from '../../run/format.ts';
import { html, type Markup } from './markup.ts';

export interface Point {
  /** Index of the event. */
  at: number;
  value: number;
}

export interface Line {
  name: string;
  /** 1 to 3: the colour, by class. */
  color: number;
  points: readonly Point[];
}

export interface ChartOptions {
  title: string;
  /** Appended to values, such as ` ms`. */
  unit: string;
  lines: readonly Line[];
  /** Where faults struck, and how many since the point before. */
  faults: readonly Point[];
  /** The event at which it broke; null when it did not. */
  brokeAt: number | null;
}

const WIDTH = 460;
const HEIGHT = 190;
const LEFT = 54;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 40;
const PLOT = { width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM };

export function chart(options: ChartOptions): Markup {
  const all = options.lines.flatMap(({ points }) => points);
  const last = Math.max(1, ...all.map(({ at }) => at), options.brokeAt ?? 0);
  const ticks = ticksTo(Math.max(1, ...all.map(({ value }) => value)));
  const most = ticks.at(-1) ?? 1;
  const x = (at: number) => round(LEFT + (at / last) * PLOT.width);
  const y = (value: number) => round(TOP + PLOT.height - (Math.max(0, value) / most) * PLOT.height);
  const bottom = TOP + PLOT.height;
  const newest = options.lines.map(({ points }) => points.at(-1)?.value ?? 0);
  return html`<figure>
<figcaption>${options.title}${options.lines.map(
    ({ name, color }, i) =>
      html` <span class="key c${color}">${name} ${formatCompact(newest[i] ?? 0)}${options.unit}</span>`,
  )}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${options.title} over the events">
${ticks.map(
  (tick) =>
    html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${LEFT - 6}" y="${y(tick) + 4}" class="end">${formatCompact(tick)}</text>`,
)}
${[0, 0.5, 1].map(
  (share) =>
    html`<text x="${x(share * last)}" y="${HEIGHT - 8}" class="${share === 1 ? 'end' : share === 0 ? '' : 'mid'}">${share === 1 ? 'event ' : ''}${formatCompact(Math.round(share * last))}</text>`,
)}
${options.faults.map(
  ({ at, value }) =>
    html`<line class="fault" x1="${x(at)}" x2="${x(at)}" y1="${bottom + 4}" y2="${bottom + 10}"><title>${value} fault(s) by event ${formatNumber(at)}</title></line>`,
)}
${
  options.brokeAt === null
    ? null
    : html`<line class="broke" x1="${x(options.brokeAt)}" x2="${x(options.brokeAt)}" y1="${TOP}" y2="${bottom + 10}"><title>it broke at event ${formatNumber(options.brokeAt)}</title></line>`
}
${options.lines.map(
  ({ color, points }) =>
    html`<polyline class="line c${color}" points="${points.map(({ at, value }) => `${x(at)},${y(value)}`).join(' ')}"/>`,
)}
</svg></figure>`;
}

/** Round numbers from 0 to at least `most`: 1, 2 or 5 times a power of ten apart. */
export function ticksTo(most: number): number[] {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? rough;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
