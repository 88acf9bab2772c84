/** The user's code that this process has loaded; the registries of scenarios and targets ask here. */
import type { Modules } from '../../server/contract/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { MemoryService } from '../service/memory-service.ts';
import type { SqlService } from '../service/sql-service.ts';
import type { HttpAdapter } from '../targets/http/adapter.ts';

/** A service of the user's. */
export type ModuleService =
  | { readonly kind: 'sql'; readonly service: SqlService }
  | { readonly kind: 'memory'; readonly service: MemoryService };

interface Loaded {
  scenario: Scenario | null;
  service: ModuleService | null;
  adapter: LoadedAdapter | null;
}

/** An adapter of the user's, and the file that it is in. */
export interface LoadedAdapter {
  readonly adapter: HttpAdapter;
  readonly file: string;
}

let files: Modules = { target: null, scenario: null, adapter: null };
let loaded: Loaded = { scenario: null, service: null, adapter: null };

/** The files that this process was told to load. Also while they are loaded, and when that fails. */
export function filesOfUser(): Modules {
  return files;
}

/** Said before any of them is loaded. */
export function setFiles(next: Modules): void {
  files = next;
}

/** From now on runs of this process mean these. */
export function setLoaded(next: Loaded): void {
  loaded = next;
}

/** The scenario that the label stands for. */
export function loadedScenario(label: string): Scenario {
  if (!loaded.scenario) throw notGiven('scenario', label);
  return loaded.scenario;
}

/** The adapter by which services at URLs are reached; null: they answer the contract themselves. */
export function loadedAdapter(): LoadedAdapter | null {
  return loaded.adapter;
}

/** The service that the label stands for. */
export function loadedService(label: string): ModuleService {
  if (!loaded.service) throw notGiven('target', label);
  return loaded.service;
}

function notGiven(what: 'scenario' | 'target', label: string): Error {
  const variable = what === 'target' ? 'SIMCITY_TARGET_MODULE' : 'SIMCITY_SCENARIO_MODULE';
  return new Error(
    `The run's ${what} is ${JSON.stringify(label)}, but no such file was given here: code is loaded only where ` +
      `the command is given. Use simcity run --${what} FILE, or set ${variable} for a runner of your own.`,
  );
}
