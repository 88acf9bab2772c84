/**
 * One run inside its process: reads the order, hears of stops and of its runner's end, executes, and answers
 * with the exit code. The process itself (streams, signals, exit) is `process-shell.ts`.
 */

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import {
  createRedactor,
  ENGINE_GENERATION,
  type EndReport,
  type GateOrder,
  type HarnessOrder,
  harnessMessageSchema,
  harnessOrderSchema,
  type Modules,
  type Repeat,
  type RunConfig,
} from '../../server/contract/index.ts';
import { harnessSecrets } from '../secrets.ts';
import { HttpSink, type HttpSinkOptions } from '../telemetry/http.ts';
import { LeaseLostError, type Sink, SinkClosedError, TelemetryRefusedError } from '../telemetry/sink.ts';
import { createSupabasePoster } from '../telemetry/supabase.ts';
import { HARNESS_EXIT } from './exit-codes.ts';
import { NotBegunError } from './run-fault.ts';
import type { StopControl } from './stop-control.ts';

/** The engine, as far as a process needs to know it. It emits everything and calls `sink.end()` itself. */
export type Execute = (options: {
  scenario: string;
  target: string;
  seed: number;
  config: RunConfig;
  /** What of the run is stored already; null: nothing. */
  repeat: Repeat | null;
  targetUrl: string | null;
  /** What the city is called; left out or null: nobody looks for it. */
  cityName?: string | null;
  exec: string | null;
  /** The database of a gated run; left out: it has no gate. */
  gate?: GateOrder | null;
  /** All URLs of a service that has several. */
  targets?: readonly string[];
  /** Files of the user's to load first. */
  modules: Modules | undefined;
  sink: Sink;
  signal: StopControl;
}) => Promise<EndReport>;

export interface HarnessOptions {
  execute: Execute;
  /** The lines from the runner: the order first, then messages; its end means that the runner is gone. */
  input: Readable;
  stop: StopControl;
  /** Resolves when the process is told to end (SIGTERM) although nobody asked for a stop. */
  told?: Promise<void>;
  /** Takes one line of JSON for the runner: signs of life. */
  say: (line: string) => void;
  /** Takes one record for stderr. */
  log: (record: Record<string, unknown>) => void;
  /** What a harness without a runner gets to wind down, in ms. */
  orphanGraceMs?: number;
  /** How often it says that it lives, in ms. */
  aliveEveryMs?: number;
  /** How long it waits for its order, in ms. */
  orderWithinMs?: number;
}

const ORDER_WITHIN_MS = 60_000;
/** How often it looks whether that is over: a process that slept meanwhile has not waited. */
const LOOKS = 60;

/** Runs the harness to its end and returns the exit code. Never rejects. */
export async function runHarness(options: HarnessOptions): Promise<number> {
  const orphaned = Promise.withResolvers<'orphaned'>();
  const firstLine = Promise.withResolvers<string | null>();
  const lines = createInterface({ input: options.input, crlfDelay: Number.POSITIVE_INFINITY });
  let heard = 0;
  lines.on('line', (line) => {
    heard += 1;
    if (heard === 1) firstLine.resolve(line);
    else hear(line, options);
  });
  lines.once('close', () => {
    firstLine.resolve(null);
    orphaned.resolve('orphaned');
  });
  const line = await inTime(firstLine.promise, options.orderWithinMs ?? ORDER_WITHIN_MS);
  const order = readOrder(line, options.log);
  if (!order) return HARNESS_EXIT.noOrder;

  const failed = Promise.withResolvers<Error>();
  const sink = new HttpSink({
    serverUrl: order.serverUrl,
    runId: order.runId,
    token: order.token,
    ...posterOf(order),
    redactor: createRedactor(harnessSecrets(order, process.env)),
    onStop: (reason) => options.stop.request(reason),
    onFailure: (error) => failed.resolve(error),
    onRetry: (why, attempt) => {
      // The first and then ever fewer: a server that is away for an hour does not fill the log.
      if (Number.isInteger(Math.log2(attempt)))
        options.log({ message: 'telemetry is sent again', why, attempt });
    },
  });
  // At once as well: from now on a silence is that of a loop which never turns.
  options.say(aliveLine(sink));
  const alive = setInterval(() => options.say(aliveLine(sink)), options.aliveEveryMs ?? 1_000);
  const told = options.told?.then(() => 'told' as const) ?? new Promise<never>(() => undefined);
  try {
    return await settle(options, order, sink, Promise.race([orphaned.promise, told]), failed.promise);
  } finally {
    clearInterval(alive);
    lines.close();
  }
}

