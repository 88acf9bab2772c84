/** The runner's settings, from its environment. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Modules } from '../server/contract/index.ts';

const environmentSchema = z.object({
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be the postgres:// URL of the control plane'),
  SIMCITY_URL: z
    .string()
    .regex(/^https?:\/\//, 'must be the http(s) URL of the server that takes the telemetry'),
  SIMCITY_TARGET_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must be the postgres:// URL of the database for cities')
    .optional(),
  SIMCITY_RUNNER_NAME: z.string().min(1).max(200).optional(),
  SIMCITY_ONLY_RUN: z.uuid().optional(),
  SIMCITY_TARGET_MODULE: z.string().min(1).max(4_096).optional(),
  SIMCITY_SCENARIO_MODULE: z.string().min(1).max(4_096).optional(),
  SIMCITY_EXEC: z.string().min(1).max(10_000).optional(),
  SIMCITY_PARALLEL: z.coerce.number().int().min(1).max(64).default(1),
  SIMCITY_LEASE_SECONDS: z.coerce.number().min(0.5).max(3_600).default(30),
  SIMCITY_STOP_GRACE_SECONDS: z.coerce.number().min(0.1).max(15).default(10),
  SIMCITY_HARNESS: z.string().min(1).optional(),
  SIMCITY_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('warn'),
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
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(set);
  if (!parsed.success) {
    // Values are left out: a database URL holds a password.
    throw new RunnerConfigError(
      parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; '),
    );
  }
  const found = parsed.data;
  return {
    databaseUrl: found.DATABASE_URL,
    serverUrl: found.SIMCITY_URL,
    targetUrl: found.SIMCITY_TARGET_URL ?? found.DATABASE_URL,
    name: found.SIMCITY_RUNNER_NAME ?? `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`,
    onlyRun: found.SIMCITY_ONLY_RUN ?? null,
    // Never for runs that others may have launched: those of a runner that takes any.
    exec: found.SIMCITY_ONLY_RUN === undefined ? null : (found.SIMCITY_EXEC ?? null),
    modules: {
      target: absolute(found.SIMCITY_TARGET_MODULE),
      scenario: absolute(found.SIMCITY_SCENARIO_MODULE),
    },
    parallel: found.SIMCITY_PARALLEL,
    leaseSeconds: found.SIMCITY_LEASE_SECONDS,
    stopGraceSeconds: found.SIMCITY_STOP_GRACE_SECONDS,
    harnessScript: found.SIMCITY_HARNESS ?? defaultHarness(entryUrl),
    logLevel: found.SIMCITY_LOG_LEVEL,
  };
}

function absolute(path: string | undefined): string | null {
  return path === undefined ? null : resolve(path);
}

/** Beside the bundle of the runner, or in the sources when it runs from them. */
function defaultHarness(entryUrl: string): string {
  const relative = entryUrl.endsWith('.ts') ? './harness/main.ts' : './harness.js';
  return fileURLToPath(new URL(relative, entryUrl));
}
