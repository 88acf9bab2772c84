/** One run against a live service, from its address to its verdict. */
import packageJson from '../../../package.json' with { type: 'json' };
import type { EndReport, Forensic, JsonObject, RunConfig } from '../../../server/contract/index.ts';
import { firstCrossed, parseThreshold } from '../../checkers/thresholds.ts';
import { faultRates } from '../../faults/profiles.ts';
import { shellWord } from '../../reproduce.ts';
import type { BookingCall, BookingWorld } from '../../scenarios/bookings/calls.ts';
import { beginPlay, findScenario } from '../../scenarios/registry.ts';
import type { Play } from '../../scenarios/scenario.ts';
import { resolveService, type ServiceAddress } from '../../targets/http/address.ts';
import { replyOf, requestOf, resetRequest } from '../../targets/http/contract.ts';
import { WireFaultPlan } from '../../targets/http/faults.ts';
import { ServiceProcess } from '../../targets/http/service-process.ts';
import { Wire } from '../../targets/http/wire.ts';
import type { Sink } from '../../telemetry/sink.ts';
import { Counters } from '../counters.ts';
import { composeForensic } from '../forensics.ts';
import { Recorder } from '../recorder.ts';
import { Disturbance } from './disturbance.ts';
import { LiveRun } from './live-run.ts';
import { SILENT_SINK } from './silent-sink.ts';
import { Verdicts } from './verdicts.ts';

const RESET_LIMIT_MS = 10_000;
const CITY_LIMIT_MS = 2_000;
/** A failure is tried again so often, as far as the time allows. */
const RETRIES = { times: 5, leastMs: 20_000 } as const;
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
}

/** One execution of the plan. */
interface Execution {
  play: Play<BookingCall>;
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
  try {
    if (service) await service.start();
    else if (!(await probe.pin(REACH_LIMIT_MS))) throw unreachable(address);
    return await supervised(options, address, service);
  } finally {
    probe.close();
    await service?.close();
  }
}

async function supervised(
  options: LiveOptions,
  address: ServiceAddress,
  service: ServiceProcess | null,
): Promise<EndReport> {
  const startedMs = performance.now();
  const versions = { simcity: packageJson.version, node: process.versions.node };
  const execution = await begun(options, options.sink, address, service);
  const { verdicts, play } = execution;
  const { recorder } = verdicts;
  try {
    const { scenario, seed, config } = options;
    const target = withoutCredentials(address.url);
    recorder.record(0, 'start', 'city', { scenario, target, seed, config, ...play.world, versions });
    await carriedOut(execution, options);
    if (!verdicts.failure && !options.signal.requested) judgeThresholds(execution, options.config);
    const failForensic = verdicts.failure
      ? await bundle(execution, options, address, service, versions)
      : null;
    finish(execution);
    if (failForensic)
      await tryAgain(options, address, service, failForensic, verdicts, performance.now() - startedMs);
    return await report(execution, options, failForensic);
  } finally {
    finish(execution);
  }
}

/** A fresh city, and all that an execution needs. */
async function begun(
  options: LiveOptions,
  sink: Sink,
  address: ServiceAddress,
  service: ServiceProcess | null,
): Promise<Execution> {
  const { seed, config, signal } = options;
  if (options.scenario !== 'bookings') {
    throw new Error(
      `A service at a URL is a booking service: the scenario "${options.scenario}" cannot drive it.`,
    );
  }
  const play = beginPlay(findScenario(options.scenario), seed, config) as Play<BookingCall>;
  const counters = new Counters();
  const recorder = new Recorder({
    sink,
    snapshotEvery: config.snapshotEvery,
    metrics: () => ({ ...play.metrics(), ...counters.metrics() }),
    now: options.now ?? (() => new Date()),
  });
  const verdicts = new Verdicts(play, recorder, counters);
  const rates = faultRates(config);
  const isStopped = () => signal.requested;
  const wire = new Wire(address, config.concurrency);
  if (!(await wire.pin(REACH_LIMIT_MS))) throw unreachable(address);
  await reset(wire, play.world as BookingWorld);
  const faults = new WireFaultPlan(seed, rates);
  const disturbance = new Disturbance({ seed, rates, service, verdicts, isStopped });
  const run = new LiveRun({ seed, config, play, wire, faults, verdicts, disturbance, isStopped });
  signal.onRequest(() => {
    run.wake();
    wire.close();
  });
  return { play, run, verdicts, disturbance, wire };
}

async function reset(wire: Wire, world: BookingWorld): Promise<void> {
  const exchange = await wire.exchange(resetRequest(world), { deadlineMs: RESET_LIMIT_MS });
  if (exchange.kind === 'answer' && exchange.status === 204) return;
  const what =
    exchange.kind === 'none'
      ? `got no answer (${exchange.cause})`
      : `was answered ${exchange.status}: ${exchange.body.slice(0, 200)}`;
  throw new Error(
    `The service cannot be prepared: POST /admin/reset ${what}. The contract asks for 204; is this the booking service?`,
  );
}

