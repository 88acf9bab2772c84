/**
 * Files of the user's that runs execute. Their paths are given on the command line of this machine and stay
 * on it: a server learns a label, and the runner that loads them is started here.
 */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import {
  fileOfLabel,
  type GateOrder,
  gateOrderSchema,
  isModuleFile,
  isModuleLabel,
  type Launch,
  type Modules,
  modulesSchema,
  RUN_SETTINGS,
  type Run,
} from '../../server/contract/index.ts';
import { ownCodeRunnerName } from '../../server/contract/world-runner.ts';
import type { Context } from '../process/context.ts';
import { CliError, EXIT, usageError } from '../process/errors.ts';
import { runName } from '../run/run-name.ts';
import { safeLines, safeText } from '../run/sanitize.ts';
import { type Connected, sharedDatabaseUrl } from './connect.ts';
import { dataDirOf } from './data-dir.ts';
import type { ServerFlags } from './find-server.ts';
import { createOwnRunner } from './own-runner.ts';
import { readSealed, replaceSealed } from './private-files.ts';
import { startWorker, WorkerError } from './worker.ts';

/**
 * The files that flags name, as absolute paths; null when they name none. They are loaded once, in a process
 * of their own. @throws CliError when one is missing or cannot be used.
 */
export async function modulesOf(
  context: Context,
  launch: Launch,
  files: { scenario?: string; target?: string; adapter?: string },
): Promise<Modules | null> {
  const modules = filesOf(context, files);
  if (Object.values(modules).every((path) => path === null)) return null;
  await tryOut(context, modules, launch);
  return modules;
}

/** The files that flags name, as absolute paths; nothing of them is loaded. @throws CliError when one is missing. */
export function filesOf(
  context: Context,
  { scenario, target, adapter }: { scenario?: string; target?: string; adapter?: string },
): Modules {
  const file = (text: string | undefined) =>
    text !== undefined && isModuleFile(text) ? existing(context, text) : null;
  const adapted = adapter === undefined ? null : existing(context, adapter);
  return { target: file(target), scenario: file(scenario), adapter: adapted };
}

/** The bugs of a user's scenario are known only to the file. */
async function tryOut(context: Context, modules: Modules, launch: Launch): Promise<void> {
  const worker = startWorker(context, {
    do: 'load',
    modules,
    scenario: launch.scenario ?? RUN_SETTINGS.scenario.default,
    target: launch.target ?? RUN_SETTINGS.target.default,
    bug: launch.config?.bug ?? null,
  });
  try {
    for await (const _ of worker.lines());
  } catch (error) {
    if (!(error instanceof WorkerError)) throw error;
    throw usageError(
      safeLines(error.why),
      'The README says what such a file exports, its bugs included; `simcity init` writes one.',
    );
  } finally {
    await worker.close();
  }
}

function existing(context: Context, text: string): string {
  const path = resolve(context.cwd, text);
  if (!existsSync(path) || !statSync(realpathSync(path)).isFile()) {
    throw usageError(
      `${safeText(text)}: there is no such file.`,
      'Name a .ts, .js or .mjs file; `simcity init` writes one to start from.',
    );
  }
  return realpathSync(path);
}

/** What a run needs of the user's: files, the command that starts the service under test, its user and password. */
export interface OwnCode {
  modules: Modules | null;
  exec: string | undefined;
  /** The database of a gated run; null: the run has no gate. */
  gate: GateOrder | null;
  /** The URL of the target with user and password. */
  credentials?: string | undefined;
}

export interface LaunchedHere {
  run: Run;
  /** Ends the runner. Also done at exit. */
  close(): Promise<void>;
}

/** Launches a run that only a runner of this command may claim, and starts that runner here. */
export async function launchHere(
  context: Context,
  connected: Connected,
  flags: ServerFlags,
  launch: Launch,
  own: OwnCode,
  progress: (message: string) => void,
): Promise<LaunchedHere> {
  const databaseUrl = runnerDatabase(context, connected, flags);
  const name = ownCodeRunnerName();
  const run = await connected.api.launch({ ...launch, runner: name });
  const dataDir = dataDirOf(context, flags.dataDir);
  const { modules, exec, gate, credentials } = own;
  remember(dataDir, run.id, { ...(modules ?? NO_FILES), exec: exec ?? null, gate });
  const env = {
    SIMCITY_TARGET_MODULE: modules?.target ?? undefined,
    SIMCITY_SCENARIO_MODULE: modules?.scenario ?? undefined,
    SIMCITY_ADAPTER_MODULE: modules?.adapter ?? undefined,
    SIMCITY_EXEC: exec,
    SIMCITY_GATE: gate === null ? undefined : JSON.stringify(gate),
    ...(credentials === undefined ? {} : { SIMCITY_TARGET_CREDENTIALS: credentials }),
  };
  const runner = createOwnRunner(context, { dataDir, progress }, name, env);
  runner.want({ run: run.id, alone: true });
  const { hosted, api } = connected;
  await (hosted?.lead(runner) ?? runner.keep({ server: api.connection.url, database: databaseUrl }));
  const forget = context.atExit(() => runner.stop());
  return {
    run,
    async close() {
      forget();
      await runner.stop();
    },
  };
}

