/** Takes the default export of a `--scenario` file for the scenario that it is, and holds its workload to the contract. */
import type { Scenario, Workload } from '../scenarios/scenario.ts';
import { problemsOf } from './check-adapter.ts';
import { asObject, lacking, refuse, type Shape } from './shape.ts';

const SCENARIO: Shape = { name: 'string', operations: 'array', workload: 'function' };
const WORKLOAD: Shape = {
  objects: 'array',
  plan: 'function',
  repeats: 'function',
  objectOf: 'function',
  parts: 'function',
  answers: 'function',
  invoked: 'function',
  completed: 'function',
  unanswered: 'function',
  forgettable: 'function',
  audit: 'function',
  show: 'function',
  metrics: 'function',
  sometimes: 'function',
};
const MODEL: Shape = {
  initial: 'function',
  apply: 'function',
  effects: 'function',
  confirm: 'function',
  key: 'function',
  describe: 'function',
};

/** @throws ModuleError that says what is missing; the workload is checked when a run begins. */
export function checkScenario(path: string, exported: unknown): Scenario {
  const value = asObject('scenario', path, 'a scenario with name, operations and workload', exported);
  const problems = lacking(value, SCENARIO);
  if ('play' in value && !('workload' in value))
    problems.push('what was play until 0.2.0 is called workload');
  if ('bugs' in value) problems.push(...lacking(value, { bugs: 'array' }));
  if ('http' in value && value.http !== undefined) problems.push(...wrongInHttp(value));
  if (problems.length > 0) refuse('scenario', path, 'scenario', problems);
  const scenario = value as Scenario;
  const workload: Scenario['workload'] = (seed, config, prng, rules) =>
    checkWorkload(path, scenario.workload(seed, config, prng, rules));
  // Members may live on a prototype, and may use `this`.
  return Object.create(scenario, { workload: { value: workload } }) as Scenario;
}

/** How its calls go over HTTP is an adapter, and held to the same. */
function wrongInHttp({ http, operations }: { http?: unknown; operations?: unknown }): string[] {
  if (typeof http !== 'object' || http === null) return ['http is no object, but must be an adapter'];
  const names = Array.isArray(operations) ? operations.map(String) : [];
  return problemsOf(http, names).map((problem) => `http: ${problem}`);
}

function checkWorkload(path: string, workload: Workload): Workload {
  const value = asObject('scenario', path, 'workload() must return one', workload);
  const problems = lacking(value, WORKLOAD);
  if (typeof workload.world !== 'object' || workload.world === null)
    problems.push('world (object) is missing');
  const model: unknown = workload.model;
  if (typeof model !== 'object' || model === null) problems.push('model (object) is missing');
  else problems.push(...lacking(model, MODEL).map((problem) => `model.${problem}`));
  if (problems.length > 0)
    refuse('scenario', path, 'scenario: what its workload() returns is not complete', problems);
  return workload;
}
