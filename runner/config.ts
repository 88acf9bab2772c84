/** The runner's settings, from its environment. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import packageJson from '../package.json' with { type: 'json' };
import {
  EnvironmentError,
  type GateOrder,
  gateOrderSchema,
  type LauncherName,
  type Modules,
  type ProcessValues,
  settingsOf,
} from '../server/contract/index.ts';
import { AllowedServices } from './targets/http/allowed.ts';
import type { SupabaseProject } from './telemetry/supabase.ts';

const NAMES = [
  'databaseUrl',
  'server',
  'targetUrl',
  'runnerName',
  'onlyRun',
  'firstRun',
  'targetModule',
  'scenarioModule',
  'adapterModule',
  'exec',
  'gate',
  'targets',
  'targetCredentials',
  'sink',
  'launcher',
  'startTimeoutSeconds',
  'image',
  'dockerNetwork',
  'namespace',
  'dockerHost',
  'supabaseUrl',
  'supabaseKey',
  'parallel',
  'leaseSeconds',
  'stopGraceSeconds',
  'harness',
  'logLevel',
] as const;
type Found = Pick<ProcessValues, (typeof NAMES)[number]>;

export interface RunnerConfig {
  databaseUrl: string;
  /** Base URL of the server that takes the telemetry. */
  serverUrl: string;
  /** The database in which `postgres` targets build their cities. */
  targetUrl: string | null;
  name: string;
  /** The only run that may be claimed; null: any. */
  onlyRun: string | null;
  /** The run that it claims first, beside its places; null: none. */
  firstRun: string | null;
  /** The command that starts the service that a run's target names; set by `simcity run --exec` alone. */
  exec: string | null;
  /** The database of the gated run that it may claim; set by `simcity run --gate` alone. */
  gate: GateOrder | null;
  /** URLs with user and password, for targets of the same origin. */
  credentials: string[];
  /** How harnesses are started, and from which image those in containers. */
  launcher: LauncherName;
  /** What a container or Job gets to start. */
  startTimeoutSeconds: number;
  image: string;
  dockerHost: string;
  dockerNetwork: string;
  /** Of the Jobs; null: the one of the client's configuration. */
  namespace: string | null;
  /** SIMCITY_TARGETS as it was given, for harnesses elsewhere. */
  targets: string | null;
  /** Where telemetry goes instead of to the server; null: to the server. */
  supabase: SupabaseProject | null;
  /** Files of the user's that harnesses load; set by `simcity run --target FILE` and `--scenario FILE`. */
  modules: Modules;
  /** Runs at once. */
  parallel: number;
  /** A runner that is not heard of for this long has lost its runs. */
  leaseSeconds: number;
  /** What a harness gets to stop by itself: half of it until SIGTERM, all of it until SIGKILL. */
  stopGraceSeconds: number;
  /** The script of the harness. SIMCITY_HARNESS replaces it in tests; it is no setting for users. */
  harnessScript: string;
  logLevel: string;
}

/** Settings that cannot be used; the message names each variable and what would be right. */
export class RunnerConfigError extends Error {
  override readonly name = 'RunnerConfigError';
}

/** Reads the settings. An empty variable counts as not set. `entryUrl` is the `import.meta.url` of the entry. */
export function readRunnerConfig(env: NodeJS.ProcessEnv, entryUrl: string): RunnerConfig {
  const found = settings(env);
  const { databaseUrl, server, image, targetCredentials, parallel, leaseSeconds, stopGraceSeconds } = found;
  if (databaseUrl === null || server === null) {
    throw new RunnerConfigError(`${databaseUrl === null ? 'DATABASE_URL' : 'SIMCITY_URL'} is not set`);
  }
  assertTargets(found.targets);
  assertNoFiles(found);
  return {
    databaseUrl,
    serverUrl: server,
    targetUrl: found.targetUrl ?? databaseUrl,
    name: found.runnerName ?? `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`,
    onlyRun: found.onlyRun,
    firstRun: found.firstRun,
    // Never for runs that others may have launched: those of a runner that takes any.
    exec: found.onlyRun === null ? null : found.exec,
    gate: found.onlyRun === null ? null : gateIn(found.gate),
    credentials: targetCredentials,
    supabase: projectOf(found),
    launcher: found.launcher,
    startTimeoutSeconds: found.startTimeoutSeconds,
    image: image ?? `simcity:${packageJson.version}`,
    dockerHost: found.dockerHost,
    dockerNetwork: found.dockerNetwork,
    namespace: found.namespace,
    targets: env['SIMCITY_TARGETS'] || null,
    modules: {
      target: absolute(found.targetModule),
      scenario: absolute(found.scenarioModule),
      adapter: absolute(found.adapterModule),
    },
    parallel,
    leaseSeconds,
    stopGraceSeconds,
    harnessScript: found.harness ?? defaultHarness(entryUrl),
    logLevel: found.logLevel,
  };
}

function settings(env: NodeJS.ProcessEnv): Found {
  try {
    return settingsOf(env, NAMES);
  } catch (error) {
    throw error instanceof EnvironmentError ? new RunnerConfigError(error.message) : error;
  }
}

/** Files and commands of this machine are not in a container. */
function assertNoFiles({ launcher, targetModule, scenarioModule, exec }: Found): void {
  if (launcher === 'process') return;
  if (targetModule === null && scenarioModule === null && exec === null) return;
  throw new RunnerConfigError(
    `--target FILE, --scenario FILE and --exec need --launcher process: they are not in the image of ${launcher}`,
  );
}

/** @throws RunnerConfigError that does not show it: it may hold a password. */
function gateIn(text: string | null): GateOrder | null {
  if (text === null) return null;
  try {
    return gateOrderSchema.parse(JSON.parse(text));
  } catch {
    throw new RunnerConfigError(
      'SIMCITY_GATE is set by `simcity run --gate` alone, and is none of its orders',
    );
  }
}

function projectOf({ sink, supabaseUrl: url, supabaseKey: key }: Found): SupabaseProject | null {
  if (sink !== 'supabase') return null;
  if (url !== null && key !== null) return { url, key };
  throw new RunnerConfigError(
    'the sink supabase needs SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY, and the DATABASE_URL of that project',
  );
}

function assertTargets(entries: string[] | null): void {
  try {
    if (entries) new AllowedServices(entries);
  } catch (error) {
    throw new RunnerConfigError(`SIMCITY_TARGETS: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function absolute(path: string | null): string | null {
  return path === null ? null : resolve(path);
}

/** Beside the bundle of the runner, or in the sources when it runs from them. */
function defaultHarness(entryUrl: string): string {
  const relative = entryUrl.endsWith('.ts') ? './harness/main.ts' : './harness.js';
  return fileURLToPath(new URL(relative, entryUrl));
}