/** The database of a runner that is started here. @throws CliError when there is none. */
export function runnerDatabase(context: Context, connected: Connected, flags: ServerFlags): string {
  const url = connected.hosted?.databaseUrl() ?? sharedDatabaseUrl(context, flags);
  if (url === null) throw noDatabase(connected.api.connection.url);
  return url;
}

function noDatabase(url: string): CliError {
  return new CliError(
    `a file or command of yours is executed here, and its runner needs the database of ${safeText(url)}.`,
    {
      exitCode: EXIT.usage,
      hint: 'Set DATABASE_URL to it, or leave --server and SIMCITY_URL away: then everything is hosted here.',
    },
  );
}

const NO_FILES: Modules = { target: null, scenario: null, adapter: null };
const ownSchema = modulesSchema.extend({
  exec: z.string().nullable().default(null),
  gate: gateOrderSchema.nullable().default(null),
});
/** What a run executed of the user's. */
export type Own = z.infer<typeof ownSchema>;
const rememberedSchema = z.object({ runs: z.record(z.string(), ownSchema) });
/** Runs whose files are remembered. */
const REMEMBERED = 1_000;

/** Keeps which files a run was executed with, for executing it again from this directory. */
function remember(dataDir: string, runId: string, own: Own): void {
  const all = { ...remembered(dataDir), [runId]: own };
  const newest = Object.fromEntries(Object.entries(all).slice(-REMEMBERED));
  replaceSealed(pathOf(dataDir), { runs: newest });
}

/** What a run executed that was launched from this directory; null: it was not, or executed nothing of the user's. */
export function recallOwn(context: Context, flags: ServerFlags, run: Run): Own | null {
  return remembered(dataDirOf(context, flags.dataDir))[run.id] ?? null;
}

/** The command that started the service of a run that was launched from this directory; null: none did. */
export function recallExec(context: Context, flags: ServerFlags, run: Run): string | null {
  return recallOwn(context, flags, run)?.exec ?? null;
}

/** What starts the service of a gated run and what is behind its gate; null: the run has none. @throws CliError */
export function recallGate(
  context: Context,
  flags: ServerFlags,
  run: Run,
): { exec: string; gate: GateOrder } | null {
  if (run.config.gate === null) return null;
  const own = recallOwn(context, flags, run);
  const { exec = null, gate = null } = own ?? {};
  if (exec !== null && gate !== null) return { exec, gate };
  throw usageError(
    `run ${runName(run)} has a gate before a service that is started by a command, and was not launched from here.`,
    'Commands are executed only where they are given: use the directory from which it was launched, or type its reproduction command.',
  );
}

/** The files of a run that was launched from this directory; undefined when it needs none. @throws CliError */
export function recallModules(context: Context, flags: ServerFlags, run: Run): Modules | undefined {
  const labels = [run.target, run.scenario].filter(isModuleLabel);
  const own = recallOwn(context, flags, run);
  if (own) {
    const { target, scenario, adapter } = own;
    return { target, scenario, adapter };
  }
  if (labels.length === 0) return undefined;
  const files = labels.map((label) => safeText(fileOfLabel(label))).join(' and ');
  throw usageError(
    `run ${runName(run)} executes ${files}, and was not launched from here.`,
    'Code is loaded only where the command is given: use the directory from which it was launched.',
  );
}

/** Only what was written here: a folder that was cloned must not decide what is executed. */
function remembered(dataDir: string): Record<string, Own> {
  const file = readSealed(pathOf(dataDir));
  if (file === null || 'doubt' in file || !file.isSealed) return {};
  // Spoiled, or of another version: what was remembered is a convenience.
  const parsed = rememberedSchema.safeParse(file.value);
  return parsed.success ? parsed.data.runs : {};
}

function pathOf(dataDir: string): string {
  return join(dataDir, 'modules.json');
}
