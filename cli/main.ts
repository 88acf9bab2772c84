/** The process edge: argv, streams, signals, what is taken down at the end, and the exit code. */
import { cacheCompiledCode } from './process/compile-cache.ts';
import { type Context, type LeaveSignal, wantsUnicode } from './process/context.ts';
import { CliError, EXIT, messageOf } from './process/errors.ts';
import { systemRefusal } from './process/system-errors.ts';

// Before the code of any command is loaded.
cacheCompiledCode();

const SIGNAL_EXIT: Record<LeaveSignal, number> = { SIGINT: EXIT.interrupted, SIGTERM: 143, SIGHUP: 129 };

const takeDowns: (() => Promise<void>)[] = [];
const putRights: (() => void)[] = [];
const handlers: ((signal: LeaveSignal) => void)[] = [];
const leaving = new AbortController();
let signalsAfterLeaving = 0;

/** What a terminal gets for a text: another one where it cannot show more than ASCII. */
let shown = (text: string): string => text;

const context: Context = {
  env: process.env,
  // Asked for by whoever needs it: it may be gone.
  get cwd() {
    return process.cwd();
  },
  isTerminal: {
    stdin: process.stdin.isTTY === true,
    stdout: process.stdout.isTTY === true,
    stderr: process.stderr.isTTY === true,
  },
  columns: () => process.stdout.columns ?? process.stderr.columns,
  out: (text) =>
    new Promise((resolve) => {
      if (process.stdout.write(process.stdout.isTTY ? shown(text) : text)) resolve();
      else process.stdout.once('drain', resolve);
    }),
  err: (text) => say(process.stderr.isTTY ? shown(text) : text),
  leaving: leaving.signal,
  onSignal: (handler) => register(handlers, handler),
  leave,
  atExit: (takeDown) => register(takeDowns, takeDown),
  atExitSync: (putRight) => register(putRights, putRight),
};

function register<T>(list: T[], item: T): () => void {
  list.push(item);
  return () => {
    const at = list.indexOf(item);
    if (at >= 0) list.splice(at, 1);
  };
}

/** How long a command has to return once it was asked to leave, in ms. */
const LEAVE_GRACE_MS = 5_000;

function leave(exitCode: number): void {
  if (leaving.signal.aborted) return;
  leaving.abort(exitCode);
  setTimeout(() => void finishOnce(exitCode), LEAVE_GRACE_MS).unref();
}

function receive(signal: LeaveSignal): void {
  const handler = handlers.at(-1);
  // A hang-up is never a wish to stop gracefully: nobody is there to see it.
  if (handler && signal === 'SIGINT' && !leaving.signal.aborted) {
    handler(signal);
    return;
  }
  if (leaving.signal.aborted && ++signalsAfterLeaving >= 2) process.exit(SIGNAL_EXIT[signal]);
  leave(SIGNAL_EXIT[signal]);
}

async function takeEverythingDown(): Promise<void> {
  for (let takeDown = takeDowns.pop(); takeDown; takeDown = takeDowns.pop()) {
    await takeDown().catch((error) => report(error));
  }
}

/** What cannot be said (the disk on which stderr goes is full) is not said; it is no reason to end what is under way. */
function say(text: string): void {
  try {
    process.stderr.write(text);
  } catch {}
}

function report(thrown: unknown): void {
  const error = thrown instanceof CliError ? thrown : (systemRefusal(thrown) ?? thrown);
  if (error instanceof CliError) {
    say(`simcity: ${error.message}\n${error.hint === undefined ? '' : `  ${error.hint}\n`}`);
    return;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  say(`simcity: an error inside SimCity: ${text}\n`);
}

function restoreTerminal(): void {
  for (let putRight = putRights.pop(); putRight; putRight = putRights.pop()) putRight();
}

/** How long taking everything down may last, in ms; beyond, the children notice that their parent is gone. */
const TAKE_DOWN_MS = 30_000;

async function finish(exitCode: number): Promise<never> {
  restoreTerminal();
  setTimeout(() => process.exit(exitCode), TAKE_DOWN_MS).unref();
  await takeEverythingDown();
  await Promise.all([written(process.stdout), written(process.stderr)]);
  process.exit(exitCode);
}

/** Resolves once a reader that is slower than we are has got everything: what still waits would be lost by the exit. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.destroyed || stream.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => {
    stream.write('', () => resolve());
    stream.once('close', resolve);
  });
}

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  // Answered before anything is loaded, so that asking costs little more than bare Node.
  if ((argv[0] === '--version' || argv[0] === '-V') && (argv.length === 1 || argv[1] === '--verbose')) {
    const { VERSION, versionLines } = await import('./process/version.ts');
    await context.out(`${argv.length === 1 ? VERSION : versionLines()}\n`);
    return EXIT.pass;
  }
  if ((process.stdout.isTTY || process.stderr.isTTY) && !wantsUnicode(process.env)) {
    const { toAscii } = await import('./terminal/ascii.ts');
    shown = toAscii;
  }
  const { runProgram } = await import('./program.ts');
  return runProgram(context, argv);
}

/** What a write fails with when its reader went away: a pipe (`| head`), a terminal that was closed. */
const READER_GONE = new Set(['EPIPE', 'EIO', 'ENXIO', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);

/**
 * A reader that went away is no error: what was hosted is taken down, quietly. Nothing is written about
 * it, because each word to a closed terminal would fail again, and for ever.
 */
function leaveQuietlyWithoutReader(error: NodeJS.ErrnoException): void {
  if (!READER_GONE.has(error.code ?? '')) throw error;
  leave(EXIT.pass);
  void finishOnce(EXIT.pass);
}

let finishing: Promise<never> | null = null;

function finishOnce(exitCode: number): Promise<never> {
  finishing ??= finish(exitCode);
  return finishing;
}

process.stdout.on('error', leaveQuietlyWithoutReader);
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (READER_GONE.has(error.code ?? '')) leaveQuietlyWithoutReader(error);
});
process.on('exit', restoreTerminal);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => receive(signal));
process.on('uncaughtException', (error) => {
  // What fails while everything is taken down already changes nothing any more.
  if (finishing) return;
  restoreTerminal();
  report(error);
  void finishOnce(EXIT.unreachable);
});

main().then(
  (exitCode) => finishOnce(leaving.signal.aborted ? Number(leaving.signal.reason) : exitCode),
  (error: unknown) => {
    restoreTerminal();
    const left = leaving.signal.aborted;
    if (!left) report(error);
    const failed = error instanceof CliError ? error.exitCode : EXIT.unreachable;
    return finishOnce(left ? Number(leaving.signal.reason) : failed);
  },
);
