/** Takes the default export of an `--adapter` file for the adapter that it is. */
import type { HttpAdapter } from '../targets/http/adapter.ts';
import { asObject, lacking, refuse, type Shape } from './shape.ts';

const ADAPTER: Shape = { name: 'string', reset: 'function', request: 'function', reply: 'function' };

/** @throws ModuleError that says what is missing. */
export function checkAdapter(path: string, exported: unknown): HttpAdapter {
  const value = asObject('adapter', path, 'an adapter with name, reset, request and reply', exported);
  const problems = lacking(value, ADAPTER);
  if (problems.length > 0) refuse('adapter', path, 'adapter', problems);
  return value as HttpAdapter;
}
