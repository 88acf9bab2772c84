/** Round times along an axis of virtual time. */

export interface TimeTick {
  ms: number;
  /** `0`, `0.5 s`, `2 min`. */
  text: string;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Above a second people count time in these; below it, and above a day, in 1, 2 and 5. */
const STEPS = [
  ...[1, 2, 5, 10, 20, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 20, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 4, 6, 12, 24].map((hours) => hours * HOUR),
];

/** Ticks from `fromMs` to at most `untilMs`, as near as can be but no nearer than `leastMs`. */
export function timeTicks(untilMs: number, leastMs: number, fromMs = 0): TimeTick[] {
  if (untilMs <= fromMs || leastMs <= 0) return [];
  const step = stepOf(leastMs);
  const first = Math.ceil(fromMs / step - 1e-9);
  const last = Math.floor(untilMs / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const ms = (first + i) * step;
    return { ms, text: tickText(ms, step) };
  });
}

/** The least round time that is not less than `least`, in ms. */
function stepOf(least: number): number {
  const known = least <= SECOND / 2 ? undefined : STEPS.find((step) => step >= least);
  if (known !== undefined) return known;
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10) * power;
}

function tickText(ms: number, step: number): string {
  if (ms === 0) return '0';
  const [unit, name] = unitOf(step);
  return `${Number((ms / unit).toPrecision(6))} ${name}`;
}

function unitOf(step: number): [ms: number, name: string] {
  if (step >= HOUR) return [HOUR, 'h'];
  if (step >= MINUTE) return [MINUTE, 'min'];
  return step >= SECOND / 10 ? [SECOND, 's'] : [1, 'ms'];
}
