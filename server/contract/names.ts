/**
 * The names that people choose from, with a line each: the one list of them for help, completion, forms, checks
 * and `simcity list`. A test holds it to what the runner has.
 */

export interface Named {
  readonly name: string;
  /** What it is, in a few words. */
  readonly what: string;
}

/** `needsAdapter`: it does not say itself how its calls go over HTTP. */
export const SCENARIOS = [
  { name: 'bookings', what: 'citizens book and cancel slots', needsAdapter: false },
  { name: 'transfers', what: 'citizens move money between accounts', needsAdapter: false },
  {
    name: 'stays',
    what: 'citizens take rooms for days and hours, across changes of the clock',
    needsAdapter: false,
  },
  {
    name: 'tickets',
    what: 'citizens hold, pay and own seats of events, and wait for them',
    needsAdapter: false,
  },
] as const satisfies readonly (Named & { needsAdapter: boolean })[];

/** The targets that are built in. */
export const TARGETS = [
  { name: 'postgres', what: 'the reference service over a real PostgreSQL, gated statement by statement' },
  { name: 'memory', what: 'the reference service in memory: no database, the fastest' },
] as const satisfies readonly Named[];

/** A known bug of a reference service. */
export interface NamedBug extends Named {
  readonly scenario: string;
  /** The built-in targets that have it. */
  readonly targets: readonly string[];
}

/** By scenario: those of databases alone, and those that the service in memory has too. */
const BUGS_OF = {
  bookings: {
    postgres: {
      'forgotten-rollback':
        'A booking beyond the capacity is refused, but its row is committed with the refusal.',
      'late-key':
        'The key is stored after the booking is committed, so a repeat in between, or after a crash, is not known.',
      'lost-acknowledgement':
        'A booking is acknowledged although its transaction failed to commit and left nothing.',
      'lost-update':
        'A cancel computes the new count of seats from what it read before, and overwrites bookings made since.',
      'read-committed-skew':
        'Seats are counted in the statement that waits for the lock, whose snapshot is older; right at serializable only.',
      'swallowed-conflict':
        'When the database asks for another try, the service answers "full" instead, also when seats are free.',
    },
    both: {
      'cancel-by-citizen':
        'A cancel with an old id ends the booking that the same citizen made in the slot since.',
      'check-then-insert':
        'Seats are counted and taken without a lock, so two bookings can take the same last seat.',
      'clock-ids': 'The id of a booking is the time in milliseconds, which two bookings can have in common.',
      'close-drops-bookings': 'Closing a slot ends the bookings in it, which nobody cancelled.',
      'close-race':
        'Closing a slot does not stop the bookings that looked before: they are made in a closed slot.',
      'double-free-on-cancel':
        'A cancel frees a seat before it looks whether the booking is still there, so a repeat frees another.',
      'id-reuse':
        'Ids are counted from the bookings that are left, so the id of a cancelled one is given out again.',
      'lost-cancel':
        'A cancel is acknowledged although its optimistic update met a change of the slot and did nothing.',
      'no-idempotency':
        'A repeated request is decided anew instead of getting the booking that it already made.',
      'revived-by-repeat':
        'A late repeat of a request makes its booking active again, although it was cancelled since.',
      'stale-availability':
        'Reads come from a cache that is emptied before a change is committed, and stays wrong after it.',
      'torn-read': 'A read is put together from several statements, between which the bookings change.',
      'truncated-key':
        'Idempotency keys are cut short, so different keys with the same beginning are taken for one.',
      'unscoped-key':
        'An idempotency key is not scoped: who uses the key of another gets the booking of the other.',
    },
  },
  stays: {
    postgres: {},
    both: {
      'cached-ranges': 'What is free comes from a cache that is emptied before a change is committed.',
      'check-then-insert':
        'What is free is looked up and taken without a lock, so two can take the same time.',
      'days-of-24-hours':
        'A stay of days ends 24 hours a day later, also where the clock is put forward or back.',
      'exclusion-of-days':
        'An exclusion constraint of whole days stands in for the lock, and lets times of one day overlap.',
      'frees-before-taking': 'A move lets the old time go, for all to see, before it takes the new one.',
      'half-series': 'A series is booked one by one, and what was booked stays when a later one is refused.',
      'inclusive-ends': 'The end of a stay belongs to it, so that the next cannot begin there.',
      'one-sided-buffer': 'The minutes between two bookings are kept before a booking, and not after it.',
      'second-of-two-times':
        'Of a time of the clock that exists twice the second is taken instead of the first.',
      'utc-days': 'Days begin at midnight in UTC instead of the midnight of the zone.',
    },
  },
  tickets: {
    postgres: {},
    both: {
      'cancelled-waiter-promoted': 'Who left the waiting list is still in it, and is offered a place.',
      'cleaner-frees-sold': 'What ends holds that ran out does not look whether they were paid.',
      'expires-while-paying':
        'A payment looks whether the hold stands, and takes it later without looking again.',
      'late-payment-lost': 'Money for a hold that ran out is said to be given back, and is kept.',
      'offer-never-ends': 'Holds run out, but not the offers to those who wait.',
      'opens-early': 'The instant at which a sale opens is cut to the minute.',
      'paid-before-stored': 'A payment is acknowledged before it is stored, and a restart loses it.',
      'paid-twice': 'A payment that is told again is taken for another one, whose money is kept.',
      'partial-order': 'When a seat of an order is taken already, those before it stay taken for nobody.',
      'promoted-twice': 'Two requests that free a place promote the same waiter.',
      'quota-check-then-count':
        'The quota is counted before the lock, so two requests of a citizen can exceed it.',
      'refund-frees-two': 'A refund frees the places of the order twice.',
      'sold-twice-after-release':
        'A release frees the seats of the order without looking whether they are still its own.',
      'transfer-keeps-both': 'The new owner gets the tickets, and the old one keeps them.',
      'two-clocks':
        "Whether a hold stands is decided by the database's clock, and for its payment by the service's.",
    },
  },
  transfers: {
    postgres: {},
    both: {
      'lost-update': 'New balances are computed from those read before, and overwrite what others did since.',
      'no-idempotency': 'A repeated transfer moves the money again.',
      'torn-statement': 'A statement reads one account after the other, while money moves between them.',
    },
  },
} as const;

