/**
 * Checks the events and snapshots of a batch by hand: what the harness sends is let through in a third of
 * the time that the schemas take. It never refuses: whatever it does not know to be right (null) is left
 * to the schemas, which are the contract. A property test holds the two together.
 */
import type { RunEvent, Snapshot } from '../contract/index.ts';

export const MAX_ITEMS = 10_000;
export const MAX_TYPE = 100;
export const MAX_ACTOR = 200;

/** `2026-01-31T12:00:00.123Z`: what `Date.prototype.toISOString` writes for the years 1000 to 9999. */
const CANONICAL_TIME =
  /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/** The fields of events that are right; null when one may not be. */
export function plainEvents(value: unknown): RunEvent[] | null {
  if (!Array.isArray(value) || value.length > MAX_ITEMS) return null;
  const events: RunEvent[] = new Array(value.length);
  for (let i = 0; i < value.length; i++) {
    const event = plainEvent(value[i]);
    if (event === null) return null;
    events[i] = event;
  }
  return events;
}

/** The fields of snapshots that are right; null when one may not be. */
export function plainSnapshots(value: unknown): Snapshot[] | null {
  if (!Array.isArray(value) || value.length > MAX_ITEMS) return null;
  const snapshots: Snapshot[] = new Array(value.length);
  for (let i = 0; i < value.length; i++) {
    const snapshot = plainSnapshot(value[i]);
    if (snapshot === null) return null;
    snapshots[i] = snapshot;
  }
  return snapshots;
}

function plainEvent(value: unknown): RunEvent | null {
  if (!isPlainObject(value)) return null;
  const { index, at, virtualMs, type, actor, data } = value as Partial<Record<keyof RunEvent, unknown>>;
  if (!isIndex(index) || !isTime(at)) return null;
  // Also false for NaN and for null.
  if (typeof virtualMs !== 'number' || !(virtualMs >= 0) || virtualMs === Number.POSITIVE_INFINITY)
    return null;
  if (typeof type !== 'string' || type.length === 0 || type.length > MAX_TYPE) return null;
  if (typeof actor !== 'string' || actor.length > MAX_ACTOR) return null;
  if (!isPlainObject(data) || Object.hasOwn(data, '__proto__')) return null;
  return { index, at, virtualMs, type, actor, data: data as RunEvent['data'] };
}

function plainSnapshot(value: unknown): Snapshot | null {
  if (!isPlainObject(value)) return null;
  const { index, at, metrics } = value as Partial<Record<keyof Snapshot, unknown>>;
  if (!isIndex(index) || !isTime(at)) return null;
  if (!isPlainObject(metrics) || Object.hasOwn(metrics, '__proto__')) return null;
  for (const metric of Object.values(metrics)) if (!Number.isFinite(metric)) return null;
  return { index, at, metrics: metrics as Snapshot['metrics'] };
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && value.length === 24 && CANONICAL_TIME.test(value);
}
