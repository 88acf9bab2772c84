/** Composes the forensic bundle of a failure. */
import type { Forensic, JsonObject, RunConfig } from '../../server/contract/index.ts';
import { faultRates } from '../faults/profiles.ts';
import { reproduceCommand } from '../reproduce.ts';
import type { Operation } from '../scenarios/scenario.ts';
import type { Failure } from './attempt.ts';
import type { Recorder } from './recorder.ts';
import type { Simulation } from './simulation.ts';

/** A failure as a bundle needs it, of a run of either kind. */
export type FoundFailure = Omit<Failure, 'operation'> & { operation: Operation | null };
/** The part of a run that a bundle shows. */
export type ShownRun = Pick<Simulation, 'now' | 'intervals' | 'healed' | 'checker'>;

export interface ForensicContext {
  scenario: string;
  target: string;
  seed: number;
  config: RunConfig;
  versions: Record<string, string>;
  simulation: ShownRun;
  recorder: Recorder;
  /** The city as the target shows it at the failure; null when it cannot be read. */
  city: unknown;
}

export function composeForensic(failure: FoundFailure, context: ForensicContext): Forensic {
  const { scenario, target, seed, config, simulation } = context;
  const { operation } = failure;
  return {
    version: 1,
    kind: failure.kind,
    invariant: failure.invariant,
    message: failure.message,
    eventIndex: failure.eventIndex,
    virtualMs: Math.round(simulation.now * 1000) / 1000,
    operation: operation
      ? {
          op: operation.id,
          actor: operation.actor,
          ...operation.call,
          invokedAtEvent: operation.invokedIndex,
        }
      : null,
    actual: failure.actual ?? null,
    expected: failure.expected ?? null,
    object: failure.object,
    history: simulation.intervals.of(failure.object),
    lastEvents: context.recorder.lastEvents().map((event) => ({ ...event })),
    city: context.city,
    difference: failure.object === null ? [] : describeStates(simulation, failure.object, context.city),
    faultsActive: simulation.healed ? [] : activeFaults(config),
    seed,
    config: config as unknown as JsonObject,
    versions: context.versions,
    reproduce: reproduceCommand({ scenario, target, seed, config }),
    smallest: null,
  };
}

function activeFaults(config: RunConfig): string[] {
  return Object.entries(faultRates(config))
    .filter(([, rate]) => rate > 0)
    .map(([name, rate]) => `${name} ${rate}`);
}

/** What the target shows of the object, beside what its history allows. */
function describeStates(simulation: ShownRun, object: string, city: unknown): string[] {
  const rows = Array.isArray(city) ? (city as { id?: unknown }[]) : [];
  const shown = rows.find((row) => row.id === object);
  const lines = shown ? [`the target shows ${JSON.stringify(shown)}`] : [];
  for (const state of simulation.checker.describeStates(object).slice(0, 5)) {
    lines.push(`the history allowed ${state}`);
  }
  return lines;
}
