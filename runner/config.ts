/** The runner's settings, from its environment. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import { ENVIRONMENT, type Modules, setVariables } from '../server/contract/index.ts';
import { AllowedServices } from './targets/http/allowed.ts';
import type { SupabaseProject } from './telemetry/supabase.ts';

const environmentSchema = z.object({
  DATABASE_URL: ENVIRONMENT.DATABASE_URL,
  SIMCITY_URL: ENVIRONMENT.SIMCITY_URL,
  SIMCITY_TARGET_URL: ENVIRONMENT.SIMCITY_TARGET_URL.optional(),
  SIMCITY_RUNNER_NAME: ENVIRONMENT.SIMCITY_RUNNER_NAME.optional(),
  SIMCITY_ONLY_RUN: ENVIRONMENT.SIMCITY_ONLY_RUN.optional(),
  SIMCITY_TARGET_MODULE: ENVIRONMENT.SIMCITY_TARGET_MODULE.optional(),
  SIMCITY_SCENARIO_MODULE: ENVIRONMENT.SIMCITY_SCENARIO_MODULE.optional(),
  SIMCITY_ADAPTER_MODULE: ENVIRONMENT.SIMCITY_ADAPTER_MODULE.optional(),
  SIMCITY_EXEC: ENVIRONMENT.SIMCITY_EXEC.optional(),
  SIMCITY_TARGETS: ENVIRONMENT.SIMCITY_TARGETS.optional(),
  SIMCITY_TARGET_CREDENTIALS: ENVIRONMENT.SIMCITY_TARGET_CREDENTIALS.default([]),
  SIMCITY_SINK: ENVIRONMENT.SIMCITY_SINK.default('server'),
  SIMCITY_LAUNCHER: ENVIRONMENT.SIMCITY_LAUNCHER.default('process'),
  SIMCITY_IMAGE: ENVIRONMENT.SIMCITY_IMAGE.default(`simcity:${packageJson.version}`),
  SIMCITY_DOCKER_NETWORK: ENVIRONMENT.SIMCITY_DOCKER_NETWORK.default('host'),
  SIMCITY_NAMESPACE: ENVIRONMENT.SIMCITY_NAMESPACE.optional(),
  DOCKER_HOST: ENVIRONMENT.DOCKER_HOST.default('unix:///var/run/docker.sock'),
  SUPABASE_URL: ENVIRONMENT.SUPABASE_URL.optional(),
  SUPABASE_SERVICE_ROLE_KEY: ENVIRONMENT.SUPABASE_SERVICE_ROLE_KEY.optional(),
  SIMCITY_PARALLEL: ENVIRONMENT.SIMCITY_PARALLEL.default(1),
  SIMCITY_LEASE_SECONDS: ENVIRONMENT.SIMCITY_LEASE_SECONDS.default(30),
  SIMCITY_STOP_GRACE_SECONDS: ENVIRONMENT.SIMCITY_STOP_GRACE_SECONDS.default(10),
  SIMCITY_HARNESS: ENVIRONMENT.SIMCITY_HARNESS.optional(),
  SIMCITY_LOG_LEVEL: ENVIRONMENT.SIMCITY_LOG_LEVEL.default('warn'),
});

export interface RunnerConfig {
  databaseUrl: string;
  /** Base URL of the server that takes the telemetry. */
  serverUrl: string;
  /** The database in which `postgres` targets build their cities. */
  targetUrl: string | null;
  name: string;
  /** The only run that may be claimed; null: any. */
  onlyRun: string | null;
  /** The command that starts the service that a run's target names; set by `simcity run --exec` alone. */
  exec: string | null;
  /** URLs with user and password, for targets of the same origin. */
  credentials: string[];
  /** How harnesses are started, and from which image those in containers. */
  launcher: 'process' | 'docker' | 'kubernetes';
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
  const parsed = environmentSchema.safeParse(setVariables(env));
  if (!parsed.success) {
    // Values are left out: a database URL holds a password.
    throw new RunnerConfigError(
      parsed.error.issues.map((i) => `${i.path.join('.')} must be ${i.message}`).join('; '),
    );
  }
  const found = parsed.data;
  assertTargets(found.SIMCITY_TARGETS);
  assertNoFiles(found);
  return {
    databaseUrl: found.DATABASE_URL,
    serverUrl: found.SIMCITY_URL,
    targetUrl: found.SIMCITY_TARGET_URL ?? found.DATABASE_URL,
    name: found.SIMCITY_RUNNER_NAME ?? `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`,
    onlyRun: found.SIMCITY_ONLY_RUN ?? null,
    // Never for runs that others may have launched: those of a runner that takes any.
    exec: found.SIMCITY_ONLY_RUN === undefined ? null : (found.SIMCITY_EXEC ?? null),
    credentials: found.SIMCITY_TARGET_CREDENTIALS,
    supabase: projectOf(found),
    launcher: found.SIMCITY_LAUNCHER,
    image: found.SIMCITY_IMAGE,
    dockerHost: found.DOCKER_HOST,
    dockerNetwork: found.SIMCITY_DOCKER_NETWORK,
    namespace: found.SIMCITY_NAMESPACE ?? null,
    targets: env['SIMCITY_TARGETS'] || null,
    modules: {
      target: absolute(found.SIMCITY_TARGET_MODULE),
      scenario: absolute(found.SIMCITY_SCENARIO_MODULE),
      adapter: absolute(found.SIMCITY_ADAPTER_MODULE),
    },
    parallel: found.SIMCITY_PARALLEL,
    leaseSeconds: found.SIMCITY_LEASE_SECONDS,
    stopGraceSeconds: found.SIMCITY_STOP_GRACE_SECONDS,
    harnessScript: found.SIMCITY_HARNESS ?? defaultHarness(entryUrl),
    logLevel: found.SIMCITY_LOG_LEVEL,
  };
}

/** Files and commands of this machine are not in a container. */
function assertNoFiles(found: z.infer<typeof environmentSchema>): void {
  if (found.SIMCITY_LAUNCHER === 'process') return;
  const { SIMCITY_TARGET_MODULE: target, SIMCITY_SCENARIO_MODULE: scenario, SIMCITY_EXEC: exec } = found;
  if (target === undefined && scenario === undefined && exec === undefined) return;
  throw new RunnerConfigError(
    `--target FILE, --scenario FILE and --exec need --launcher process: they are not in the image of ${found.SIMCITY_LAUNCHER}`,
  );
}

function projectOf(found: z.infer<typeof environmentSchema>): SupabaseProject | null {
  if (found.SIMCITY_SINK !== 'supabase') return null;
  const { SUPABASE_URL: url, SUPABASE_SERVICE_ROLE_KEY: key } = found;
  if (url !== undefined && key !== undefined) return { url, key };
  throw new RunnerConfigError(
    'the sink supabase needs SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY, and the DATABASE_URL of that project',
  );
}

function assertTargets(entries: string[] | undefined): void {
  try {
    if (entries) new AllowedServices(entries);
  } catch (error) {
    throw new RunnerConfigError(`SIMCITY_TARGETS: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function absolute(path: string | undefined): string | null {
  return path === undefined ? null : resolve(path);
}

/** Beside the bundle of the runner, or in the sources when it runs from them. */
function defaultHarness(entryUrl: string): string {
  const relative = entryUrl.endsWith('.ts') ? './harness/main.ts' : './harness.js';
  return fileURLToPath(new URL(relative, entryUrl));
}
