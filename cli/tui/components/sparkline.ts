/** Numbers as a row of small bars. */

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** One bar a value, from the lowest to the highest; a series that does not move lies flat. */
export function sparkline(values: readonly number[]): string {
  const known = values.filter(Number.isFinite);
  const low = Math.min(...known);
  const span = Math.max(...known) - low;
  return values
    .map((value) => {
      if (!Number.isFinite(value)) return ' ';
      return span === 0 ? BARS[0] : bar((value - low) / span);
    })
    .join('');
}

/** One bar a value, from 0; blank where there is nothing. */
export function densities(values: readonly number[]): string {
  const most = Math.max(1, ...values);
  return values.map((value) => (value > 0 ? bar(value / most) : ' ')).join('');
}

function bar(share: number): string {
  return BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))] ?? BARS[0];
}
