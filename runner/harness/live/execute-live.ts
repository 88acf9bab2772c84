/** One run against a live service, from its address to its verdict. */
import {
  type EndReport,
  type Forensic,
  type JsonObject,
  type Reproducible,
  type RunConfig,
  signatureOf,
  splitCredentials,
  timesText,
} from '../../../server/contract/index.ts';
import { parseThreshold } from '../../checkers/thresholds.ts';
import { faultRates } from '../../faults/profiles.ts';
import { loadedAdapter } from '../../modules/loaded.ts';
import type { BookingCall, BookingWorld } from '../../scenarios/bookings/calls.ts';
import { beginWorkload, findScenario } from '../../scenarios/registry.ts';
import type { Workload } from '../../scenarios/scenario.ts';
import { adaptedApi } from '../../targets/http/adapter.ts';
import { resolveService, type ServiceAddress } from '../../targets/http/address.ts';
import { type BookingApi, NotPreparedError } from '../../targets/http/api.ts';
import { contractApi } from '../../targets/http/contract.ts';
import { WireFaultInjector } from '../../targets/http/faults.ts';
import { ServiceProcess } from '../../targets/http/service-process.ts';
import { Wire } from '../../targets/http/wire.ts';
import { NullSink } from '../../telemetry/null.ts';
import type { Sink } from '../../telemetry/sink.ts';
import { engineVersions } from '../../versions.ts';
import { Counters } from '../counters.ts';
import { type Failure, unanswering } from '../failure.ts';
import { FailureTally } from '../failure-tally.ts';
import { composeForensic } from '../forensics.ts';
import { createRecorder, judgeThresholds, recordStart, reportEnd, stopReason } from '../start-and-end.ts';
import { emptyTrace, type Trace } from '../trace.ts';
import { Disturbance } from './disturbance.ts';
import { cancelsAgain, type FirstLook, firstLook } from './first-look.ts';
import { LiveRun } from './live-run.ts';
import { LiveVerdicts } from './live-verdicts.ts';

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
  trace?: Trace;
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
  verdicts: LiveVerdicts;
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
  const { options } = context;
  const startedMs = performance.now();
  const versions = engineVersions();
  const executionOptions: ExecutionOptions = {
    sink: options.sink,
    cancelsAgain: false,
    mostOperations: null,
  };
  const execution = await begun(context, executionOptions);
  const { verdicts, workload } = execution;
  const { recorder } = verdicts;
  const { signal } = options;
  try {
    recordStart(recorder, named(context), workload.world, findScenario(options.scenario), versions);
    const first = await lookedAt(context, execution);
    executionOptions.cancelsAgain = first.cancelsAgain;
    if (!verdicts.failure) await carriedOut(execution, context);
    throwBroken(execution);
    if (!verdicts.failure && !signal.requested) judgeThresholds(verdicts, options.config);
    const failForensic = verdicts.failure ? await bundle(execution, context, versions) : null;
    finish(execution);
    if (failForensic && first.failure) {
      if (first.failure.reproduction) failForensic.reproduction = first.failure.reproduction;
    } else if (failForensic) {
      await tryAgain(context, executionOptions, failForensic, execution, performance.now() - startedMs);
    }
    return await reportEnd(verdicts, options.sink, {
      failForensic,
      stopped: signal.requested ? stopReason(signal) : null,
      planned: execution.run.planned,
      sometimes: sometimes(execution, options),
      operations: [],
    });
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
    verdicts.fail({ ...failure, kind: 'invariant', operation: null, eventIndex: verdicts.lastIndex });
  } else if (!isStopped()) {
    await reset(wire, api, workload.world as BookingWorld).catch((error: unknown) => {
      if (!(error instanceof NotPreparedError) || isStopped()) throw error;
      verdicts.fail(noLongerPrepared(error, verdicts.lastIndex));
    });
  }
  return first;
}