/** The name of a bug of this scenario. */
export type BugOf<Scenario extends keyof typeof BUGS_OF> =
  | keyof (typeof BUGS_OF)[Scenario]['postgres']
  | keyof (typeof BUGS_OF)[Scenario]['both'];

export const BUGS: readonly NamedBug[] = Object.entries(BUGS_OF).flatMap(([scenario, { postgres, both }]) =>
  [
    ...Object.entries(postgres).map(([name, what]) => ({ name, what, scenario, targets: ['postgres'] })),
    ...Object.entries(both).map(([name, what]) => ({
      name,
      what,
      scenario,
      targets: ['postgres', 'memory'],
    })),
  ].sort((a, b) => (a.name < b.name ? -1 : 1)),
);

export const STRATEGIES = [
  { name: 'random', what: 'a uniform random walk over the ready requests' },
  { name: 'pct', what: 'random priorities that change at random points (Burckhardt et al. 2010)' },
  { name: 'ambush', what: 'requests at their beginning overtake those in the middle of their work' },
  {
    name: 'rivals',
    what: 'guided by conflicts: requests for the most wanted objects go on, newcomers first',
  },
  { name: 'pos', what: 'random priorities, drawn anew by steps that race (Yuan et al. 2018)' },
  {
    name: 'surw',
    what: 'each order of the steps about one object is as likely as any other (Zhao et al. 2025)',
  },
] as const satisfies readonly Named[];

export const PROFILES = [
  { name: 'none', what: 'nothing is made to go wrong' },
  { name: 'calm', what: 'few faults, and the service stays up' },
  { name: 'rough', what: 'every fault, each on a few requests in a hundred' },
  { name: 'brutal', what: 'every fault, on most requests' },
] as const satisfies readonly Named[];

/** A fault. */
export interface NamedFault extends Named {
  /** Only runs with --gate have it. */
  readonly isOfGate?: true;
}

