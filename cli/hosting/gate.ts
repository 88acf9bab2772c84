/** The gate of a run, as it is typed: what is refused before anything starts, and the order for the processes. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { GateClock, GateOrder } from '../../server/contract/gate.ts';
import type { RunConfig } from '../../server/contract/run-settings.ts';
import { isServiceTarget } from '../../server/contract/target-limits.ts';
import type { Context } from '../process/context.ts';
import { usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { dataDirOf, prepareDataDir } from './data-dir.ts';

export interface GateFlags {
  target?: string;
  exec?: string;
  /** The URL of the template; true: none is named, and one of ours is made. */
  gate?: string | true;
  gateSchema?: string;
  gatePrepare?: string;
  gateLarge?: true;
  clock?: RunConfig['clock'];
  dataDir?: string;
}

const EXAMPLE = "Such as: simcity run --target http://127.0.0.1:8080 --exec 'node server.js' --gate";

/** The order that the flags give; null: the run has no gate. @throws CliError for what no gate can be. */
export function gateOrderOf(context: Context, flags: GateFlags): GateOrder | null {
  const { gate, gateSchema, gatePrepare, gateLarge, target = '', exec } = flags;
  if (gate === undefined) {
    refuseWithoutGate(flags);
    return null;
  }
  if (!isServiceTarget(target)) {
    throw usageError(
      '--gate stands before the database of the service that --target names by its URL, and there is none.',
      EXAMPLE,
    );
  }
  if (exec === undefined || exec.trim() === '') {
    throw usageError(
      '--gate needs --exec: only a service that is started here can be led to the gate and begun afresh.',
      EXAMPLE,
    );
  }
  const url = gate === true ? null : gate;
  if (url !== null && (gateSchema ?? gatePrepare) !== undefined) {
    throw usageError(
      `--gate-${gateSchema === undefined ? 'prepare' : 'schema'} makes a database of ours ready, and --gate names one of yours, which is never written to.`,
      'Leave the URL behind --gate out, or make that database ready yourself.',
    );
  }
  if (gatePrepare?.trim() === '') {
    throw usageError('--gate-prepare is empty.', "Such as: --gate-prepare 'npm run migrate'");
  }
  const schema = gateSchema === undefined ? null : schemaFile(context, gateSchema);
  const clock = clockOf(context, flags);
  const order = { url, schema, prepare: gatePrepare ?? null, large: gateLarge === true };
  return clock === null ? order : { ...order, clock };
}

/** Null: the machine's. */
export function clockOf(
  context: Context,
  { clock = 'real', dataDir: given }: Pick<GateFlags, 'clock' | 'dataDir'>,
): GateClock | null {
  if (clock === 'real') return null;
  const dataDir = dataDirOf(context, given);
  prepareDataDir(dataDir);
  return { folder: join(dataDir, 'clock'), timers: clock === 'virtual-timers' };
}

function refuseWithoutGate({ gateSchema, gatePrepare, gateLarge }: GateFlags): void {
  const given = [
    ...(gateSchema === undefined ? [] : ['--gate-schema']),
    ...(gatePrepare === undefined ? [] : ['--gate-prepare']),
    ...(gateLarge === undefined ? [] : ['--gate-large']),
  ][0];
  if (given === undefined) return;
  throw usageError(`${given} says something of the database behind --gate, and there is no --gate.`, EXAMPLE);
}

function schemaFile(context: Context, text: string): string {
  const path = resolve(context.cwd, text);
  if (existsSync(path) && statSync(path).isFile()) return path;
  throw usageError(
    `${safeText(text)}: there is no such file.`,
    '--gate-schema names a file of SQL, which is run once against an empty database.',
  );
}
