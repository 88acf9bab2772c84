/** The server's configuration, from the environment. */
import { z } from 'zod';
import { EXIT_USAGE, StartupError } from './startup-error.ts';

const schema = z.object({
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'a URL such as postgres://user:password@host:5432/database'),
  SIMCITY_HOST: z.string().min(1, 'an address or a host name').default('127.0.0.1'),
  SIMCITY_PORT: z.coerce
    .number('a port from 0 (any) to 65535')
    .int('a port from 0 (any) to 65535')
    .min(0, 'a port from 0 (any) to 65535')
    .max(65_535, 'a port from 0 (any) to 65535')
    .default(4600),
  /** Further names by which the server may be addressed, separated by commas. */
  SIMCITY_ALLOWED_HOSTS: z.string().default(''),
});

export interface ServerConfig {
  databaseUrl: string;
  host: string;
  port: number;
  allowedHosts: string[];
}

/** @throws StartupError `invalid_config` that names the variable. */
export function readConfig(env: NodeJS.ProcessEnv): ServerConfig {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (!result.success) {
    const [issue] = result.error.issues;
    const name = String(issue?.path[0] ?? 'the environment');
    // A database URL holds a password, so it is not quoted.
    const value = name === 'DATABASE_URL' ? '' : ` (${JSON.stringify(env[name])})`;
    const message =
      given[name] === undefined
        ? `${name} is not set`
        : `${name}${value} must be ${issue?.message ?? 'something else'}`;
    throw new StartupError('invalid_config', message, {
      hint:
        name === 'DATABASE_URL'
          ? 'Set DATABASE_URL to postgres://user:password@host:5432/database.'
          : `Correct ${name}, or leave it out.`,
      exitCode: EXIT_USAGE,
    });
  }
  const { data } = result;
  return {
    databaseUrl: data.DATABASE_URL,
    host: data.SIMCITY_HOST,
    port: data.SIMCITY_PORT,
    allowedHosts: data.SIMCITY_ALLOWED_HOSTS.split(',')
      .map((host) => host.trim().toLowerCase())
      .filter((host) => host !== ''),
  };
}
