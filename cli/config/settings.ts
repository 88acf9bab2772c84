/** The one table of settings: their names in the file, their variables, their flags, and what they mean. */

export interface Setting {
  /** In `simcity.config.ts` or `.json`; a dot stands for nesting. */
  name: string;
  variable: string;
  flag: string | null;
  /**
   * The option of a command that takes the value, by commander's attribute name; null: it is read from the
   * environment, into which a value from the file or the flag is put.
   */
  option: string | null;
  /** The only commands that heed it; all by default. */
  commands?: readonly string[];
  /** What holds when nothing is said, for people. */
  standard: string;
  what: string;
  /** `value`: never shown; `password`: shown without the credentials in it. */
  secret?: 'value' | 'password';
}

const general: Setting[] = [
  {
    name: 'server',
    variable: 'SIMCITY_URL',
    flag: '--server',
    option: null,
    standard: 'the one that runs here',
    what: 'the server to talk to',
    secret: 'password',
  },
  {
    name: 'token',
    variable: 'SIMCITY_TOKEN',
    flag: null,
    option: null,
    standard: 'none',
    what: 'the bearer token for the server that --server or SIMCITY_URL names',
    secret: 'value',
  },
  {
    name: 'databaseUrl',
    variable: 'DATABASE_URL',
    flag: null,
    option: null,
    standard: 'embedded in the data directory',
    what: 'the database of the control plane',
    secret: 'password',
  },
  {
    name: 'targetUrl',
    variable: 'SIMCITY_TARGET_URL',
    flag: '--target-url',
    option: null,
    standard: 'the same database',
    what: 'the database in which cities are built',
    secret: 'password',
  },
  {
    name: 'sink',
    variable: 'SIMCITY_SINK',
    flag: '--sink',
    option: null,
    standard: 'server',
    what: 'where telemetry goes: server, or supabase (its REST interface)',
  },
  {
    name: 'launcher',
    variable: 'SIMCITY_LAUNCHER',
    flag: '--launcher',
    option: null,
    standard: 'process',
    what: 'how harnesses are started: process, docker, kubernetes',
  },
  {
    name: 'image',
    variable: 'SIMCITY_IMAGE',
    flag: null,
    option: null,
    standard: 'simcity:VERSION',
    what: 'the image of harnesses in containers',
  },
  {
    name: 'dataDir',
    variable: 'SIMCITY_DATA_DIR',
    flag: '--data-dir',
    option: null,
    standard: '.simcity',
    what: 'where data is kept when SimCity hosts itself',
  },
  {
    name: 'host',
    variable: 'SIMCITY_HOST',
    flag: '--host',
    option: 'host',
    commands: ['up', 'serve'],
    standard: '127.0.0.1',
    what: 'the address that up and serve listen on',
  },
  {
    name: 'port',
    variable: 'SIMCITY_PORT',
    flag: '--port',
    option: 'port',
    commands: ['up', 'serve'],
    standard: '4600',
    what: 'the port that up and serve listen on',
  },
  {
    name: 'requireToken',
    variable: 'SIMCITY_REQUIRE_TOKEN',
    flag: '--require-token',
    option: 'requireToken',
    commands: ['up', 'serve'],
    standard: 'once there is a token, or others can reach it',
    what: '1: up and serve ask for a token also while there is none',
  },
  {
    name: 'tokens',
    variable: 'SIMCITY_TOKENS',
    flag: null,
    option: null,
    standard: 'those of the database',
    what: 'tokens of a server, for containers: NAME:SCOPE+SCOPE:SECRET,…',
    secret: 'value',
  },
  {
    name: 'allowedHosts',
    variable: 'SIMCITY_ALLOWED_HOSTS',
    flag: null,
    option: null,
    standard: 'none',
    what: 'further names under which the server may be addressed',
  },
  {
    name: 'targets',
    variable: 'SIMCITY_TARGETS',
    flag: null,
    option: null,
    standard: 'all but metadata and link-local',
    what: 'the only services that a runner may test',
  },
  {
    name: 'logLevel',
    variable: 'SIMCITY_LOG_LEVEL',
    flag: null,
    option: null,
    standard: 'warn',
    what: 'how much the parts write to their logs',
  },
  {
    name: 'theme',
    variable: 'SIMCITY_THEME',
    flag: '--theme',
    option: 'theme',
    standard: 'auto',
    what: 'colours for this background: auto, dark, light',
  },
  {
    name: 'plain',
    variable: 'SIMCITY_PLAIN',
    flag: '--plain',
    option: 'plain',
    standard: 'no',
    what: '1: sentences instead of pictures, for screen readers',
  },
  {
    name: 'ascii',
    variable: 'SIMCITY_ASCII',
    flag: null,
    option: null,
    standard: 'by the locale',
    what: '1: draw in ASCII; 0: never',
  },
  {
    name: 'reporters',
    variable: 'SIMCITY_REPORTER',
    flag: '--reporter',
    option: 'reporter',
    standard: 'none; github on GitHub Actions',
    what: 'reports written at the end, with commas between',
  },
];

/** Settings of `run`: `SIMCITY_` and the flag, in capitals. */
const RUN_FLAGS: [flag: string, standard: string, what: string][] = [
  ['target', 'postgres', 'the system under test'],
  ['seed', 'a fresh one', 'decides everything'],
  ['operations', '2000', 'operations to begin'],
  ['duration', 'no limit', 'begin no more after this'],
  ['citizens', '40', 'citizens of the city'],
  ['slots', '12', 'slots to book'],
  ['concurrency', '8', 'operations under way at once'],
  ['faults', 'rough', 'how much goes wrong'],
  ['fault', 'by the profile', 'rates of single faults'],
  ['bug', 'none', 'a known bug to plant'],
  ['isolation', 'read-committed', 'isolation of transactions'],
  ['strategy', 'ambush', 'which step goes next'],
  ['rate', 'no limit', 'operations a second at most'],
  ['snapshot-every', '10', 'events between snapshots'],
  ['threshold', 'none', 'comparisons that must hold'],
];

const run: Setting[] = RUN_FLAGS.map(([flag, standard, what]) => {
  const option = flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const variable = `SIMCITY_${flag.toUpperCase().replaceAll('-', '_')}`;
  return { name: `run.${option}`, variable, flag: `--${flag}`, option, standard, what };
});

export const SETTINGS: readonly Setting[] = [...general, ...run];

/** Variables that are not SimCity's own, and that it heeds. */
export const FOREIGN_VARIABLES: readonly [name: string, what: string][] = [
  ['SUPABASE_URL', 'the project for --sink supabase'],
  ['SUPABASE_SERVICE_ROLE_KEY', "its service role's key"],
  ['DOCKER_HOST', 'the Docker Engine for --launcher docker'],
  ['NO_COLOR', 'no colours, when not empty'],
  ['FORCE_COLOR', 'colours also in a pipe; 0: none'],
  ['TERM, COLORFGBG', 'what the terminal can do; dumb: no picture, no codes'],
  ['LC_ALL, LC_CTYPE, LANG', 'without UTF-8 pictures are drawn in ASCII'],
  ['CI', 'log lines instead of mission control'],
  ['GITHUB_ACTIONS', 'groups, annotations and a job summary'],
];

/** `value` as it may be shown. */
export function maskSetting(setting: Setting, value: string): string {
  if (setting.secret === 'value') return '***';
  if (setting.secret === undefined) return value;
  const masked = value.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i, '$1***@');
  return masked.replace(/([?&](?:password|sslpassword|token)=)[^&]*/gi, '$1***');
}
