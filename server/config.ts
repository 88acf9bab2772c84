/** The server's configuration, from the environment. */
import type { AccessOptions } from './access/access.ts';
import { EnvironmentError, settingsOf, type WrongVariable } from './contract/index.ts';
import type { RolePasswords } from './db/roles.ts';
import { EXIT_USAGE, StartupError } from './startup-error.ts';

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
  /** Of the roles of the database, for the tool that makes them; null: as it was. */
  rolePasswords?: RolePasswords;
}

const NAMES = [
  'databaseUrl',
  'databaseFolder',
  'host',
  'port',
  'allowedHosts',
  'tokens',
  'requireToken',
  'hostToken',
  'requestRate',
  'streamsPerToken',
  'streams',
  'serverPassword',
  'runnerPassword',
  'cityPassword',
] as const;

/** @throws StartupError `invalid_config` that names the variable. */
export function readConfig(env: NodeJS.ProcessEnv): ServerConfig {
  const { databaseUrl, databaseFolder, host, port, allowedHosts, ...others } = settings(env);
  const { serverPassword, runnerPassword, cityPassword, ...access } = others;
  if (databaseUrl === null) throw invalid('DATABASE_URL is not set', 'DATABASE_URL');
  return {
    databaseUrl,
    databaseFolder: databaseFolder ?? undefined,
    host,
    port,
    allowedHosts: allowedHosts.map((each) => each.toLowerCase()),
    access,
    rolePasswords: {
      simcity_server: serverPassword,
      simcity_runner: runnerPassword,
      simcity_city: cityPassword,
    },
  };
}

function settings(env: NodeJS.ProcessEnv) {
  try {
    return settingsOf(env, NAMES);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    const [{ variable }] = error.wrong as [WrongVariable];
    throw invalid(error.message, variable);
  }
}

function invalid(message: string, variable: string): StartupError {
  return new StartupError('invalid_config', message, {
    hint:
      variable === 'DATABASE_URL'
        ? 'Set DATABASE_URL to postgres://user:password@host:5432/database.'
        : `Correct ${variable}, or leave it out.`,
    exitCode: EXIT_USAGE,
  });
}
