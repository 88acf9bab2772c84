/** Measuring on a shared machine: candidates take turns in one process, and are compared round by round. */

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
  /** To the first candidate in the same round, median over the rounds: what slows a round slows both. */
  ratio: number;
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
  return compared(
    candidates.map(({ name }) => name),
    rates,
  );
}

/** What the rates of each candidate, round by round, come to beside those of the first. */
export function compared(names: readonly string[], rates: readonly (readonly number[])[]): Measured[] {
  return names.map((name, i) => {
    const own = rates[i] as readonly number[];
    return {
      name,
      perSecond: median(own),
      lowest: Math.min(...own),
      highest: Math.max(...own),
      ratio: median(own.map((rate, round) => rate / (rates[0]?.[round] as number))),
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
  const lines = measured.map(
    ({ name, perSecond, lowest, highest, ratio }) =>
      `  ${name.padEnd(54)} ${whole(perSecond)}/s (${whole(lowest)} to ${whole(highest)})  ratio ${ratio.toFixed(2)}`,
  );
  return [title, ...lines].join('\n');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en').padStart(10);
}
