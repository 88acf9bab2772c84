/** Which faults struck so seldom that each is worth a letter of its own beside the charts. */
import { RARE, type Tally } from './tally.ts';

export interface RareFault {
  letter: string;
  /** Text of the run: not safe to print. */
  name: string;
  /** Where it struck, by event. */
  at: readonly number[];
}

/** The seldomest first, each with a letter of its name that no other has. */
export function rareFaults({ faults }: Tally): RareFault[] {
  const taken = new Set<string>();
  return Object.entries(faults)
    .filter(([, { count }]) => count < RARE)
    .sort(([, a], [, b]) => a.count - b.count)
    .flatMap(([name, { at }]): RareFault[] => {
      // In ASCII an X is where it broke.
      const letter = [...name.toUpperCase()].find((each) => /[A-WYZ]/.test(each) && !taken.has(each));
      if (letter === undefined) return [];
      taken.add(letter);
      return [{ letter, name, at }];
    });
}