/** It opened a fresh city before, and then met the first look: what it does now is its own doing. */
function noLongerPrepared({ message }: NotPreparedError, eventIndex: number): Failure {
  return unanswering({
    message: `${message} It had opened a fresh city before the first look.`,
    actual: message,
    expected: 'a fresh city',
    eventIndex,
  });
}

/** A fresh city, and all that an execution needs. */
async function begun(
  { options, address, service, api }: LiveContext,
  { sink, cancelsAgain, mostOperations }: ExecutionOptions,
): Promise<Execution> {
  const { seed, config, signal } = options;
  const scenario = findScenario(options.scenario);
  const workload = beginWorkload(scenario, seed, config) as Workload<BookingCall>;
  const counters = new Counters();
  const recorder = createRecorder({ ...options, sink }, workload, counters);
  const verdicts = new LiveVerdicts(workload, recorder, counters, scenario.objectNoun ?? 'object');
  verdicts.cancelsAgain = cancelsAgain;
  const rates = faultRates(config);
  let broken: { error: unknown } | null = null;
  const isStopped = () => signal.requested || broken !== null;
  const wire = new Wire(address, config.concurrency);
  if (!(await wire.pin(REACH_LIMIT_MS))) throw unreachable(address);
  await reset(wire, api, workload.world as BookingWorld);
  const faults = new WireFaultInjector(seed, rates, config.reduction?.muted);
  const disturbance = new Disturbance({ seed, rates, service, verdicts, isStopped });
  const trace = (sink === options.sink ? options.trace : null) ?? emptyTrace();
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

async function bundle(
  { verdicts, workload, disturbance }: Execution,
  context: LiveContext,
  versions: Record<string, string>,
): Promise<Forensic> {
  const { options, service } = context;
  const failure = verdicts.failure;
  if (!failure) throw new Error('A bundle needs a failure.');
  await disturbance.up();
  const isOfTheRun = failure.object === null || workload.objects.includes(failure.object);
  // An adapter that cannot say any more takes nothing from the verdict.
  const city = await inspected(context, workload.objects, failure.object).catch(() => null);
  const about = { ...named(context), exec: options.exec ?? null, versions, city };
  const forensic = composeForensic(isOfTheRun ? failure : { ...failure, object: null }, verdicts, about);
  return service ? { ...forensic, process: { service: service.report() } } : forensic;
}

/** The run as it is stored: without the user and password of its address. */
function named({ options: { scenario, seed, config }, address }: LiveContext): Reproducible {
  return { scenario, target: bareUrl(address), seed, config };
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
  const executionOptions: ExecutionOptions = { sink: new NullSink(), cancelsAgain, mostOperations };
  const begunMs = performance.now();
  const budgetMs = Math.max(RETRIES.leastMs, firstMs);
  const tally = new FailureTally(signatureOf(forensic));
  while (tally.executions < (options.retries ?? RETRIES.times) && !options.signal.requested) {
    if (performance.now() - begunMs > budgetMs) break;
    try {
      const failure = await failureAgain(context, executionOptions);
      if (options.signal.requested) break;
      tally.count(failure && signatureOf({ ...failure, operation: failure.operation?.call ?? null }));
    } catch {
      // A service that cannot be reset any more says nothing about the rate.
      break;
    }
  }
  const { executions: attempts, same: failures, otherwise } = tally;
  if (attempts === 0) return;
  forensic.reproduction = { attempts, failures, ...(otherwise ? { otherwise } : {}) };
  forensic.message += ` Tried again ${timesText(attempts)} with the same plan, it failed the same way ${timesText(failures)}${tally.otherwiseText}.`;
  verdicts.note('tried again', forensic.reproduction);
}

async function failureAgain(
  context: LiveContext,
  executionOptions: ExecutionOptions,
): Promise<Failure | null> {
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
  return again.verdicts.failure;
}

function sometimes({ run, disturbance }: Execution, { exec }: LiveOptions): Record<string, number> {
  return {
    ...run.sometimes,
    ...(typeof exec === 'string'
      ? { 'the service was killed with requests under way': disturbance.killsInWork }
      : {}),
  };
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
