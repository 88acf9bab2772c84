/**
 * The table of the settings of processes: the command line's, the server's, the runner's. From a row follow its
 * variable, its field in the configuration file, its option where it has one, and what help and `doctor` say.
 */
import { CHART_STYLES, LAUNCHERS, LOG_LEVELS, REPORTERS, SINKS, THEMES } from './names.ts';
import { named, type ProcessSetting, part, type ResolvedOf, whole } from './setting.ts';

const said = (variable: string, help: string) => ({ variable, help }) as const;
/** Said by a variable or the file alone. */
const quiet = (variable: string, help: string) => ({ variable, help, flag: null }) as const;
const text = { kind: 'text', default: null } as const;
const count = (standard: number) => whole(1, 100_000, standard);
const between = (least: number, most: number, standard: number) =>
  ({ kind: 'number', least, most, default: standard }) as const;
const database = {
  ...part({ kind: 'url', of: 'postgres', default: null, secret: 'password', value: 'URL' }),
  form: 'a URL such as postgres://user:password@host:5432/database',
} as const;
const listening = { by: 'option', commands: ['up', 'serve'] } as const;
const file = { ...text, most: 4_096, unset: 'none', except: ['file'] } as const;
/** In a URL it stands as it is. */
const rolePassword = {
  ...part({ ...text, pattern: /^[\w.~-]{16,200}$/, unset: 'it has the one that it had', secret: 'value' }),
  form: '16 to 200 letters, digits, or characters of "-._~"',
  except: ['file'],
} as const;
const internal = { ...text, isInternal: true } as const;
const RUN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const PROCESS_SETTINGS = {
  server: {
    ...part({ kind: 'url', of: 'http', default: null, unset: 'the one that runs here', value: 'URL' }),
    ...part({ secret: 'password', by: 'command', suggestions: ['http://127.0.0.1:4600'] }),
    ...said('SIMCITY_URL', 'the server to talk to'),
    form: 'the URL of a server, such as http://127.0.0.1:4600',
  },
  token: {
    ...part({ ...text, pattern: /^[\x21-\x7e]+$/, unset: 'none', secret: 'value' }),
    ...quiet('SIMCITY_TOKEN', 'the bearer token for the server that --server or SIMCITY_URL names'),
    form: 'a token: printable ASCII without spaces',
  },
  databaseUrl: {
    ...database,
    ...quiet('DATABASE_URL', 'the database of the control plane'),
    unset: 'embedded in the data directory',
  },
  targetUrl: {
    ...database,
    ...said('SIMCITY_TARGET_URL', 'the database in which cities are built, each a schema of its own'),
    unset: 'the same database',
  },
  sink: { ...named('choice', SINKS, 'server'), ...said('SIMCITY_SINK', 'where telemetry goes') },
  launcher: {
    ...named('choice', LAUNCHERS, 'process'),
    ...said('SIMCITY_LAUNCHER', 'how harnesses are started'),
  },
  startTimeoutSeconds: {
    ...part({ ...whole(1, 86_400, 600), flag: 'start-timeout', value: 'S' }),
    ...said(
      'SIMCITY_START_TIMEOUT',
      'seconds that a container or Job gets to start, its image pulled and a node found',
    ),
  },
  image: {
    ...part({ ...text, pattern: /^[a-z0-9][\w./:@-]*$/, form: 'an image such as registry/simcity:0.1.0' }),
    ...quiet('SIMCITY_IMAGE', 'the image of harnesses in containers'),
    unset: 'simcity:VERSION',
  },
  dockerNetwork: {
    ...quiet('SIMCITY_DOCKER_NETWORK', 'the network of harnesses in Docker'),
    ...part({ kind: 'text', default: 'host' }),
  },
  namespace: {
    ...part({ ...text, pattern: /^[a-z0-9-]{1,63}$/, form: 'the name of a namespace' }),
    ...quiet('SIMCITY_NAMESPACE', 'the namespace of harnesses in Kubernetes'),
    unset: "that of the client's configuration",
  },
  podSecret: {
    ...part({ ...text, pattern: /^[a-z0-9.-]{1,253}$/, form: 'the name of a Secret', unset: 'none' }),
    ...quiet(
      'SIMCITY_POD_SECRET',
      'the Secret of that namespace whose keys are variables of the pods of a campaign',
    ),
  },
  dataDir: {
    ...part({ kind: 'text', default: '.simcity', value: 'DIR', by: 'command' }),
    ...said('SIMCITY_DATA_DIR', 'where data is kept when SimCity hosts itself'),
    suggestions: [':directories'],
  },
  host: {
    ...part({ kind: 'text', default: '127.0.0.1', value: 'ADDRESS', ...listening }),
    ...said('SIMCITY_HOST', 'the address that up and serve listen on'),
  },
  port: {
    ...whole(0, 65_535, 4600),
    ...listening,
    ...said('SIMCITY_PORT', 'the port that up and serve listen on; 0 takes any'),
  },
  requireToken: {
    ...part({ kind: 'flag', default: false, ...listening }),
    unset: 'once there is a token, or others can reach it',
    ...said('SIMCITY_REQUIRE_TOKEN', 'ask for a token also while there is none, and on loopback'),
  },
  tokens: {
    ...part({ kind: 'tokens', default: [], unset: 'those of the database', secret: 'value' }),
    ...quiet('SIMCITY_TOKENS', 'further tokens of a server, for containers: NAME:SCOPE+SCOPE:SECRET,…'),
  },
  serverPassword: {
    ...rolePassword,
    ...quiet('SIMCITY_SERVER_PASSWORD', 'the password that migrate --roles gives to the role of servers'),
  },
  runnerPassword: {
    ...rolePassword,
    ...quiet('SIMCITY_RUNNER_PASSWORD', 'the password that migrate --roles gives to the role of runners'),
  },
  cityPassword: {
    ...rolePassword,
    ...quiet('SIMCITY_CITY_PASSWORD', 'the password that migrate --roles gives to the role of cities'),
  },
  allowedHosts: {
    ...part({ kind: 'list', default: [], unset: 'none' }),
    ...quiet('SIMCITY_ALLOWED_HOSTS', 'further names under which the server may be addressed'),
  },
  requestRate: {
    ...between(1, 100_000, 100),
    ...quiet('SIMCITY_REQUEST_RATE', 'requests a second that one token may make'),
  },
  streamsPerToken: {
    ...count(200),
    ...quiet('SIMCITY_STREAMS_PER_TOKEN', 'streams that one token may have open'),
  },
  streams: { ...count(1_000), ...quiet('SIMCITY_STREAMS', 'streams that a server serves at once') },
  runnerName: {
    ...part({ ...text, most: 200, unset: 'host and process', flag: 'name', value: 'NAME', by: 'command' }),
    ...said('SIMCITY_RUNNER_NAME', 'what a runner calls itself'),
  },
  parallel: {
    ...whole(1, 64, 1),
    by: 'command',
    ...said('SIMCITY_PARALLEL', 'runs that a runner executes at once'),
  },
  leaseSeconds: {
    ...between(0.5, 3_600, 30),
    ...quiet('SIMCITY_LEASE_SECONDS', 'seconds after which a runner that vanished has lost its runs'),
  },
  stopGraceSeconds: {
    ...between(0.1, 15, 10),
    ...quiet(
      'SIMCITY_STOP_GRACE_SECONDS',
      'seconds that a harness gets to stop by itself, then it is killed',
    ),
  },
  targets: {
    ...part({ kind: 'list', default: null, unset: 'all but metadata and link-local' }),
    ...quiet(
      'SIMCITY_TARGETS',
      'the only services that a runner may test: names, *.example, addresses, ranges',
    ),
  },
  targetCredentials: {
    ...part({ kind: 'credentials', default: [], unset: 'none', secret: 'value' }),
    ...quiet(
      'SIMCITY_TARGET_CREDENTIALS',
      'users and passwords of services, as URLs; sent to that origin alone',
    ),
  },
  logLevel: {
    ...named('choice', LOG_LEVELS, 'warn'),
    ...quiet('SIMCITY_LOG_LEVEL', 'how much the parts write to their logs'),
  },
  theme: {
    ...named('choice', THEMES, 'auto'),
    by: 'option',
    ...said('SIMCITY_THEME', 'colours for this background'),
  },
  charts: {
    ...named('choice', CHART_STYLES, 'line'),
    by: 'option',
    ...said('SIMCITY_CHARTS', 'what charts in the terminal are drawn with'),
  },
  plain: {
    ...part({ kind: 'flag', default: false, unset: 'no', by: 'option' }),
    ...said('SIMCITY_PLAIN', 'sentences about what changes instead of pictures, for screen readers'),
  },
  mouse: {
    ...part({ kind: 'flag', default: false, unset: 'no', by: 'option' }),
    ...said('SIMCITY_MOUSE', 'clicks and the wheel on the screen; it takes copying from the terminal'),
  },
  ascii: {
    ...part({ kind: 'flag', default: null, unset: 'by the locale' }),
    ...quiet('SIMCITY_ASCII', '1: draw in ASCII; 0: never'),
  },
  explain: {
    ...part({ kind: 'flag', default: null, unset: 'on a terminal', by: 'option', commands: ['run'] }),
    ...said('SIMCITY_EXPLAIN', 'after a FAIL, find out why it failed; 0: never'),
  },
  reporters: {
    ...part({ kind: 'reports', choices: REPORTERS, default: [], unset: 'none; github on GitHub Actions' }),
    ...part({ flag: 'reporter', value: 'NAME[=FILE]', by: 'option' }),
    ...said('SIMCITY_REPORTER', 'reports to write at the end, to FILE or to stdout'),
  },
  targetModule: {
    ...file,
    ...quiet('SIMCITY_TARGET_MODULE', 'the file of the service that runs of a runner of yours test'),
  },
  scenarioModule: {
    ...file,
    ...quiet('SIMCITY_SCENARIO_MODULE', 'the file of the scenario that runs of a runner of yours execute'),
  },
  adapterModule: {
    ...file,
    ...quiet(
      'SIMCITY_ADAPTER_MODULE',
      'the file of the adapter to the services that a runner of yours tests',
    ),
  },
  supabaseUrl: {
    ...part({ kind: 'url', of: 'http', default: null, unset: 'none' }),
    ...quiet('SUPABASE_URL', 'the project for --sink supabase'),
    form: 'the URL of a Supabase project, such as https://PROJECT.supabase.co',
  },
  supabaseKey: {
    ...part({ ...text, pattern: /^[\x21-\x7e]{8,}$/, unset: 'none', secret: 'value' }),
    ...quiet('SUPABASE_SERVICE_ROLE_KEY', 'the key of its service role'),
    form: "the key of the project's service role",
  },
  dockerHost: {
    ...quiet('DOCKER_HOST', 'the Docker Engine for --launcher docker'),
    ...part({ kind: 'text', default: 'unix:///var/run/docker.sock', pattern: /^(unix|tcp|http):\/\// }),
    form: 'unix:///var/run/docker.sock or tcp://HOST:PORT',
  },
  /** For the calls of the process that hosts a server; it may do everything. */
  hostToken: { ...internal, ...quiet('SIMCITY_HOST_TOKEN', ''), pattern: /^.{16,}$/, secret: 'value' },
  /** Where the embedded database is, to tell of a disk that is full. */
  databaseFolder: { ...internal, ...quiet('SIMCITY_DATABASE_FOLDER', '') },
  /** The run that a runner claims first, beside its places. */
  firstRun: {
    ...part({ ...internal, ...quiet('SIMCITY_FIRST_RUN', ''), form: 'the id of a run' }),
    pattern: RUN_ID,
  },
  /** The only run that a runner may claim, and the command that starts the service of it. */
  onlyRun: {
    ...part({ ...internal, ...quiet('SIMCITY_ONLY_RUN', ''), form: 'the id of a run' }),
    pattern: RUN_ID,
  },
  exec: { ...internal, ...quiet('SIMCITY_EXEC', ''), most: 10_000 },
  /** The order of its gate, as JSON. */
  gate: { ...internal, ...quiet('SIMCITY_GATE', ''), most: 20_000, secret: 'value' },
  /** The script of the harness. Tests replace it. */
  harness: { ...internal, ...quiet('SIMCITY_HARNESS', '') },
} as const satisfies Record<string, ProcessSetting>;

export type ProcessSettingName = keyof typeof PROCESS_SETTINGS;

/** The rows in their order. */
export const PROCESS_ROWS = Object.entries(PROCESS_SETTINGS) as [ProcessSettingName, ProcessSetting][];

/** What processes read of their environment: null where nothing is said and there is no default. */
export type ProcessValues = {
  [Name in ProcessSettingName]: ResolvedOf<(typeof PROCESS_SETTINGS)[Name]>;
};

/** Variables that are not settings of SimCity's, and that it heeds. */
export const FOREIGN_VARIABLES: readonly [name: string, what: string][] = [
  ['NO_COLOR', 'no colours, when not empty'],
  ['FORCE_COLOR', 'colours also in a pipe; 0: none'],
  ['TERM, COLORFGBG', 'what the terminal can do; dumb: no picture, no codes'],
  ['LC_ALL, LC_CTYPE, LANG', 'without UTF-8 pictures are drawn in ASCII'],
  ['CI', 'log lines instead of mission control'],
  ['GITHUB_ACTIONS', 'groups, annotations and a job summary'],
];
