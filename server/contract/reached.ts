/**
 * How often a run has reached each of its sometimes-properties, on the way to the server: beside the live metrics,
 * under names that begin with `reached: `. The end of a run tells it in its event, so nothing that is over carries them.
 */

const PREFIX = 'reached: ';

type Counts = Readonly<Record<string, number>>;

/** Counts by sometimes-property, as live metrics. */
export function asReached(counts: Counts): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [`${PREFIX}${name}`, count]));
}

/** The metrics themselves, and what has been reached; null: nothing tells. */
export function splitReached(live: Counts): {
  metrics: Record<string, number>;
  reached: Record<string, number> | null;
} {
  const metrics: Record<string, number> = {};
  let reached: Record<string, number> | null = null;
  for (const [name, value] of Object.entries(live)) {
    if (!name.startsWith(PREFIX)) metrics[name] = value;
    else {
      reached ??= {};
      reached[name.slice(PREFIX.length)] = value;
    }
  }
  return { metrics, reached };
}
