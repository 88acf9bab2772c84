/** Round bounds and ticks around values, for the axis of a chart. */

export interface RoundScale {
  low: number;
  high: number;
  /** Between two ticks. */
  step: number;
  /** Round numbers, from `low` to `high`. */
  ticks: readonly number[];
}

/** Bounds around the values, at most `steps` round steps apart; whole steps for whole values. */
export function roundScale(values: readonly number[], steps: number): RoundScale {
  const least = values.length === 0 ? 0 : Math.min(...values);
  const most = values.length === 0 ? 1 : Math.max(...values);
  const isWhole = Number.isInteger(least) && Number.isInteger(most);
  let step = roundStep((most - least) / steps || Math.max(1, Math.abs(most) / steps), isWhole);
  while (Math.ceil(most / step) - Math.floor(least / step) > steps) step = roundStep(step * 1.01, isWhole);
  const from = Math.floor(least / step);
  const to = Math.max(from + 1, Math.ceil(most / step));
  const ticks = Array.from({ length: to - from + 1 }, (_, i) => (from + i) * step);
  return { low: from * step, high: to * step, step, ticks };
}

/** The least of 1, 2, 5, 10, 20 … (and 0.1, 0.2 …) that is not less than `at`. */
export function roundStep(at: number, isWhole: boolean): number {
  const least = isWhole ? Math.max(1, at) : at;
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((each) => each * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}
