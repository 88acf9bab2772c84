/** What kept a run from its verdict although its harness lives: it is told as the end of the run, with its place. */
import {
  type Forensic,
  type JsonObject,
  type LossKind,
  type Modules,
  type RunConfig,
  toldConfig,
} from '../../server/contract/index.ts';
import { AdapterError, type AdapterPhase, errorText } from '../modules/adapter-error.ts';
import { asTyped, type ModuleRole, type Place, placeIn, placeOfFile, placeText } from '../modules/place.ts';
import { reproduceOwn } from '../reproduce.ts';
import { engineVersions } from '../versions.ts';

export interface RunFault {
  readonly kind: Extract<LossKind, 'adapter-error' | 'start-failed'>;
  /** One sentence for people, or more. */
  readonly message: string;
  readonly phase: AdapterPhase | null;
  readonly place: Place | null;
}

/** What is in the way of the start may pass: the attempt is lost, and another is made. */
export class NotBegunError extends Error {
  override readonly name = 'NotBegunError';
}

const WHAT: Record<ModuleRole, string> = { adapter: 'adapter', scenario: 'scenario', target: 'service' };

/**
 * What the error of an engine says of the run: that a file of the user's is wrong, or that the run could not even
 * begin. Null: the engine broke, which it cannot judge itself. `hasBegun`: the history has its first event.
 */
export function runFaultOf(error: unknown, modules: Modules, hasBegun: boolean): RunFault | null {
  const role = error instanceof AdapterError ? roleOf(error, modules) : null;
  if (error instanceof AdapterError && role !== null) {
    const thrown = error.cause instanceof Error ? error.cause : error;
    const place = error.place ?? placeIn(thrown.stack, modules) ?? placeOfFile(role, modules);
    return adapterError(error.message, error.phase, place, modules);
  }
  const place = error instanceof Error ? placeIn(error.stack, modules) : null;
  if (place) {
    const message = `The ${WHAT[place.role]} failed: ${errorText(error)}`;
    return adapterError(message, hasBegun ? 'mapping' : 'setup', place, modules);
  }
  if (hasBegun) return null;
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'start-failed', message: `The run could not begin: ${message}`, phase: null, place: null };
}

/** Without an adapter it is the `http` of the user's scenario that does its work; null: neither is the user's. */
function roleOf({ role }: AdapterError, modules: Modules): ModuleRole | null {
  if (modules[role] !== null) return role;
  return role === 'adapter' && modules.scenario !== null ? 'scenario' : null;
}

function adapterError(message: string, phase: AdapterPhase, place: Place | null, modules: Modules): RunFault {
  const short = asShown(message, modules);
  const told = place === null ? short : placed(short, place);
  return { kind: 'adapter-error', message: `ADAPTER ERROR in ${phase}: ${told}`, phase, place };
}

/** A message that begins with the file gets the line there; any other gets both before it. */
function placed(message: string, place: Place): string {
  const where = placeText(place);
  return message.startsWith(place.file) ? where + message.slice(place.file.length) : `${where}: ${message}`;
}

/** Files as the user wrote them: what else stands in his folders is no business of whoever reads the run. */
function asShown(message: string, modules: Modules): string {
  let shown = message;
  for (const file of Object.values(modules)) {
    if (file !== null)
      shown = shown.replaceAll(`file://${file}`, asTyped(file)).replaceAll(file, asTyped(file));
  }
  return shown;
}

export interface FaultedRun {
  scenario: string;
  target: string;
  seed: number;
  config: RunConfig;
  exec: string | null;
  lastEvents: readonly JsonObject[];
}

/** The bundle of a run that ended with it. */
export function faultForensic(fault: RunFault, run: FaultedRun): Forensic {
  const { kind, message, phase, place } = fault;
  const { seed, config } = run;
  return {
    version: 1,
    kind,
    invariant: kind === 'adapter-error' ? 'the-users-code-works' : 'the-run-begins',
    message,
    eventIndex: null,
    virtualMs: null,
    operation: null,
    actual: place === null ? message : { file: place.file, line: place.line, role: place.role, phase },
    expected: null,
    object: null,
    history: [],
    lastEvents: run.lastEvents.map((event) => ({ ...event })),
    city: null,
    difference: [],
    faultsActive: [],
    seed,
    config: toldConfig(config) as unknown as JsonObject,
    versions: engineVersions(),
    reproduce: reproduceOwn(run),
    smallest: null,
  };
}
