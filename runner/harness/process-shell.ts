/** The process of one run: joins a session to this process's streams, signals and exit code. */
import { createRedactor, secretsOfEnvironment } from '../../server/contract/index.ts';
import { HARNESS_EXIT } from './exit-codes.ts';
import { watchParent } from './orphan-watchdog.ts';
import { type Execute, runSession } from './session.ts';
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
  watchParent(ORPHAN_KILL_MS);
  const stop = new StopControl();
  process.on('SIGTERM', () => stop.request('the harness was told to end (SIGTERM)'));
  // A Ctrl-C in the runner's terminal is the runner's to pass on.
  process.on('SIGINT', () => undefined);
  const code = await runSession({
    execute,
    input: process.stdin,
    stop,
    say: (line) => process.stdout.write(`${line}\n`),
    log,
  });
  process.exit(code);
}

function crash(error: unknown): void {
  const { message, name, stack } = error instanceof Error ? error : new Error(String(error));
  log({ message, error: name, stack });
  process.exit(HARNESS_EXIT.crashed);
}

const redactor = createRedactor(secretsOfEnvironment(process.env));

function log(record: Record<string, unknown>): void {
  const line = JSON.stringify({ time: new Date().toISOString(), ...record });
  process.stderr.write(`${redactor.text(line)}\n`);
}
