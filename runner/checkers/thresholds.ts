/** Thresholds: expressions such as `p95_latency_ms<50` over the metrics, judged at the end of a run. */

export interface Threshold {
  text: string;
  metric: string;
  comparison: '<' | '<=' | '>' | '>=' | '==' | '!=';
  value: number;
}

const COMPARE: Record<Threshold['comparison'], (a: number, b: number) => boolean> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

/** Parses one expression; throws with what would be right. */
export function parseThreshold(text: string): Threshold {
  const match = /^\s*([a-z][a-z0-9_]*)\s*(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text);
  if (!match) {
    throw new Error(`The threshold "${text}" is not of the form METRIC<NUMBER, such as p95_latency_ms<50.`);
  }
  return {
    text: text.trim(),
    metric: match[1] as string,
    comparison: match[2] as Threshold['comparison'],
    value: Number(match[3]),
  };
}

/** The first threshold that the metrics do not keep, with the metric's value; null when all are kept. */
export function firstCrossed(
  thresholds: readonly Threshold[],
  metrics: Readonly<Record<string, number>>,
): { threshold: Threshold; actual: number | null } | null {
  for (const threshold of thresholds) {
    const actual = metrics[threshold.metric];
    if (actual === undefined) return { threshold, actual: null };
    if (!COMPARE[threshold.comparison](actual, threshold.value)) return { threshold, actual };
  }
  return null;
}
