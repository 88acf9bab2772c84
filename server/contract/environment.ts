/**
 * The one schema of the environment: each variable that a process of SimCity reads, and what it may be. The
 * processes take what they need of it; `simcity doctor` checks all of it.
 */
import { z } from 'zod';
import { scopeSchema, tokenNameSchema } from './access.ts';

const postgresUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, 'a URL such as postgres://user:password@host:5432/database');

const number = (low: number, high: number, what = 'a number') => {
  const message = `${what} from ${low} to ${high}`;
  return z.coerce.number(message).min(low, message).max(high, message);
};
const whole = (low: number, high: number) => {
  const message = `a whole number from ${low} to ${high}`;
  return z.coerce.number(message).int(message).min(low, message).max(high, message);
};
const flag = z
  .string()
  .regex(/^(0|1|true|false|yes|no|on|off)$/i, '1 or 0')
  .transform((text) => /^(1|true|yes|on)$/i.test(text));
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

/** A token that the environment gives to a server. */
export const fixedTokenSchema = z.object({
  name: tokenNameSchema,
  scopes: z.array(scopeSchema).min(1),
  secret: z.string().regex(/^[\x21-\x7e]{16,200}$/),
});
export type FixedToken = z.infer<typeof fixedTokenSchema>;

const TOKENS_FORM =
  'a list of NAME:SCOPE:SECRET such as ci:read+control:…, with commas between and secrets of 16 characters or more';

const fixedTokens = list.transform((entries, context) => {
  const tokens = entries.map((entry) => {
    const [name, scopes = '', ...secret] = entry.split(':');
    return fixedTokenSchema.safeParse({ name, scopes: scopes.split('+'), secret: secret.join(':') });
  });
  const names = tokens.map(({ data }) => data?.name);
  if (tokens.some(({ success }) => !success) || new Set(names).size < names.length) {
    context.addIssue({ code: 'custom', message: TOKENS_FORM });
    return z.NEVER;
  }
  return tokens.flatMap(({ data }) => (data ? [data] : []));
});

const credentials = list.transform((urls, context) => {
  const parsed = urls.map((url) => URL.parse(url));
  if (parsed.every((url) => url !== null && /^https?:$/.test(url.protocol) && url.username !== ''))
    return urls;
  context.addIssue({
    code: 'custom',
    message: 'a list of URLs such as https://user:password@host, with commas between',
  });
  return z.NEVER;
});

export const SINKS = ['server', 'supabase'] as const;

export const LAUNCHERS = ['process', 'docker', 'kubernetes'] as const;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** By variable. Each takes text; a message says what would be right, and never quotes the value. */
export const ENVIRONMENT = {
  DATABASE_URL: postgresUrl,
  SIMCITY_URL: z.string().regex(/^https?:\/\//, 'the http(s) URL of a server, such as http://127.0.0.1:4600'),
  SIMCITY_TOKEN: z.string().regex(/^[\x21-\x7e]+$/, 'a token: printable ASCII without spaces'),
  SIMCITY_TARGET_URL: postgresUrl,
  SIMCITY_DATA_DIR: z.string().min(1),
  SIMCITY_LOG_LEVEL: z.enum(LOG_LEVELS, `one of ${LOG_LEVELS.join(', ')}`),

  // The server's.
  SIMCITY_HOST: z.string().min(1, 'an address or a host name'),
  SIMCITY_PORT: whole(0, 65_535),
  /** Further names by which the server may be addressed, separated by commas. */
  SIMCITY_ALLOWED_HOSTS: list,
  /** Tokens that are not in the database, for containers. */
  SIMCITY_TOKENS: fixedTokens,
  /** Ask for a token on loopback too. */
  SIMCITY_REQUIRE_TOKEN: flag,
  /** Given by the process that hosts a server to it, for its own calls; it may do everything. */
  SIMCITY_HOST_TOKEN: z.string().min(16),
  /** Given by it too: where its embedded database is, to tell of a disk that is full. */
  SIMCITY_DATABASE_FOLDER: z.string().min(1),
  /** Requests a second that one token may make. */
  SIMCITY_REQUEST_RATE: number(1, 100_000),
  SIMCITY_STREAMS_PER_TOKEN: whole(1, 100_000),
  SIMCITY_STREAMS: whole(1, 100_000),

  // The runner's.
  SIMCITY_RUNNER_NAME: z.string().min(1).max(200),
  SIMCITY_ONLY_RUN: z.uuid('the id of a run'),
  SIMCITY_TARGET_MODULE: z.string().min(1).max(4_096),
  SIMCITY_SCENARIO_MODULE: z.string().min(1).max(4_096),
  SIMCITY_ADAPTER_MODULE: z.string().min(1).max(4_096),
  SIMCITY_EXEC: z.string().min(1).max(10_000),
  /** Services that may be tested: names, addresses, ranges. Without it, all that no rule refuses. */
  SIMCITY_TARGETS: list,
  /** Users and passwords of services, as URLs; sent only to a target of the same origin. */
  SIMCITY_TARGET_CREDENTIALS: credentials,
  /** Where harnesses send their telemetry. */
  SIMCITY_SINK: z.enum(SINKS, `one of ${SINKS.join(', ')}`),
  /** How harnesses are started. */
  SIMCITY_LAUNCHER: z.enum(LAUNCHERS, `one of ${LAUNCHERS.join(', ')}`),
  SIMCITY_IMAGE: z.string().regex(/^[a-z0-9][\w./:@-]*$/, 'an image such as registry/simcity:0.1.0'),
  SIMCITY_DOCKER_NETWORK: z.string().min(1),
  SIMCITY_NAMESPACE: z.string().regex(/^[a-z0-9-]{1,63}$/, 'the name of a namespace'),
  DOCKER_HOST: z.string().regex(/^(unix|tcp|http):\/\//, 'unix:///var/run/docker.sock or tcp://HOST:PORT'),
  SUPABASE_URL: z
    .string()
    .regex(/^https?:\/\//, 'the URL of a Supabase project, such as https://PROJECT.supabase.co'),
  SUPABASE_SERVICE_ROLE_KEY: z.string().regex(/^[\x21-\x7e]{8,}$/, "the key of the project's service role"),
  SIMCITY_PARALLEL: whole(1, 64),
  SIMCITY_LEASE_SECONDS: number(0.5, 3_600, 'seconds'),
  SIMCITY_STOP_GRACE_SECONDS: number(0.1, 15, 'seconds'),
  SIMCITY_HARNESS: z.string().min(1),
} as const;

export type Variable = keyof typeof ENVIRONMENT;

/** Variables whose values are never shown. */
export const SECRET_VARIABLES: ReadonlySet<string> = new Set<Variable>([
  'DATABASE_URL',
  'SIMCITY_TARGET_URL',
  'SIMCITY_TOKEN',
  'SIMCITY_TOKENS',
  'SIMCITY_HOST_TOKEN',
  'SIMCITY_TARGET_CREDENTIALS',
  'SUPABASE_SERVICE_ROLE_KEY',
]);

/** `env` without the variables that are empty: an empty one counts as not set. */
export function setVariables(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}
