/** Where two histories part: compares events in all that a seed decides. */
import { type RunEvent, runConfigSchema } from '../../server/contract/index.ts';
import { Renaming } from './renaming.ts';
import { safeJson } from './sanitize.ts';

/** One value that differs, by its path: `data.booking`. `undefined`: it is not there. */
export interface Difference {
  path: string;
  left: unknown;
  right: unknown;
}

/** One side of a difference. Safe to print. */
export function differingText(value: unknown): string {
  return value === undefined ? '(nothing)' : safeJson(value);
}

/** What differs between two events; empty when the seed decided the same. Wall time, versions and what checking cost do not count. */
export function differences(left: RunEvent, right: RunEvent): Difference[] {
  const found: Difference[] = [];
  collect(decided(left), decided(right), '', found);
  return found;
}

/** The parts of an event as it is listed. */
export type EventPart = 'time' | 'type' | 'actor' | 'object' | 'detail';

/** The parts in which events with these differences look different. */
export function differingParts(found: readonly Difference[]): ReadonlySet<EventPart> {
  return new Set(found.map(({ path }) => PART_OF[path] ?? 'detail'));
}

const PART_OF: Readonly<Record<string, EventPart>> = {
  virtualMs: 'time',
  type: 'type',
  actor: 'actor',
  'data.slot': 'object',
};

/** Likewise of two executions behind a gate, with what services draw themselves renamed one to one. */
export class GatedDifferences {
  readonly #left = new Renaming();
  readonly #right = new Renaming();

  /** How much of the left history was renamed. */
  get renamed(): Renaming['counts'] {
    return this.#left.counts;
  }

  /** Of the next two events. */
  of(left: RunEvent, right: RunEvent): Difference[] {
    const found: Difference[] = [];
    collect(this.#left.of(unmeasured(decided(left))), this.#right.of(unmeasured(decided(right))), '', found);
    return found;
  }
}

/** Without what was measured of the run: how often it was the same again, and how large its template is. */
function unmeasured(event: Decided): unknown {
  const { proof: _, template: __, ...data } = event.data;
  return { ...event, data };
}

type Decided = Pick<RunEvent, 'index' | 'virtualMs' | 'type' | 'actor' | 'data'>;

function decided(event: RunEvent): Decided {
  const { index, virtualMs, type, actor } = event;
  const rest = { index, virtualMs, type, actor, data: event.data };
  if (type === 'end') {
    const { checking: _, ...data } = event.data;
    return { ...rest, data };
  }
  if (type !== 'start') return rest;
  const { versions: _, config, ...data } = event.data;
  return { ...rest, data: { ...data, config: decidedConfig(config) } };
}

/** The limits of wall time are left out, and what a later version added has its default. */
function decidedConfig(config: unknown): unknown {
  const parsed = runConfigSchema.safeParse(config);
  return parsed.success ? { ...parsed.data, durationSeconds: null, rate: null } : config;
}

function collect(left: unknown, right: unknown, path: string, found: Difference[]): void {
  if (Object.is(left, right)) return;
  if (!isObject(left) || !isObject(right) || Array.isArray(left) !== Array.isArray(right)) {
    found.push({ path, left, right });
    return;
  }
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const inner = Array.isArray(left) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    collect(left[key], right[key], inner, found);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
