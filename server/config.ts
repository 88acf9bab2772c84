/** The server's configuration, from the environment. */
import { z } from 'zod';
import { type AccessOptions, DEFAULT_ACCESS } from './access/access.ts';
import { ENVIRONMENT, SECRET_VARIABLES, setVariables } from './contract/index.ts';
import { EXIT_USAGE, StartupError } from './startup-error.ts';

const schema = z.object({
  DATABASE_URL: ENVIRONMENT.DATABASE_URL,
  SIMCITY_DATABASE_FOLDER: ENVIRONMENT.SIMCITY_DATABASE_FOLDER.optional(),
  SIMCITY_HOST: ENVIRONMENT.SIMCITY_HOST.default('127.0.0.1'),
  SIMCITY_PORT: ENVIRONMENT.SIMCITY_PORT.default(4600),
  SIMCITY_ALLOWED_HOSTS: ENVIRONMENT.SIMCITY_ALLOWED_HOSTS.default([]),
  SIMCITY_TOKENS: ENVIRONMENT.SIMCITY_TOKENS.default([]),
  SIMCITY_REQUIRE_TOKEN: ENVIRONMENT.SIMCITY_REQUIRE_TOKEN.default(false),
  SIMCITY_HOST_TOKEN: ENVIRONMENT.SIMCITY_HOST_TOKEN.optional(),
  SIMCITY_REQUEST_RATE: ENVIRONMENT.SIMCITY_REQUEST_RATE.default(DEFAULT_ACCESS.requestRate),
  SIMCITY_STREAMS_PER_TOKEN: ENVIRONMENT.SIMCITY_STREAMS_PER_TOKEN.default(DEFAULT_ACCESS.streamsPerToken),
  SIMCITY_STREAMS: ENVIRONMENT.SIMCITY_STREAMS.default(DEFAULT_ACCESS.streams),
});

export interface ServerConfig {
  databaseUrl: string;
  /** Where that database is, if on this machine. */
  databaseFolder?: string | undefined;
  host: string;
  port: number;
  allowedHosts: string[];
  /** What is left out is as in DEFAULT_ACCESS. */
  access?: Partial<AccessOptions>;
  /** What a client gets to send the head of a request. */
  headWithinMs?: number;
}

/** @throws StartupError `invalid_config` that names the variable. */
export function readConfig(env: NodeJS.ProcessEnv): ServerConfig {
  const given = setVariables(env);
  const result = schema.safeParse(given);
  if (!result.success) throw invalid(given, result.error.issues[0]);
  const { data } = result;
  return {
    databaseUrl: data.DATABASE_URL,
    databaseFolder: data.SIMCITY_DATABASE_FOLDER,
    host: data.SIMCITY_HOST,
    port: data.SIMCITY_PORT,
    allowedHosts: data.SIMCITY_ALLOWED_HOSTS.map((host) => host.toLowerCase()),
    access: {
      tokens: data.SIMCITY_TOKENS,
      requireToken: data.SIMCITY_REQUIRE_TOKEN,
      hostToken: data.SIMCITY_HOST_TOKEN ?? null,
      requestRate: data.SIMCITY_REQUEST_RATE,
      streamsPerToken: data.SIMCITY_STREAMS_PER_TOKEN,
      streams: data.SIMCITY_STREAMS,
    },
  };
}

function invalid(
  given: Record<string, string | undefined>,
  issue: z.core.$ZodIssue | undefined,
): StartupError {
  const name = String(issue?.path[0] ?? 'the environment');
  const value = SECRET_VARIABLES.has(name) ? '' : ` (${JSON.stringify(given[name])})`;
  const message =
    given[name] === undefined
      ? `${name} is not set`
      : `${name}${value} must be ${issue?.message ?? 'something else'}`;
  return new StartupError('invalid_config', message, {
    hint:
      name === 'DATABASE_URL'
        ? 'Set DATABASE_URL to postgres://user:password@host:5432/database.'
        : `Correct ${name}, or leave it out.`,
    exitCode: EXIT_USAGE,
  });
}
