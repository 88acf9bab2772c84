/** The zoo: every known bug by name. */
import type { Bug } from './bug.ts';
import { checkThenInsert } from './check-then-insert.ts';
import { noIdempotency } from './no-idempotency.ts';

export const BUGS: readonly Bug[] = [checkThenInsert, noIdempotency];

/** The bug of this name; an error that lists the known ones when there is none. */
export function findBug(name: string): Bug {
  const bug = BUGS.find((known) => known.name === name);
  if (!bug) {
    throw new Error(
      `There is no bug "${name}" in the zoo. Known bugs: ${BUGS.map((b) => b.name).join(', ')}.`,
    );
  }
  return bug;
}
