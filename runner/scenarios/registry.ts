/** The scenarios by name: the built-in ones, and the one of a module that this process has loaded. */
import { isModuleLabel, type RunConfig, type ServiceRules } from '../../server/contract/index.ts';
import { findNamed } from '../find-named.ts';
import { loadedScenario } from '../modules/loaded.ts';
import { Prng } from '../sim/prng.ts';
import { bookings } from './bookings/index.ts';
import type { Scenario, Workload } from './scenario.ts';
import { stays } from './stays/index.ts';
import { tickets } from './tickets/index.ts';
import { transfers } from './transfers/index.ts';

// A scenario's calls are its own type; the engine handles them as plain data.
export const SCENARIOS = [bookings, transfers, stays, tickets] as unknown as readonly Scenario[];

/** The scenario of this name; an error that lists the known ones when there is none. */
export function findScenario(name: string): Scenario {
  if (isModuleLabel(name)) return loadedScenario(name);
  return findNamed(SCENARIOS, name, 'scenario');
}

/** The workload of a run of the scenario, at its very beginning; without `rules` the service keeps the contract's. */
export function beginWorkload(
  scenario: Scenario,
  seed: number,
  config: RunConfig,
  rules?: Readonly<ServiceRules>,
): Workload {
  return scenario.workload(seed, config, new Prng(seed, 'world'), rules);
}