async function carriedOut({ run, verdicts, wire }: Execution, { signal }: LiveOptions): Promise<void> {
  verdicts.onFailure(() => wire.close());
  await run.attack();
  if (!verdicts.failure && !signal.requested) await run.settle();
}

function finish({ disturbance, wire }: Execution): void {
  disturbance.close();
  wire.close();
}

function judgeThresholds({ verdicts, play }: Execution, config: RunConfig): void {
  const metrics = { ...play.metrics(), ...verdicts.counters.metrics() };
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
  { verdicts, play, disturbance }: Execution,
  options: LiveOptions,
  address: ServiceAddress,
  service: ServiceProcess | null,
  versions: Record<string, string>,
): Promise<Forensic> {
  const failure = verdicts.failure;
  if (!failure) throw new Error('A bundle needs a failure.');
  await disturbance.up();
  const city = await inspected(address, play.objects, failure.object);
  const { scenario, seed, config } = options;
  const target = withoutCredentials(address.url);
  const forensic = composeForensic(failure, {
    ...{ scenario, target, seed, config, versions, city },
    show: (object, state) => play.show(object, state),
    simulation: verdicts,
    recorder: verdicts.recorder,
  });
  if (!service || typeof options.exec !== 'string') return forensic;
  const reproduce = `${forensic.reproduce} --exec ${shellWord(options.exec)}`;
  return { ...forensic, reproduce, process: { service: service.report() } };
}

/** The city as the service shows it, as far as it answers; the failed slot first. */
async function inspected(
  address: ServiceAddress,
  objects: readonly string[],
  failed: string | null,
): Promise<unknown> {
  const wire = new Wire(address, 4);
  try {
    if (!(await wire.pin(CITY_LIMIT_MS))) return null;
    const ids = [...new Set([...(failed === null ? [] : [failed]), ...objects])].slice(0, SHOWN_SLOTS);
    const views: unknown[] = [];
    const limitMs = performance.now() + CITY_LIMIT_MS;
    for (const slot of ids) {
      const call = { operation: 'read', slot } as const;
      const deadlineMs = Math.max(1, limitMs - performance.now());
      const exchange = await wire.exchange(requestOf(call), { deadlineMs });
      if (exchange.kind === 'none') break;
      const reply = replyOf(call, exchange.status, exchange.body);
      if (reply.outcome === 'ok') views.push(reply.value);
    }
    return views;
  } finally {
    wire.close();
  }
}

/** Executes the plan again, unrecorded, to learn how surely it fails. Adds the rate to the bundle. */
async function tryAgain(
  options: LiveOptions,
  address: ServiceAddress,
  service: ServiceProcess | null,
  forensic: Forensic,
  { recorder, now }: Verdicts,
  firstMs: number,
): Promise<void> {
  if (forensic.kind === 'threshold') return;
  const begunMs = performance.now();
  const budgetMs = Math.max(RETRIES.leastMs, firstMs);
  let attempts = 0;
  let failures = 0;
  while (attempts < (options.retries ?? RETRIES.times) && !options.signal.requested) {
    if (performance.now() - begunMs > budgetMs) break;
    try {
      if (service && !service.running) await service.start();
      const again = await begun(options, SILENT_SINK, address, service);
      try {
        await carriedOut(again, options);
      } finally {
        finish(again);
        await again.disturbance.up();
      }
      if (options.signal.requested) break;
      attempts++;
      if (again.verdicts.failure) failures++;
    } catch {
      // A service that cannot be reset any more says nothing about the rate.
      break;
    }
  }
  if (attempts === 0) return;
  forensic.reproduction = { attempts, failures };
  forensic.message += ` Tried again ${attempts} ${attempts === 1 ? 'time' : 'times'} with the same plan, it failed ${failures} ${failures === 1 ? 'time' : 'times'}.`;
  recorder.record(now, 'note', 'city', { what: 'tried again', attempts, failures });
}

async function report(
  { run, verdicts, play, disturbance }: Execution,
  options: LiveOptions,
  failForensic: Forensic | null,
): Promise<EndReport> {
  const { recorder, counters } = verdicts;
  const stopped = options.signal.requested && !failForensic;
  const status = failForensic ? 'FAIL' : stopped ? 'STOPPED' : 'PASS';
  const reason = stopped ? (options.signal.reason ?? 'asked to stop') : null;
  const sometimes: Record<string, number> = {
    ...play.sometimes(),
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
  const request = requestOf({ operation: 'list' });
  return (await probe.pin(1_000)) && (await probe.exchange(request, { deadlineMs: 1_000 })).kind === 'answer';
}

function unreachable(address: ServiceAddress): Error {
  return new Error(
    `Nobody accepts a connection at ${withoutCredentials(address.url)}. Start the service, or let the run start it with --exec 'COMMAND'.`,
  );
}

function withoutCredentials(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href.replace(/\/$/, '');
}
