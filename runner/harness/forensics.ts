/** Composes the forensic bundle of a failure. */
import {
  type Forensic,
  type JsonObject,
  type RunConfig,
  type ToldRules,
  toldConfig,
} from '../../server/contract/index.ts';
import { faultRates } from '../faults/profiles.ts';
import { type OwnRun, reproduceOwn } from '../reproduce.ts';
import type { Call } from '../service/call.ts';
import type { Failure } from './failure.ts';
import { rounded } from './rounded.ts';
import type { Verdicts } from './verdicts.ts';

export interface ForensicContext extends OwnRun {
  /** What the service promises, as the event `note` with `what: 'rules'` tells it; left out where nothing is learned. */
  rules?: ToldRules | null;
  versions: Record<string, string>;
  /** The city as the target shows it at the failure; null when it cannot be read. */
  city: unknown;
}

export function composeForensic<C extends Call>(
  failure: Failure,
  verdicts: Verdicts<C>,
  { versions, city, rules = null, ...run }: ForensicContext,
): Forensic {
  const { seed, config } = run;
  const { operation } = failure;
  return {
    version: 1,
    kind: failure.kind,
    invariant: failure.invariant,
    message: failure.message,
    eventIndex: failure.eventIndex,
    virtualMs: rounded(verdicts.now),
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
    history: verdicts.intervals.of(failure.object),
    lastEvents: verdicts.recorder.lastEvents().map((event) => ({ ...event })),
    city,
    difference: failure.object === null ? [] : describeDifference(failure, failure.object, verdicts, city),
    faultsActive: verdicts.healed ? [] : activeFaults(config),
    seed,
    config: toldConfig(config) as unknown as JsonObject,
    ...(rules === null ? {} : { rules: rules as unknown as JsonObject }),
    versions,
    reproduce: reproduceOwn(run),
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
function describeDifference<C extends Call>(
  failure: Failure,
  object: string,
  { checker, workload }: Verdicts<C>,
  city: unknown,
): string[] {
  const rows = Array.isArray(city) ? (city as { id?: unknown }[]) : [];
  const shown = rows.find((row) => row.id === object);
  const textOf = (value: unknown) => JSON.stringify(workload.readable?.(value) ?? value);
  const lines = shown ? [`the target shows ${textOf(shown)}`] : [];
  const states = failure.states ?? checker.states(object);
  // What one does not know of a state is shown alike, so different states can read the same.
  const texts = new Set(states.map((state) => textOf(workload.show(object, state))));
  for (const text of [...texts].slice(0, STATES_SHOWN)) lines.push(`the history allows ${text}`);
  if (texts.size > STATES_SHOWN) lines.push(`… and ${texts.size - STATES_SHOWN} other states`);
  return lines;
}
