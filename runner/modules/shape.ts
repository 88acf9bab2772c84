/** Says what an export of the user's lacks. */
import { ModuleError } from './load-default.ts';
import type { ModuleRole } from './place.ts';

/** What each member has to be, as `typeof` tells it; `array` for lists. */
export type Shape = Readonly<Record<string, 'function' | 'string' | 'array'>>;

/** Names what is missing or of another kind; empty when nothing is. */
export function lacking(value: object, shape: Shape): string[] {
  const members = value as Record<string, unknown>;
  return Object.entries(shape).flatMap(([name, kind]) => {
    const is = Array.isArray(members[name]) ? 'array' : typeof members[name];
    if (is === kind) return [];
    return [is === 'undefined' ? `${name} (${kind}) is missing` : `${name} is ${is} instead of ${kind}`];
  });
}

export function asObject(role: ModuleRole, path: string, what: string, value: unknown): object {
  if (typeof value === 'object' && value !== null) return value;
  throw new ModuleError(
    role,
    `The default export of ${path} is ${value === null ? 'null' : typeof value}, but must be an object: ${what}.`,
  );
}

export function refuse(role: ModuleRole, path: string, what: string, problems: readonly string[]): never {
  throw new ModuleError(role, `The default export of ${path} is no ${what}: ${problems.join(', ')}.`);
}
