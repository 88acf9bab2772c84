/** One run against a live service, from its address to its verdict. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type EndReport,
  type Forensic,
  type JsonObject,
  type Reproducible,
  type RunConfig,
  signatureOf,
  splitCredentials,
  type ToldRules,
  timesText,
} from '../../../server/contract/index.ts';
import { parseThreshold } from '../../checkers/thresholds.ts';
import { faultRates } from '../../faults/profiles.ts';
import { beginWorkload, findScenario } from '../../scenarios/registry.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { Workload } from '../../scenarios/workload.ts';
import { resolveService, type ServiceAddress } from '../../targets/http/address.ts';
import { type HttpApi, NotPreparedError, type Send, Unanswered } from '../../targets/http/api.ts';
import { CookieJars } from '../../targets/http/cookies.ts';
import { WireFaultInjector } from '../../targets/http/faults.ts';
import { PREPARING_LIMIT_MS, resetWithin, setUpWithin } from '../../targets/http/preparing.ts';
import {
  answersAt,
  assertReachable,
  bareUrl,
  REACH_LIMIT_MS,
  unreachable,
} from '../../targets/http/reach.ts';
import { ServiceGroup } from '../../targets/http/service-group.ts';
import type { StartedService } from '../../targets/http/service-process.ts';
import { Wire } from '../../targets/http/wire.ts';
import { NullSink } from '../../telemetry/null.ts';
import type { Sink } from '../../telemetry/sink.ts';
import { engineVersions } from '../../versions.ts';
import { Counters } from '../counters.ts';
import { ErrorWatch } from '../error-watch.ts';
import { type Failure, unanswering } from '../failure.ts';
import { FailureTally } from '../failure-tally.ts';
import { composeForensic } from '../forensics.ts';
import {
  createRecorder,
  judgeThresholds,
  recordStart,
  reportEnd,
  sometimesOf,
  stopReason,
} from '../start-and-end.ts';
import { emptyTrace, type Trace } from '../trace.ts';
import { apiOf, citizensOf } from './api-of.ts';
import { ANSWER_LIMIT_MS } from './client.ts';
import { Disturbance } from './disturbance.ts';
import { GeneralPlan } from './general-plan.ts';
import type { FirstLookResult, LivePlan, LivePlanOptions } from './live-plan.ts';
import { LiveRun } from './live-run.ts';
import { LiveTime } from './live-time.ts';
import { LiveVerdicts } from './live-verdicts.ts';
import { plainSend } from './performance.ts';
import { type RunRules, runRulesOf, toldRulesOf } from './run-rules.ts';

const CITY_LIMIT_MS = 2_000;
/** Connections that are opened beforehand, at most. */
const MOST_OPENED = 16;
/** Looks that tell the service's clock, and the pause between them, in ms. */
const CLOCK_LOOKS = 24;
const CLOCK_PAUSE_MS = 50;
/** A failure is tried again so often, as far as the time allows. */
const RETRIES = { times: 5, leastMs: 20_000 } as const;
/** Trying again goes so much further than the run went before it failed. */
const FURTHER = 1.5;
/** Objects that a bundle shows. */
const SHOWN_OBJECTS = 200;

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
  /** How long the setup of the service may take, and a reset of it; 60 s unless it is given. */
  setupTimeoutMs?: number;
  /** Processes that `exec` starts; 1 unless it is given. */
  instances?: number;
  /** All URLs of the service, `target` first; that alone unless they are given. */
  targets?: readonly string[];
  /** How often a failure is tried again, at most; 5 unless it is given. */
  retries?: number;
  /** Filled with what the run did, for making it small. */
  trace?: Trace;
}

/** What all executions of one run have in common. */
interface LiveContext extends RunRules {
  readonly options: LiveOptions;
  readonly scenario: Scenario;
  /** Of all instances; the first is the run's target. */
  readonly addresses: readonly ServiceAddress[];
  readonly service: StartedService | null;
  readonly api: HttpApi;
  readonly jars: CookieJars;
}

/** What is particular about one execution of the plan. */
interface ExecutionOptions {
  sink: Sink;
  mostOperations: number | null;
}

/** One execution of the plan. */
interface Execution {
  /** What the API's own code failed with; null: it did not. */
  readonly broken: () => { error: unknown } | null;
  workload: Workload;
  plan: LivePlan;
  run: LiveRun;
  verdicts: LiveVerdicts;
  time: LiveTime;
  disturbance: Disturbance;
  wire: Wire;
}

