/** The process of one run: joins a harness to this process's streams, signals and exit code. */
import { createRedactor, secretsOfEnvironment } from '../../server/contract/index.ts';
import { filesOfUser } from '../modules/loaded.ts';
import { placeIn, placeText } from '../modules/place.ts';
import { GATE_SECRETS } from '../secrets.ts';
import { HARNESS_EXIT } from './exit-codes.ts';
import { FollowedSink } from './followed-sink.ts';
import { type Execute, runHarness } from './harness-run.ts';
import type { LastWords } from './last-words.ts';
import { watchParent } from './orphan-watchdog.ts';
import { StopControl } from './stop-control.ts';

/** Above what an orphan takes to wind down. */
const ORPHAN_KILL_MS = 6_000;

/** Runs `execute` for the order on stdin, and exits. stdout carries signs of life, stderr the log. */
export async function runHarnessProcess(execute: Execute): Promise<void> {
  // A runner that is gone has closed these: writing to them must not end the process before it winds down.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  process.exit = exitTold;
  watchParent(ORPHAN_KILL_MS);
  const stop = new StopControl();
  const told = Promise.withResolvers<void>();
  // Its runner asks for a stop before it sends one; anybody else's ends the attempt without a verdict.
  process.on('SIGTERM', () => {
    if (!stop.requested) told.resolve();
  });
  // A Ctrl-C in the runner's terminal is the runner's to pass on.
  process.on('SIGINT', () => undefined);
  const code = await runHarness({
    execute: (order) => {
      followed = FollowedSink.over(order.sink);
      return execute({ ...order, sink: followed });
    },
    input: process.stdin,
    stop,
    told: told.promise,
    say: (line) => process.stdout.write(`${line}\n`),
    log,
  });
  exit(code);
}

const exit = process.exit.bind(process);
/** The history of the run, once its order has come. */
let followed: FollowedSink | null = null;

/** Tells of an end that the user's code brings about: from outside it looks like one of the harness's own. */
function exitTold(code?: number | string | null): never {
  const blame = blameIn(new Error().stack);
  if (blame) log({ message: `it called process.exit(${code ?? ''})`, error: 'ProcessExit', ...blame });
  return exit(code);
}

function crash(error: unknown): void {
  const { message, name, stack } = error instanceof Error ? error : new Error(String(error));
  log({ message, error: name, stack, ...blameIn(stack) });
  exit(HARNESS_EXIT.crashed);
}

/** Whose code it was, where, and whether the run had begun; null: none of the user's. */
function blameIn(stack: string | undefined): Omit<LastWords, 'message'> | null {
  const place = placeIn(stack, filesOfUser());
  return place && { by: place.role, at: placeText(place), hasBegun: (followed?.next ?? 0) > 0 };
}

const redactor = createRedactor([...GATE_SECRETS, ...secretsOfEnvironment(process.env)]);

function log(record: Record<string, unknown>): void {
  const line = JSON.stringify({ time: new Date().toISOString(), ...record });
  process.stderr.write(`${redactor.text(line)}\n`);
}
