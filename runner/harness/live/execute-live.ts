/** One run against a live service, from its address to its verdict. */
import {
  type EndReport,
  type Forensic,
  type JsonObject,
  type RunConfig,
  splitCredentials,
} from '../../../server/contract/index.ts';
import { firstCrossed, parseThreshold } from '../../checkers/thresholds.ts';
import { faultRates } from '../../faults/profiles.ts';
import { loadedAdapter } from '../../modules/loaded.ts';
import { withOwn } from '../../reproduce.ts';
import type { BookingCall, BookingWorld } from '../../scenarios/bookings/calls.ts';
import { beginWorkload, findScenario } from '../../scenarios/registry.ts';
import type { Workload } from '../../scenarios/scenario.ts';
import { adaptedApi } from '../../targets/http/adapter.ts';
import { resolveService, type ServiceAddress } from '../../targets/http/address.ts';
import { type BookingApi, NotPreparedError } from '../../targets/http/api.ts';
import { contractApi } from '../../targets/http/contract.ts';
import { WireFaultPlan } from '../../targets/http/faults.ts';
import { ServiceProcess } from '../../targets/http/service-process.ts';
import { Wire } from '../../targets/http/wire.ts';
import type { Sink } from '../../telemetry/sink.ts';
import { engineVersions } from '../../versions.ts';
import { Counters } from '../counters.ts';
import { composeForensic, type FoundFailure } from '../forensics.ts';
import { Recorder } from '../recorder.ts';
import { steadyWallClock } from '../wall-clock.ts';
import { Disturbance } from './disturbance.ts';
import { cancelsAgain, type FirstLook, firstLook } from './first-look.ts';
import type { LiveTrace } from './group-cursor.ts';
import { LiveRun } from './live-run.ts';
import { SILENT_SINK } from './silent-sink.ts';
import { Verdicts } from './verdicts.ts';

const RESET_LIMIT_MS = 10_000;
const CITY_LIMIT_MS = 2_000;
/** Connections that are opened beforehand, at most. */
const MOST_OPENED = 16;
/** A failure is tried again so often, as far as the time allows. */
const RETRIES = { times: 5, leastMs: 20_000 } as const;
/** Trying again goes so much further than the run went before it failed. */
const FURTHER = 1.5;
const REACH_LIMIT_MS = 5_000;
/** Slots that a bundle shows. */
const SHOWN_SLOTS = 200;

export interface LiveOptions {
  scenario: string;
  target: string;
  seed: number;
  config: RunConfig;
  sink: Sink;
  signal: {
    readonly requested: boolean;
    readonly reason: string | null;
    onRequest(listener: () => void): void;
  };
  now?: () => Date;
  /** The command that starts the service; null: it runs already. From the local command line only. */
  exec?: string | null;
  /** How often a failure is tried again, at most; 5 unless it is given. */
  retries?: number;
  /** Filled with what the run did, for making it small. */
  trace?: LiveTrace;
}

/** What all executions of one run have in common. */
interface LiveContext {
  readonly options: LiveOptions;
  readonly address: ServiceAddress;
  readonly service: ServiceProcess | null;
  readonly api: BookingApi;
}

/** What is particular about one execution of the plan. */
interface ExecutionOptions {
  sink: Sink;
  /** The service acknowledges a second cancel, as a first look has shown. */
  cancelsAgain: boolean;
  mostOperations: number | null;
}

/** One execution of the plan. */
interface Execution {
  /** What the API's own code failed with; null: it did not. */
  readonly broken: () => { error: unknown } | null;
  workload: Workload<BookingCall>;
  run: LiveRun;
  verdicts: Verdicts;
  disturbance: Disturbance;
  wire: Wire;
}

/**
 * Executes a run against the service at `options.target`, sends its history to the sink and ends it there.
 * @throws Error when the run cannot begin: the URL is refused, or nobody answers there.
 */
export async function executeLive(options: LiveOptions): Promise<EndReport> {
  if (options.scenario !== 'bookings') {
    throw new Error(
      `The scenario ${JSON.stringify(options.scenario)} has no HTTP contract: a target that is a URL needs the scenario "bookings".`,
    );
  }
  for (const threshold of options.config.thresholds) parseThreshold(threshold);
  const address = await resolveService(options.target);
  const probe = new Wire(address, 1);
  const service =
    typeof options.exec === 'string'
      ? new ServiceProcess(options.exec, address.url, address.port, () => answers(probe))
      : null;
  const adapter = loadedAdapter()?.adapter ?? null;
  const context: LiveContext = {
    options,
    address,
    service,
    api: adapter ? adaptedApi(adapter) : contractApi,
  };
  try {
    if (service) await service.start();
    else if (!(await probe.pin(REACH_LIMIT_MS))) throw unreachable(address);
    return await supervised(context);
  } finally {
    probe.close();
    await service?.close();
  }
}

