/** Takes the default export of a `--scenario` file for the scenario that it is, and holds its play to the contract. */
import type { Play, Scenario } from '../scenarios/scenario.ts';
import { asObject, lacking, refuse, type Shape } from './shape.ts';

const SCENARIO: Shape = { name: 'string', operations: 'array', play: 'function' };
const PLAY: Shape = {
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

/** @throws ModuleError that says what is missing; the play is checked when a run begins. */
export function checkScenario(path: string, exported: unknown): Scenario {
  const value = asObject('scenario', path, 'a scenario with name, operations and play', exported);
  const problems = lacking(value, SCENARIO);
  if ('bugs' in value) problems.push(...lacking(value, { bugs: 'array' }));
  if (problems.length > 0) refuse('scenario', path, 'scenario', problems);
  const scenario = value as Scenario;
  const play: Scenario['play'] = (seed, config, prng) => checkPlay(path, scenario.play(seed, config, prng));
  // Members may live on a prototype, and may use `this`.
  return Object.create(scenario, { play: { value: play } }) as Scenario;
}

function checkPlay(path: string, play: Play): Play {
  const value = asObject('scenario', path, 'play() must return one', play);
  const problems = lacking(value, PLAY);
  if (typeof play.world !== 'object' || play.world === null) problems.push('world (object) is missing');
  const model: unknown = play.model;
  if (typeof model !== 'object' || model === null) problems.push('model (object) is missing');
  else problems.push(...lacking(model, MODEL).map((problem) => `model.${problem}`));
  if (problems.length > 0)
    refuse('scenario', path, 'scenario: what its play() returns is not complete', problems);
  return play;
}
