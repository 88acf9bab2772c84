/** The built-in scenarios, by name. */
import { bookings } from './bookings/index.ts';
import type { Scenario } from './scenario.ts';

// A scenario's calls are its own type; the engine handles them as plain data.
const SCENARIOS: readonly Scenario[] = [bookings as unknown as Scenario];

/** The scenario of this name; an error that lists the known ones when there is none. */
export function findScenario(name: string): Scenario {
  const scenario = SCENARIOS.find((known) => known.name === name);
  if (!scenario) {
    throw new Error(`There is no scenario "${name}". Known: ${SCENARIOS.map((s) => s.name).join(', ')}.`);
  }
  return scenario;
}
