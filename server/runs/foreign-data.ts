/** Reads the data of events, which may be of any shape: what is none of what is asked for is left out. */
import type { JsonObject } from '../contract/index.ts';

function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

export function objectsIn(list: unknown): JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

export function textsIn(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((value) => typeof value === 'string') : [];
}