/** Null when it does not come: a container to which nobody is attached would wait for ever. */
async function inTime(line: Promise<string | null>, limitMs: number): Promise<string | null> {
  const late = Promise.withResolvers<null>();
  let left = LOOKS;
  const looking = setInterval(() => {
    left -= 1;
    if (left === 0) late.resolve(null);
  }, limitMs / LOOKS);
  try {
    return await Promise.race([line, late.promise]);
  } finally {
    clearInterval(looking);
  }
}

/** Another way than the server's API, when the order names one. */
function posterOf({ supabase, runId, token }: HarnessOrder): Pick<HttpSinkOptions, 'poster'> {
  if (!supabase) return {};
  return { poster: (timeoutMs) => createSupabasePoster(supabase, { runId, token }, timeoutMs) };
}

/** Waits for whatever comes first: the verdict, an error of the engine or of the sink, or the runner's end. */
async function settle(
  options: HarnessOptions,
  order: HarnessOrder,
  sink: HttpSink,
  deserted: Promise<Desertion>,
  failed: Promise<Error>,
): Promise<number> {
  const { scenario, target, seed, config, repeat, targetUrl, cityName, exec, gate, targets, modules } = order;
  const engine = Promise.resolve().then(() =>
    options.execute({
      ...{ scenario, target, seed, config, repeat, targetUrl, cityName, exec, gate, targets, modules },
      sink,
      signal: options.stop,
    }),
  );
  const verdict = engine.then(
    () => null,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  const first = await Promise.race([verdict, failed, deserted]);
  if (first === null) {
    options.say(aliveLine(sink));
    return HARNESS_EXIT.delivered;
  }
  if (typeof first === 'string') {
    await windDown(options, sink, verdict, DESERTED[first]);
    options.log({ message: `${DESERTED[first]}: the harness ends without a verdict` });
    return HARNESS_EXIT[first];
  }
  options.log({ message: first.message, error: first.name, stack: first.stack });
  // The engine gets a moment to clean its city up; the sink that failed makes it end soon.
  sink.close(first);
  options.stop.request(first.message);
  await within(verdict, options.orphanGraceMs ?? 2_000);
  return exitCodeOf(first);
}

function exitCodeOf(error: Error): number {
  if (error instanceof LeaseLostError) return HARNESS_EXIT.leaseLost;
  if (error instanceof NotBegunError) return HARNESS_EXIT.notBegun;
  const differs = error instanceof TelemetryRefusedError && error.code === 'not_deterministic';
  return differs ? HARNESS_EXIT.differs : HARNESS_EXIT.crashed;
}

/** Why a harness ends although nobody asked its run to. */
type Desertion = 'orphaned' | 'told';
const DESERTED: Record<Desertion, string> = {
  orphaned: 'the runner is gone',
  told: 'the harness was told to end (SIGTERM)',
};

/**
 * Stops a run that nobody asked to stop. What happened is delivered as far as the grace allows, but no verdict: the
 * attempt is lost, and its runner or the end of its lease tells so.
 */
async function windDown(
  options: HarnessOptions,
  sink: HttpSink,
  verdict: Promise<unknown>,
  why: string,
): Promise<void> {
  const flushed = sink.flush().catch(() => undefined);
  sink.refuseEnd(new SinkClosedError(`Without a verdict: ${why}.`));
  options.stop.request(why);
  await within(Promise.all([flushed, verdict]), options.orphanGraceMs ?? 2_000);
  sink.close();
}

function readOrder(line: string | null, log: HarnessOptions['log']): HarnessOrder | null {
  if (line === null) {
    log({ message: 'no order came: the first line on stdin must be one' });
    return null;
  }
  const order = harnessOrderSchema.safeParse(parse(line));
  if (!order.success) {
    // Paths and codes only: the line holds secrets.
    const issues = order.error.issues.map(({ path, code }) => `${path.join('.') || '(the line)'}: ${code}`);
    log({ message: 'the order on stdin cannot be read', issues });
    return null;
  }
  const { generation } = order.data;
  if (generation === ENGINE_GENERATION) return order.data;
  log({
    message: `this harness has generation ${ENGINE_GENERATION} of the engine and its runner has ${generation}: give both one version of SimCity (SIMCITY_IMAGE names the harness's image)`,
  });
  return null;
}

function hear(line: string, options: HarnessOptions): void {
  const message = harnessMessageSchema.safeParse(parse(line));
  if (message.success) options.stop.request(message.data.stop.reason);
  else options.log({ message: 'a line on stdin is no message and is passed over' });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function aliveLine(sink: HttpSink): string {
  const { taken, waiting, answered, delivered } = sink;
  return JSON.stringify({ alive: { taken, waiting, answered, delivered } });
}

async function within(work: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work.catch(() => undefined), limit]);
  clearTimeout(timer);
}