async function supervised(context: LiveContext): Promise<EndReport> {
  const { options, address } = context;
  const startedMs = performance.now();
  const versions = engineVersions();
  const executionOptions: ExecutionOptions = {
    sink: options.sink,
    cancelsAgain: false,
    mostOperations: null,
  };
  const execution = await begun(context, executionOptions);
  const { verdicts, workload } = execution;
  try {
    const { scenario, seed, config } = options;
    const target = bareUrl(address);
    verdicts.recorder.record(0, 'start', 'city', {
      scenario,
      target,
      seed,
      config,
      ...workload.world,
      versions,
    });
    const first = await lookedAt(context, execution);
    executionOptions.cancelsAgain = first.cancelsAgain;
    if (!verdicts.failure) await carriedOut(execution, context);
    throwBroken(execution);
    if (!verdicts.failure && !options.signal.requested) judgeThresholds(execution, options.config);
    const failForensic = verdicts.failure ? await bundle(execution, context, versions) : null;
    finish(execution);
    if (failForensic && first.failure) {
      if (first.failure.reproduction) failForensic.reproduction = first.failure.reproduction;
    } else if (failForensic) {
      await tryAgain(context, executionOptions, failForensic, execution, performance.now() - startedMs);
    }
    return await report(execution, options, failForensic);
  } finally {
    finish(execution);
  }
}

/** The first look, before the city of the run is there. A reduced run is about something else. */
async function lookedAt(
  { api, options }: LiveContext,
  { wire, verdicts, workload }: Execution,
): Promise<FirstLook> {
  const isStopped = () => options.signal.requested;
  const note = (what: string, data: JsonObject) => verdicts.note(what, data);
  const first = options.config.reduction
    ? { failure: null, cancelsAgain: await cancelsAgain({ wire, api, note, isStopped }) }
    : await firstLook({ wire, api, note, isStopped });
  verdicts.cancelsAgain = first.cancelsAgain;
  const { failure } = first;
  if (failure) {
    const eventIndex = verdicts.recorder.next - 1;
    verdicts.fail({
      ...failure,
      object: failure.object || null,
      kind: 'invariant',
      operation: null,
      eventIndex,
    });
  } else if (!isStopped()) {
    await reset(wire, api, workload.world as BookingWorld).catch((error: unknown) => {
      if (!(error instanceof NotPreparedError) || isStopped()) throw error;
      verdicts.fail(noLongerPrepared(error, verdicts.recorder.next - 1));
    });
  }
  return first;
}

/** It opened a fresh city before, and then met the first look: what it does now is its own doing. */
function noLongerPrepared({ message }: NotPreparedError, eventIndex: number): FoundFailure {
  return {
    kind: 'liveness',
    invariant: 'every-request-is-answered',
    message: `${message} It had opened a fresh city before the first look.`,
    actual: message,
    expected: 'a fresh city',
    object: null,
    operation: null,
    eventIndex,
  };
}

/** A fresh city, and all that an execution needs. */
async function begun(
  { options, address, service, api }: LiveContext,
  { sink, cancelsAgain, mostOperations }: ExecutionOptions,
): Promise<Execution> {
  const { seed, config, signal } = options;
  const workload = beginWorkload(findScenario(options.scenario), seed, config) as Workload<BookingCall>;
  const counters = new Counters();
  const recorder = new Recorder({
    sink,
    snapshotEvery: config.snapshotEvery,
    metrics: () => ({ ...workload.metrics(), ...counters.metrics() }),
    now: options.now ?? steadyWallClock(),
  });
  const verdicts = new Verdicts(workload, recorder, counters);
  verdicts.cancelsAgain = cancelsAgain;
  const rates = faultRates(config);
  let broken: { error: unknown } | null = null;
  const isStopped = () => signal.requested || broken !== null;
  const wire = new Wire(address, config.concurrency);
  if (!(await wire.pin(REACH_LIMIT_MS))) throw unreachable(address);
  await reset(wire, api, workload.world as BookingWorld);
  const faults = new WireFaultPlan(seed, rates, config.reduction?.muted);
  const disturbance = new Disturbance({ seed, rates, service, verdicts, isStopped });
  const trace = sink === options.sink ? (options.trace ?? null) : null;
  const run = new LiveRun({
    ...{ seed, config, workload, api, wire, faults, verdicts, disturbance, mostOperations, trace, isStopped },
    onBroken: (error) => {
      broken ??= { error };
      run.wake();
      wire.close();
    },
  });
  signal.onRequest(() => {
    run.wake();
    wire.close();
  });
  return { workload, run, verdicts, disturbance, wire, broken: () => broken };
}