/**
 * Executes a run against the service at `options.target`, sends its history to the sink and ends it there.
 * @throws Error when the run cannot begin: the URL is refused, or nobody answers there.
 */
export async function executeLive(options: LiveOptions): Promise<EndReport> {
  const scenario = findScenario(options.scenario);
  const api = apiOf(scenario);
  const rules = runRulesOf(api, options.config.rules);
  for (const threshold of options.config.thresholds) parseThreshold(threshold);
  const service = await serviceOf(options);
  const addresses = service?.addresses ?? (await resolveAll(options));
  const jars = new CookieJars();
  const context = { options, scenario, addresses, service, api, jars, ...rules };
  try {
    if (service) await service.start();
    else await assertReachable(addresses);
    return await supervised(context);
  } finally {
    await service?.close();
  }
}

async function resolveAll({ target, targets = [target] }: LiveOptions): Promise<ServiceAddress[]> {
  return await Promise.all(targets.map((each) => resolveService(each)));
}

/** The processes of the run's own service; null: it runs already. */
async function serviceOf({ exec, target, instances = 1 }: LiveOptions): Promise<ServiceGroup | null> {
  if (typeof exec !== 'string') return null;
  return await ServiceGroup.of(exec, await resolveService(target), instances, answersAt);
}

async function supervised(context: LiveContext): Promise<EndReport> {
  const { options, scenario, api } = context;
  const startedMs = performance.now();
  const versions = engineVersions();
  const executionOptions: ExecutionOptions = { sink: options.sink, mostOperations: null };
  const execution = await begun(context, executionOptions);
  const { verdicts, workload, run } = execution;
  const { recorder } = verdicts;
  const { signal } = options;
  const operations = scenario.operations.filter((operation) => api.offers(operation));
  const reached = () => sometimesOf(verdicts, sometimes(execution, options), operations);
  recorder.reached = reached;
  try {
    await setUp(context, execution);
    await reset(context, execution);
    recordStart(recorder, named(context), workload.world, scenario, versions);
    const first = await lookedAt(context, execution);
    if (!verdicts.failure) await carriedOut(execution, context);
    throwBroken(execution);
    if (!verdicts.failure && !signal.requested) judgeThresholds(verdicts, options.config);
    const failForensic = verdicts.failure ? await bundle(execution, context, versions, first.told) : null;
    finish(execution);
    if (failForensic && first.failure) {
      if (first.failure.reproduction) failForensic.reproduction = first.failure.reproduction;
    } else if (failForensic) {
      await tryAgain(context, failForensic, execution, performance.now() - startedMs);
    }
    return await reportEnd(verdicts, options.sink, {
      failForensic,
      stopped: signal.requested ? stopReason(signal) : null,
      planned: run.planned,
      sometimes: reached(),
      notTested: [...notTested(context), ...run.notTested],
      keysRepeated: run.keysRepeated,
    });
  } finally {
    finish(execution);
  }
}

/** All who will ever call, made known to the service once a run. */
async function setUp(
  { scenario, api, options, jars }: LiveContext,
  { workload, wire }: Execution,
): Promise<void> {
  const { config, setupTimeoutMs: limitMs = PREPARING_LIMIT_MS } = options;
  await setUpWithin({ api, wire, jars, limitMs }, citizensOf(scenario, workload, api, config));
}

async function reset(
  { api, options, jars }: LiveContext,
  { wire, workload }: Execution,
  world: JsonObject = workload.world,
): Promise<void> {
  const { setupTimeoutMs: limitMs = PREPARING_LIMIT_MS } = options;
  await resetWithin({ api, wire, jars, limitMs }, world);
}

/** The first look, before the city of the run is there; afterwards all rules are known. */
async function lookedAt(
  context: LiveContext,
  execution: Execution,
): Promise<FirstLookResult & { told: ToldRules }> {
  const { scenario, options, api } = context;
  const { verdicts } = execution;
  const isStopped = () => options.signal.requested;
  const first = (await firstLookOf(context, execution)) ?? { failure: null, learned: {} };
  const told = toldRulesOf(context, first.learned, scenario);
  verdicts.note('rules', { ...told });
  const { failure } = first;
  if (failure) {
    verdicts.fail({ ...failure, kind: 'invariant', operation: null, eventIndex: verdicts.lastIndex });
  } else if (scenario.live?.firstLook && !isStopped()) {
    await reset(context, execution).catch((error: unknown) => {
      // What an adapter's reset takes is not known here: that it was not done says nothing of the service.
      if (!(error instanceof NotPreparedError) || !api.isContract || isStopped()) throw error;
      verdicts.fail(noLongerPrepared(error, verdicts.lastIndex));
    });
  }
  return { ...first, told };
}

