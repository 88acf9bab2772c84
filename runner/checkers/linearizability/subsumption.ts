/** Which configurations are equal, and which can do all that another can. */
import type { SequentialModel } from '../model.ts';
import type { Configuration, Done, Met } from './history.ts';

/** Canonical text: equal for configurations with the same future. */
export function configurationKey<State, Call, Answer>(
  model: SequentialModel<State, Call, Answer>,
  config: Configuration<State, Call, Answer>,
): string {
  let text = model.key(config.state);
  if (config.done.length > 0) text += `|${config.done.map(doneKey).sort().join()}`;
  if (config.met.length > 0) text += `|${config.met.map(metKey).sort().join()}`;
  return text;
}

function doneKey<Call, Answer>({ op, outcome }: Done<Call, Answer>): string {
  return outcome === undefined ? `${op.id}` : `${op.id}:${outcome}`;
}

function metKey<Call, Answer>({ op, bits }: Met<Call, Answer>): string {
  return `${op.id}=${bits}`;
}

/**
 * True when whatever can follow `b` can follow `a` too, so that `b` need not be kept. Of equal states, the
 * one with more observations behind it can do more, and the one with fewer of the calls that nobody will
 * ever hear of: those may still happen there, or never.
 */
export function subsumes<State, Call, Answer>(
  model: SequentialModel<State, Call, Answer>,
  a: Configuration<State, Call, Answer>,
  b: Configuration<State, Call, Answer>,
): boolean {
  if (a.state !== b.state && model.key(a.state) !== model.key(b.state)) return false;
  for (const entry of a.done) {
    if (!entry.observed && !hasDone(b, entry)) return false;
  }
  for (const entry of b.done) {
    if (hasDone(a, entry)) continue;
    const neverAnswered = entry.op.status === 'unknown' || entry.op.status === 'expired';
    if (!neverAnswered || entry.observed) return false;
  }
  return b.met.every((met) => a.met.some((m) => m.op === met.op && (m.bits & met.bits) === met.bits));
}

function hasDone<State, Call, Answer>(
  config: Configuration<State, Call, Answer>,
  wanted: Done<Call, Answer>,
): boolean {
  for (const entry of config.done) {
    if (entry.op === wanted.op && entry.outcome === wanted.outcome) return true;
  }
  return false;
}

/** The configurations that no other one subsumes, first come first kept. */
export function withoutSubsumed<State, Call, Answer>(
  model: SequentialModel<State, Call, Answer>,
  configs: Iterable<Configuration<State, Call, Answer>>,
): Configuration<State, Call, Answer>[] {
  const byState = new Map<string, Configuration<State, Call, Answer>[]>();
  for (const config of configs) {
    const key = model.key(config.state);
    const group = byState.get(key) ?? [];
    byState.set(key, group);
    if (group.some((other) => subsumes(model, other, config))) continue;
    const kept = group.filter((other) => !subsumes(model, config, other));
    kept.push(config);
    byState.set(key, kept);
  }
  return [...byState.values()].flat();
}