async function reset(wire: Wire, api: BookingApi, world: BookingWorld): Promise<void> {
  await api.reset(world, async (request) => {
    const exchange = await wire.exchange(request, { deadlineMs: RESET_LIMIT_MS });
    if (exchange.kind === 'answer') return exchange;
    throw new NotPreparedError(
      `The service cannot be prepared: ${request.method} ${request.path} got no answer (${exchange.cause}).`,
    );
  });
}

async function carriedOut({ run, verdicts, wire }: Execution, { api, options }: LiveContext): Promise<void> {
  const { signal, config } = options;
  verdicts.onFailure(() => wire.close());
  await openConnections(wire, api, Math.min(config.concurrency, MOST_OPENED));
  await run.attack();
  if (!verdicts.failure && !signal.requested) await run.settle();
}

/** Looks so often at once: what is to meet later leaves on connections that are open. */
async function openConnections(wire: Wire, api: BookingApi, count: number): Promise<void> {
  if (!api.offers('list')) return;
  const look = api.requestOf({ operation: 'list' });
  const looks = Array.from({ length: count }, () => wire.exchange(look, { deadlineMs: CITY_LIMIT_MS }));
  await Promise.all(looks);
}

/** Throws what the API's own code failed with, unless the run has its verdict. */
function throwBroken({ broken, verdicts }: Execution): void {
  const found = broken();
  if (found && !verdicts.failure) throw found.error;
}

function finish({ disturbance, wire }: Execution): void {
  disturbance.close();
  wire.close();
}

function judgeThresholds({ verdicts, workload }: Execution, config: RunConfig): void {
  const metrics = { ...workload.metrics(), ...verdicts.counters.metrics() };
  const crossed = firstCrossed(config.thresholds.map(parseThreshold), metrics);
  if (!crossed) return;
  const { threshold, actual } = crossed;
  verdicts.fail({
    kind: 'threshold',
    invariant: threshold.text,
    message:
      actual === null
        ? `There is no metric "${threshold.metric}" for the threshold ${threshold.text}. Known: ${Object.keys(metrics).join(', ')}.`
        : `The threshold ${threshold.text} was crossed: ${threshold.metric} is ${actual}.`,
    actual,
    expected: threshold.text,
    object: null,
    operation: null,
    eventIndex: verdicts.recorder.next - 1,
  });
}

async function bundle(
  { verdicts, workload, disturbance }: Execution,
  context: LiveContext,
  versions: Record<string, string>,
): Promise<Forensic> {
  const { options, address, service } = context;
  const failure = verdicts.failure;
  if (!failure) throw new Error('A bundle needs a failure.');
  await disturbance.up();
  const isOfTheRun = failure.object === null || workload.objects.includes(failure.object);
  // An adapter that cannot say any more takes nothing from the verdict.
  const city = await inspected(context, workload.objects, failure.object).catch(() => null);
  const { scenario, seed, config } = options;
  const target = bareUrl(address);
  const forensic = composeForensic(isOfTheRun ? failure : { ...failure, object: null }, {
    ...{ scenario, target, seed, config, versions, city },
    show: (object, state) => workload.show(object, state),
    simulation: verdicts,
    recorder: verdicts.recorder,
  });
  const reproduce = withOwn(forensic.reproduce, options.exec ?? null);
  return { ...forensic, reproduce, ...(service ? { process: { service: service.report() } } : {}) };
}

/** The city as the service shows it, as far as it answers; the failed slot first. */
async function inspected(
  { address, api }: LiveContext,
  objects: readonly string[],
  failed: string | null,
): Promise<unknown> {
  const wire = new Wire(address, 4);
  try {
    if (!(await wire.pin(CITY_LIMIT_MS)) || !api.offers('read')) return null;
    const ids = [...new Set([...(failed === null ? [] : [failed]), ...objects])].slice(0, SHOWN_SLOTS);
    const views: unknown[] = [];
    const limitMs = performance.now() + CITY_LIMIT_MS;
    for (const slot of ids) {
      const call = { operation: 'read', slot } as const;
      const deadlineMs = Math.max(1, limitMs - performance.now());
      const exchange = await wire.exchange(api.requestOf(call), { deadlineMs });
      if (exchange.kind === 'none') break;
      const reply = api.replyOf(call, exchange);
      if (reply.outcome === 'ok') views.push(reply.value);
    }
    return views;
  } finally {
    wire.close();
  }
}