async function firstLookOf(context: LiveContext, execution: Execution): Promise<FirstLookResult | null> {
  const { scenario, api, jars, options, rules, declared } = context;
  const { wire, verdicts } = execution;
  const { offers, isContract } = api;
  const look = scenario.live?.firstLook;
  if (!look) return null;
  return await look({
    ...{ rules, declared, offers: (operation) => offers(operation), isContract },
    perform: (call) => api.perform(call, plainSend(wire, jars, ANSWER_LIMIT_MS)),
    raw: async (request) => {
      const headers = request.body === null ? {} : { 'content-type': 'application/json' };
      const sent = { ...request, headers: { ...headers, ...request.headers } };
      const exchange = await wire.exchange(sent, { deadlineMs: ANSWER_LIMIT_MS });
      return exchange.kind === 'answer' ? exchange : null;
    },
    reset: (world) => reset(context, execution, world),
    note: (what, data) => verdicts.note(what, data),
    isStopped: () => options.signal.requested,
    isShort: options.config.reduction !== null,
  });
}

/** What a PASS says nothing about. */
function notTested({ scenario, api, rules }: LiveContext): string[] {
  const operations = scenario.operations.filter((operation) => !api.offers(operation));
  return rules.keys ? operations : [...operations, 'keys'];
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

/** All that an execution needs but a fresh city. */
async function begun(
  { options, scenario, addresses, service, api, jars, rules }: LiveContext,
  { sink, mostOperations }: ExecutionOptions,
): Promise<Execution> {
  const { seed, config, signal } = options;
  const time = new LiveTime();
  const workload = beginWorkload(scenario, seed, config, rules, time.databaseMs());
  const counters = new Counters();
  const recorder = createRecorder({ ...options, sink }, workload, counters);
  const errors = new ErrorWatch(rules, config.reduction?.anyError ?? false);
  const objectNoun = scenario.objectNoun ?? 'object';
  const verdicts = new LiveVerdicts({ workload, recorder, counters, objectNoun, time, errors });
  const rates = faultRates(config);
  let broken: { error: unknown } | null = null;
  const isStopped = () => signal.requested || broken !== null;
  const wire = new Wire(addresses, config.concurrency);
  if (!(await wire.pin(REACH_LIMIT_MS))) throw unreachable(addresses[0] as ServiceAddress);
  const faults = new WireFaultInjector(seed, rates, config.reduction?.muted);
  const disturbance = new Disturbance({ seed, rates, service, verdicts, isStopped });
  const trace = (sink === options.sink ? options.trace : null) ?? emptyTrace();
  const plan = planOf(scenario, {
    ...{ seed, config, rules, workload, kills: disturbance.kills, burstRate: rates.burst ?? 0 },
    ...{ offers: (operation) => api.offers(operation), isContract: api.isContract },
    isGivenUp: (object) => verdicts.isGivenUp(object),
  });
  verdicts.alsoBroken = (call, reply) => plan.broken?.(call, reply) ?? null;
  const run = new LiveRun({
    ...{ seed, config, rules, workload, plan, api, wire, jars, faults, verdicts, time, disturbance },
    ...{ mostOperations, trace, isStopped },
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
  return { workload, plan, run, verdicts, time, disturbance, wire, broken: () => broken };
}

function planOf(scenario: Scenario, options: LivePlanOptions): LivePlan {
  return scenario.live?.plan?.(options) ?? new GeneralPlan(options);
}

async function carriedOut(execution: Execution, context: LiveContext): Promise<void> {
  const { run, verdicts, wire } = execution;
  const { signal, config } = context.options;
  verdicts.onFailure(() => wire.close());
  await openConnections(execution, context, Math.min(config.concurrency, MOST_OPENED));
  await run.attack();
  if (verdicts.failure || signal.requested) return;
  await run.settle();
  if (!verdicts.failure && !signal.requested) await audited(execution, context);
}

/** The whole city at rest, where the API has such a look. */
async function audited({ wire, verdicts }: Execution, { api, jars }: LiveContext): Promise<void> {
  if (!api.inspect) return;
  verdicts.audited(await api.inspect(plainSend(wire, jars, ANSWER_LIMIT_MS)));
}

/**
 * Looks so often at once, which nobody judges: what is to meet later leaves on connections that are open. Where time
 * matters it looks on for a bit more than a second, in which the dates of the answers tell the service's clock.
 */
async function openConnections(execution: Execution, context: LiveContext, count: number): Promise<void> {
  const { workload, time, verdicts } = execution;
  const look = lookOf(execution, context);
  if (look === null) return;
  await Promise.all(Array.from({ length: count }, look));
  if (!workload.model.timed) return;
  for (let i = 0; i < CLOCK_LOOKS && !context.options.signal.requested; i++) {
    await look();
    await delay(CLOCK_PAUSE_MS);
  }
  verdicts.note('clock', { aheadMs: time.aheadMs });
}

/** Looks at one object; null: the API has no look. */
function lookOf(
  { plan, workload, wire, time }: Execution,
  { api, jars }: LiveContext,
): (() => Promise<unknown>) | null {
  const look = plan.quietLooks(workload.objects.slice(0, 1)).find(({ call }) => api.offers(call.operation));
  if (!look) return null;
  const call = { ...look.call, citizen: look.actor };
  const plain = plainSend(wire, jars, CITY_LIMIT_MS);
  const send: Send = async (request, options) => {
    const sentMs = time.databaseMs();
    const answer = await plain(request, options);
    time.learn(answer.headers['date'], sentMs, time.databaseMs());
    return answer;
  };
  return () => api.perform(call, send).catch(() => null);
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
  rules: ToldRules,
): Promise<Forensic> {
  const { options, service } = context;
  const failure = verdicts.failure;
  if (!failure) throw new Error('A bundle needs a failure.');
  await disturbance.up();
  const hasCredentials = splitCredentials(options.target).credentials !== undefined;
  const isOfTheRun = failure.object === null || workload.objects.includes(failure.object);
  // An adapter that cannot say any more takes nothing from the verdict.
  const city = await inspected(context, workload.objects, failure.object).catch(() => null);
  const about = { ...named(context), exec: options.exec ?? null, versions, city, rules, hasCredentials };
  const forensic = composeForensic(isOfTheRun ? failure : { ...failure, object: null }, verdicts, about);
  return service ? { ...forensic, process: { service: service.report() } } : forensic;
}

/** The run as it is stored: without the user and password of its address. */
function named({ options: { scenario, seed, config }, addresses }: LiveContext): Reproducible {
  return { scenario, target: bareUrl(addresses[0] as ServiceAddress), seed, config };
}

/** The city as the service shows it, as far as it answers; the failed object first. */
async function inspected(
  { addresses, api, jars, scenario }: LiveContext,
  objects: readonly string[],
  failed: string | null,
): Promise<unknown> {
  const look = scenario.live?.look;
  const wire = new Wire(addresses, 4);
  try {
    if (!(await wire.pin(CITY_LIMIT_MS))) return null;
    if (api.inspect) return await api.inspect(plainSend(wire, jars, CITY_LIMIT_MS));
    if (!look) return null;
    const ids = [...new Set([...(failed === null ? [] : [failed]), ...objects])].slice(0, SHOWN_OBJECTS);
    const views: unknown[] = [];
    const limitMs = performance.now() + CITY_LIMIT_MS;
    for (const object of ids) {
      const { call, actor } = look(object);
      if (!api.offers(call.operation) || performance.now() > limitMs) break;
      const send = plainSend(wire, jars, Math.max(1, limitMs - performance.now()));
      const reply = await api.perform({ ...call, citizen: actor }, send).catch(unansweredAsNull);
      if (reply === null) break;
      if (reply.outcome === 'ok') views.push(reply.value);
    }
    return views;
  } finally {
    wire.close();
  }
}

function unansweredAsNull(error: unknown): null {
  if (error instanceof Unanswered) return null;
  throw error;
}

/**
 * Executes the plan again, unrecorded, as far as it went before it failed and a bit further, to learn how
 * surely it fails. Adds the rate to the bundle.
 */
async function tryAgain(
  context: LiveContext,
  forensic: Forensic,
  { verdicts, run }: Execution,
  firstMs: number,
): Promise<void> {
  if (forensic.kind === 'threshold') return;
  const { options } = context;
  const mostOperations = Math.ceil(run.planned * FURTHER) + options.config.concurrency * 4;
  const executionOptions: ExecutionOptions = { sink: new NullSink(), mostOperations };
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
    await reset(context, again);
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
