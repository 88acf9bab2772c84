/** The steps of a bug of the zoo, for services that are made of them. */
import { BUGS } from '../../runner/scenarios/bookings/bugs/index.ts';
import type { SqlSteps } from '../../runner/scenarios/bookings/services/postgres.ts';

export function bugSteps(name: string): Partial<SqlSteps> {
  const bug = BUGS.find((known) => known.name === name);
  if (!bug) throw new Error(`There is no bug "${name}".`);
  return bug.sql();
}
