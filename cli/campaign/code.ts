/** Code of the user's that a claimant was given on its command line, told apart by its contents. It never leaves here. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { GateOrder, Modules } from '../../server/contract/index.ts';
import type { OwnPart } from './session.ts';

/** Larger ones, such as the runtime of a language, are known by their name alone. */
const LARGEST_BYTES = 64 * 1024 * 1024;

/**
 * The same wherever the same files and commands are given: contents of files, also of those that a command names, and the
 * commands themselves. Null: there is none. Not in it are where the database of the gate is, which is another on each machine, and its clock, which the configuration says.
 */
export function codeHash(cwd: string, { modules, exec, gate }: OwnPart): string | null {
  if (modules === null && exec === undefined && gate === null) return null;
  const given = [modulesIn(modules), exec === undefined ? null : commandIn(cwd, exec), gateIn(cwd, gate)];
  return createHash('sha256').update(JSON.stringify(given)).digest('hex');
}

function modulesIn(modules: Modules | null) {
  if (modules === null) return null;
  const { target, scenario, adapter } = modules;
  return [target, scenario, adapter].map((file) => (file === null ? null : contentsOf(file)));
}

function gateIn(cwd: string, gate: GateOrder | null) {
  if (gate === null) return null;
  const { schema, prepare, large } = gate;
  return [
    schema === null ? null : contentsOf(schema),
    prepare === null ? null : commandIn(cwd, prepare),
    large,
  ];
}

function commandIn(cwd: string, command: string): string[] {
  const words = command.split(/\s+/).map((word) => word.replace(/^["']|["']$/g, ''));
  return [command, ...words.flatMap((word) => contentsOf(resolve(cwd, word)) ?? [])];
}

/** Null for what is no file, or is too large. */
function contentsOf(path: string): string | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isFile() || stats.size > LARGEST_BYTES) return null;
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
