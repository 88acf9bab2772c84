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
  /** One of the model's states as people know the object. */
  show: (object: string, state: unknown) => unknown;
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
    difference: failure.object === null ? [] : describeDifference(failure, failure.object, context),
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

/** States of the model shown at most. */
const STATES_SHOWN = 5;

/** What the target shows of the object, beside what its history allows. */
function describeDifference(failure: FoundFailure, object: string, context: ForensicContext): string[] {
  const rows = Array.isArray(context.city) ? (context.city as { id?: unknown }[]) : [];
  const shown = rows.find((row) => row.id === object);
  const lines = shown ? [`the target shows ${JSON.stringify(shown)}`] : [];
  const states = failure.states ?? context.simulation.checker.states(object);
  // What one does not know of a state is shown alike, so different states can read the same.
  const texts = new Set(states.map((state) => JSON.stringify(context.show(object, state))));
  for (const text of [...texts].slice(0, STATES_SHOWN)) lines.push(`the history allows ${text}`);
  if (texts.size > STATES_SHOWN) lines.push(`… and ${texts.size - STATES_SHOWN} other states`);
  return lines;
}