export const FAULTS = [
  { name: 'drop-request', what: 'the request never reaches the service' },
  { name: 'drop-response', what: 'the answer is lost; the effect stays' },
  { name: 'duplicate-request', what: 'the service gets the request a second time' },
  { name: 'delay', what: 'the service gets the request later' },
  { name: 'reorder', what: 'the answer comes later, so that others overtake it' },
  { name: 'burst', what: 'many citizens go for one object at once' },
  {
    name: 'crash',
    what: 'the service is cut off in the middle of its transactions, and is away for a while',
  },
  { name: 'serialization-failure', what: 'a transaction fails at its end, as if others had been in its way' },
  { name: 'pool-exhaustion', what: 'for a while the service has one connection only' },
  { name: 'clock-skew', what: 'the clock of the service is set wrong' },
  {
    name: 'backend-kill',
    what: 'the database ends a connection in the middle of its transaction; with --gate',
    isOfGate: true,
  },
  {
    name: 'lost-commit',
    what: 'a transaction is committed, and the connection ends before its answer; with --gate',
    isOfGate: true,
  },
  {
    name: 'deadlock',
    what: 'a statement or a commit fails, as if it had been part of a deadlock; with --gate',
    isOfGate: true,
  },
  {
    name: 'connection-refused',
    what: 'for a while the database takes no new connections; with --gate',
    isOfGate: true,
  },
  { name: 'slow-statement', what: 'a statement takes seconds; with --gate', isOfGate: true },
] as const satisfies readonly NamedFault[];

/** How a service begins each execution of a gated run afresh. */
export const GATE_WAYS = [
  { name: 'restart', what: 'the service is started anew for each execution' },
  { name: 'keep', what: 'the service stays; its connections are cut, so that its pool opens new ones' },
] as const satisfies readonly Named[];

/** Whose time a service behind the gate is told. */
export const CLOCKS = [
  { name: 'real', what: "the machine's" },
  { name: 'virtual', what: "the run's, for the service and its PostgreSQL (Linux)" },
  { name: 'virtual-timers', what: "the run's, and the timers of Node run by it" },
] as const satisfies readonly Named[];

/** In the data directory of a PostgreSQL that goes by a clock of ours: where it finds the time. */
export const CLOCK_FILE = 'clock';

/** How it is known that a service behind the gate has settled. */
export const SETTLINGS = [
  { name: 'sleep', what: 'all of its threads sleep (Linux)' },
  { name: 'count', what: 'each request is answered or has its statement at the gate' },
  { name: 'silence', what: 'nothing came for a few milliseconds: a weaker guarantee' },
] as const satisfies readonly Named[];

export const ISOLATION = [
  { name: 'read-committed', what: 'each statement sees what is committed by then' },
  { name: 'repeatable-read', what: 'a transaction sees what was committed when it began' },
  { name: 'serializable', what: 'as if one transaction ran after the other; some have to try again' },
] as const satisfies readonly Named[];

export const RECORDS = [
  { name: 'none', what: 'nothing beside the operations' },
  { name: 'statements', what: 'each statement of the service, as an event' },
  {
    name: 'requests',
    what: 'each request on the wire of a service at a URL: leave, first byte, answer, cut',
  },
] as const satisfies readonly Named[];

export const LAUNCHERS = [
  { name: 'process', what: 'each harness is a process of the runner' },
  { name: 'docker', what: 'each harness is a container' },
  { name: 'kubernetes', what: 'each harness is a Job' },
] as const satisfies readonly Named[];

export const SINKS = [
  { name: 'server', what: 'harnesses send their telemetry to the server' },
  { name: 'supabase', what: "harnesses push it to a Supabase project's REST interface" },
] as const satisfies readonly Named[];

export const LOG_LEVELS = [
  { name: 'trace', what: 'every step' },
  { name: 'debug', what: 'what helps to find a mistake' },
  { name: 'info', what: 'what happens' },
  { name: 'warn', what: 'what is odd' },
  { name: 'error', what: 'what failed' },
  { name: 'fatal', what: 'what ended a part' },
  { name: 'silent', what: 'nothing' },
] as const satisfies readonly Named[];

export const REPORTERS = [
  { name: 'junit', what: 'JUnit XML, for CI' },
  { name: 'json', what: 'JSON with a version field, for programs' },
  { name: 'html', what: 'one page that opens anywhere' },
  { name: 'github', what: 'annotations and a job summary, for GitHub Actions' },
] as const satisfies readonly Named[];

export const THEMES = [
  { name: 'auto', what: 'by the background of the terminal' },
  { name: 'dark', what: 'light letters on dark' },
  { name: 'light', what: 'dark letters on light' },
] as const satisfies readonly Named[];

export const CHART_STYLES = [
  { name: 'line', what: 'a line' },
  { name: 'braille', what: 'braille dots, filled, twice as fine; a line where only ASCII can be shown' },
] as const satisfies readonly Named[];
export type ChartStyle = (typeof CHART_STYLES)[number]['name'];

