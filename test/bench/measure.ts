/** Measuring on a shared machine: candidates take turns in one process, and medians are compared as ratios. */

export interface Candidate {
  name: string;
  /** Does the work once; returns how many units it did. */
  run(round: number): Promise<number> | number;
}

export interface Measured {
  name: string;
  /** Units a second, median over the rounds. */
  perSecond: number;
  lowest: number;
  highest: number;
}

/** Runs the candidates in turn, `rounds` times after one round that is not counted. */
export async function interleaved(candidates: readonly Candidate[], rounds = 5): Promise<Measured[]> {
  const rates = candidates.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, candidate] of candidates.entries()) {
      const begun = performance.now();
      const units = await candidate.run(round);
      const seconds = (performance.now() - begun) / 1000;
      if (round > 0) rates[i]?.push(units / seconds);
    }
  }
  return candidates.map(({ name }, i) => {
    const sorted = (rates[i] as number[]).sort((a, b) => a - b);
    return {
      name,
      perSecond: median(sorted),
      lowest: sorted[0] as number,
      highest: sorted.at(-1) as number,
    };
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** One line for each, the ratio to the first behind it. */
export function report(title: string, measured: readonly Measured[]): string {
  const first = measured[0] as Measured;
  const lines = measured.map(({ name, perSecond, lowest, highest }) => {
    const ratio = (perSecond / first.perSecond).toFixed(2);
    return `  ${name.padEnd(52)} ${whole(perSecond)}/s (${whole(lowest)} to ${whole(highest)})  ratio ${ratio}`;
  });
  return [title, ...lines].join('\n');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en').padStart(10);
}
