/** What a run executes of the user's: as it is known here or typed again, and as a revision has it. */
import { existsSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { isModuleLabel, isServiceTarget, type Modules, type Run } from '../../server/contract/index.ts';
import type { ServerFlags } from '../hosting/find-server.ts';
import { type GateFlags, gateOrderOf } from '../hosting/gate.ts';
import { filesOf, type Own, recallOwn } from '../hosting/modules.ts';
import type { Context } from '../process/context.ts';
import { type CliError, usageError } from '../process/errors.ts';
import { runName } from '../run/run-name.ts';
import { safeText } from '../run/sanitize.ts';

export interface OwnFlags extends ServerFlags, Omit<GateFlags, 'target' | 'clock' | 'dataDir'> {
  target?: string;
  scenario?: string;
  adapter?: string;
}

/**
 * A command and an adapter that are typed go before what is remembered; the files that the run is of do not, because
 * settings may name others. @throws CliError for what is neither typed nor remembered.
 */
export function ownOf(context: Context, flags: OwnFlags, run: Run): Own {
  const known = recallOwn(context, flags, run);
  const typed = filesOf(context, flags);
  const exec = flags.exec ?? known?.exec ?? null;
  const own: Own = {
    target: known?.target ?? typed.target,
    scenario: known?.scenario ?? typed.scenario,
    adapter: typed.adapter ?? known?.adapter ?? null,
    exec,
    gate: gateOf(context, flags, run, exec) ?? known?.gate ?? null,
  };
  const lacks = lackOf(run, own);
  if (lacks === null) return own;
  throw usageError(
    `run ${runName(run)} ${lacks[0]}, and was not launched from here.`,
    `Commands and files are executed only where they are given: add ${lacks[1]}.`,
  );
}

function gateOf(context: Context, flags: OwnFlags, { target, config }: Run, exec: string | null) {
  if (config.gate === null || flags.gate === undefined) return null;
  const { clock } = config;
  return gateOrderOf(context, { ...flags, target, clock, ...(exec === null ? {} : { exec }) } as GateFlags);
}

/** What is missing, and the flag that gives it. */
function lackOf(run: Run, own: Own): [what: string, flag: string] | null {
  if (isModuleLabel(run.target) && own.target === null)
    return ['executes a file as its target', '--target FILE'];
  if (isModuleLabel(run.scenario) && own.scenario === null)
    return ['executes a file as its scenario', '--scenario FILE'];
  if (isServiceTarget(run.target) && own.exec === null)
    return ['is of a service that a command has to start', "--exec 'COMMAND'"];
  if (run.config.gate !== null && own.gate === null) return ['has a gate', '--gate [URL]'];
  return null;
}

/** @throws CliError where every revision would execute the same. `top`: the topmost folder of the repository. */
export function refuseUnchanging(run: Run, own: Own, top: string): void {
  if (own.exec?.includes(`${top}/`)) {
    throw sameEverywhere(
      '--exec names a file of the repository by its absolute path',
      'Name it by a relative one.',
    );
  }
  const files = [own.target, own.scenario, own.adapter].filter((file) => file !== null);
  if (own.exec !== null || files.some((file) => placeIn(top, file) !== null)) return;
  throw sameEverywhere(
    `run ${runName(run)} executes nothing of the repository ${safeText(top)}`,
    'bisect is for services that --exec starts, and for files of yours: --target FILE, --scenario FILE. Another repository is named by --repo DIR.',
  );
}

function sameEverywhere(why: string, hint: string): CliError {
  return usageError(`${why}: each revision would execute the same.`, hint);
}

/** As the revision in `folder` has it; or why it cannot be tested. */
export function atRevision(
  own: Own,
  top: string,
  folder: string,
): { modules: Modules; gate: Own['gate'] } | string {
  const there = (file: string) => {
    const place = placeIn(top, file);
    return place === null ? file : join(folder, place);
  };
  // What asks and judges may be newer than the revision; what is tested may not.
  const orNewest = (file: string | null) =>
    file === null || existsSync(there(file)) ? file && there(file) : file;
  const target = own.target && there(own.target);
  if (target !== null && !existsSync(target)) return `it has no ${placeIn(top, own.target ?? '') ?? target}`;
  const { gate } = own;
  return {
    modules: { target, scenario: orNewest(own.scenario), adapter: orNewest(own.adapter) },
    gate: gate?.schema ? { ...gate, schema: there(gate.schema) } : gate,
  };
}

/** The path below `top`; null for one that lies elsewhere. */
function placeIn(top: string, file: string): string | null {
  const place = relative(top, file);
  return place.startsWith('..') || isAbsolute(place) ? null : place;
}