/**
 * Executes the plan again, unrecorded, as far as it went before it failed and a bit further, to learn how
 * surely it fails. Adds the rate to the bundle.
 */
async function tryAgain(
  context: LiveContext,
  { cancelsAgain }: ExecutionOptions,
  forensic: Forensic,
  { verdicts, run }: Execution,
  firstMs: number,
): Promise<void> {
  if (forensic.kind === 'threshold') return;
  const { options } = context;
  const mostOperations = Math.ceil(run.planned * FURTHER) + options.config.concurrency * 4;
  const executionOptions: ExecutionOptions = { sink: SILENT_SINK, cancelsAgain, mostOperations };
  const begunMs = performance.now();
  const budgetMs = Math.max(RETRIES.leastMs, firstMs);
  let attempts = 0;
  let failures = 0;
  while (attempts < (options.retries ?? RETRIES.times) && !options.signal.requested) {
    if (performance.now() - begunMs > budgetMs) break;
    try {
      const failed = await failsAgain(context, executionOptions);
      if (options.signal.requested) break;
      attempts++;
      if (failed) failures++;
    } catch {
      // A service that cannot be reset any more says nothing about the rate.
      break;
    }
  }
  if (attempts === 0) return;
  forensic.reproduction = { attempts, failures };
  forensic.message += ` Tried again ${attempts} ${attempts === 1 ? 'time' : 'times'} with the same plan, it failed ${failures} ${failures === 1 ? 'time' : 'times'}.`;
  verdicts.recorder.record(verdicts.now, 'note', 'city', { what: 'tried again', attempts, failures });
}

async function failsAgain(context: LiveContext, executionOptions: ExecutionOptions): Promise<boolean> {
  const { service } = context;
  if (service && !service.running) await service.start();
  const again = await begun(context, executionOptions);
  try {
    await carriedOut(again, context);
    throwBroken(again);
  } finally {
    finish(again);
    await again.disturbance.up();
  }
  return again.verdicts.failure !== null;
}

async function report(
  { run, verdicts, workload, disturbance }: Execution,
  options: LiveOptions,
  failForensic: Forensic | null,
): Promise<EndReport> {
  const { recorder, counters } = verdicts;
  const stopped = options.signal.requested && !failForensic;
  const status = failForensic ? 'FAIL' : stopped ? 'STOPPED' : 'PASS';
  const reason = stopped ? (options.signal.reason ?? 'asked to stop') : null;
  const sometimes: Record<string, number> = {
    ...workload.sometimes(),
    'a retry followed a lost answer': counters.retries,
    ...run.sometimes,
    ...(typeof options.exec === 'string'
      ? { 'the service was killed with requests under way': disturbance.killsInWork }
      : {}),
  };
  const data: JsonObject = {
    status,
    reason,
    operationsPlanned: run.planned,
    sometimes,
    neverReached: Object.keys(sometimes).filter((name) => sometimes[name] === 0),
    checking: { 'per-object-history': { ...verdicts.history.cost } },
    undecided: [...new Map([...verdicts.givenUp, ...verdicts.history.undecided])].map(([object, why]) => ({
      object,
      why,
    })),
  };
  const index = recorder.record(verdicts.now, 'end', 'city', data);
  recorder.snapshot(index);
  const end: EndReport = { status, reason, failForensic };
  await options.sink.end(end);
  return end;
}

async function answers(probe: Wire): Promise<boolean> {
  const request = { method: 'GET', path: '/slots', headers: {}, body: null };
  return (await probe.pin(1_000)) && (await probe.exchange(request, { deadlineMs: 1_000 })).kind === 'answer';
}

function unreachable(address: ServiceAddress): Error {
  return new Error(
    `Nobody accepts a connection at ${bareUrl(address)}. Start the service, or let the run start it with --exec 'COMMAND'.`,
  );
}

/** As runs are stored: without user and password. */
function bareUrl({ url }: ServiceAddress): string {
  return splitCredentials(url.href).target.replace(/\/$/, '');
}