export const TOKEN_SCOPES = [
  { name: 'read', what: 'may look at runs' },
  { name: 'control', what: 'may launch, stop and store, too' },
] as const satisfies readonly Named[];

/** What a service promises, by the names that flags give it. */
export const RULES = [
  { name: 'keys', what: 'idempotency keys are honoured: yes or no' },
  { name: 'keyTtl', what: 'how long they are: 20s, 5000keys, or none for good' },
  { name: 'holdTtl', what: 'how long a hold stands: 2s, or none for what the scenario says' },
  { name: 'capacity', what: 'seats of a slot: 1, or a range such as 1-40' },
  { name: 'buffer', what: 'units can be kept free for minutes between bookings: yes or no' },
  { name: 'onePerCitizen', what: 'a citizen has one booking in a slot at most: yes or no' },
  { name: 'secondCancel', what: 'what the second cancel of a booking is answered: ok or refused' },
  { name: 'closing', what: 'slots can be closed: yes or no' },
  { name: 'cancelsBy', what: 'what a cancel names: booking, or citizen (and slot)' },
  { name: 'ownCancelOnly', what: 'only who made a booking may cancel it: yes or no' },
  { name: 'read', what: 'how long a read may lag behind: 500ms, or strong' },
  { name: 'list', what: 'how long a list may lag behind: 2s, or strong' },
  { name: 'errors', what: 'the share of first attempts that may be answered 5xx: 0.05' },
] as const satisfies readonly Named[];

/** What `simcity list` can list, by what it is called there. */
export const LISTS: Readonly<Record<string, { readonly what: string; readonly names: readonly Named[] }>> = {
  scenarios: { what: 'what citizens do: simcity run SCENARIO', names: SCENARIOS },
  targets: {
    what: 'the system under test: --target',
    names: [
      ...TARGETS,
      { name: 'URL', what: 'an HTTP service, such as http://127.0.0.1:8080' },
      { name: 'FILE', what: 'a service of yours, such as ./my-service.ts' },
    ],
  },
  bugs: { what: 'known bugs to plant in a reference service: --bug', names: BUGS },
  strategies: { what: 'which step goes next: --strategy', names: STRATEGIES },
  profiles: { what: 'how much goes wrong: --faults', names: PROFILES },
  faults: { what: 'what can go wrong: --fault NAME=RATE', names: FAULTS },
  rules: { what: 'what a service at a URL promises: --rule NAME=VALUE', names: RULES },
  isolation: { what: 'isolation levels of transactions: --isolation', names: ISOLATION },
  launchers: { what: 'how harnesses are started: --launcher', names: LAUNCHERS },
  sinks: { what: 'where telemetry goes: --sink', names: SINKS },
  reporters: { what: 'reports at the end: --reporter', names: REPORTERS },
  themes: { what: 'colours: --theme', names: THEMES },
  charts: { what: 'what charts in the terminal are drawn with: --charts', names: CHART_STYLES },
  scopes: { what: 'what a token allows: --scope', names: TOKEN_SCOPES },
  'log-levels': { what: 'how much the parts write to their logs: SIMCITY_LOG_LEVEL', names: LOG_LEVELS },
};

/** The names alone, as precisely as they are typed. */
export function namesOf<const List extends readonly { readonly name: string }[]>(
  list: List,
): { readonly [At in keyof List]: List[At]['name'] } {
  return list.map(({ name }) => name) as unknown as { readonly [At in keyof List]: List[At]['name'] };
}

export const FAULT_NAMES = namesOf(FAULTS);
export type FaultName = (typeof FAULT_NAMES)[number];
/** Those that only runs with --gate have. */
export const GATE_FAULTS: readonly FaultName[] = FAULTS.flatMap((fault: NamedFault & { name: FaultName }) =>
  fault.isOfGate ? [fault.name] : [],
);
export const FAULT_PROFILES = namesOf(PROFILES);
export const ISOLATION_LEVELS = namesOf(ISOLATION);
export type LauncherName = (typeof LAUNCHERS)[number]['name'];
export type ReporterName = (typeof REPORTERS)[number]['name'];
export const SCOPES = namesOf(TOKEN_SCOPES);
export type Scope = (typeof SCOPES)[number];
