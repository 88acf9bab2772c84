/** One process of SimCity, started as a child that cannot outlive this one. */
import { createWriteStream, existsSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Child, exitText } from '../../server/contract/child-process/child.ts';
import { OutputTail } from '../../server/contract/child-process/output-tail.ts';
import type { Ready } from '../../server/contract/process.ts';
import { firstLine, parseReady } from '../../server/contract/ready-line.ts';
import { CliError, EXIT } from '../process/errors.ts';
import { safeLines, safeText } from '../run/sanitize.ts';
import { openLog } from './private-files.ts';

export type PartName = 'database' | 'server' | 'runner';

export interface PartOptions {
  name: PartName;
  args?: string[];
  env: Readonly<Record<string, string | undefined>>;
  /** Folder for `<name>.log`. */
  logDir: string;
  /** Limit for the ready line, in ms. */
  readyMs?: number;
}

export interface Part {
  readonly name: PartName;
  readonly pid: number;
  readonly ready: Extract<Ready, { ready: PartName }>;
  /** Resolves when the process is gone, with how it went. */
  readonly exited: Promise<string>;
  /** Asks it to end, and kills it when it does not. */
  stop(): Promise<void>;
  /** Ends it at once, with all that it works on. */
  kill(): void;
}

const READY_MS = 60_000;
/**
 * What a part gets to end, in ms: longer than its own limits. A runner gives its harnesses up to 24 s, and killed
 * before that it would leave them behind; a database that checkpoints may need a while.
 */
const STOP_MS: Record<PartName, number> = { runner: 24_800, server: 10_000, database: 16_000 };

/**
 * What a server takes for objects and buffers that live for a moment grows with the load, whoever causes it, and stays.
 * So its space for young objects is half the default, and the C library gives back what is free.
 */
const FRUGAL = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_TRIM_THRESHOLD_: '131072',
  NODE_OPTIONS: '--max-semi-space-size=8',
};

/** The environment of a part. What its operator says of memory goes before what a server says by itself. */
function environmentOf({ name, env }: PartOptions): PartOptions['env'] {
  if (name !== 'server') return env;
  return { ...FRUGAL, ...env, NODE_OPTIONS: `${FRUGAL.NODE_OPTIONS} ${env['NODE_OPTIONS'] ?? ''}`.trim() };
}

/** Starts a part and waits for its ready line. @throws CliError with what it said when it does not get ready. */
export async function startPart(options: PartOptions): Promise<Part> {
  const child = new Child(process.execPath, [partFile(options.name), ...(options.args ?? [])], {
    env: environmentOf(options),
  });
  const stderr = keepStderr(child, options);
  const exited = child.exited.then(exitText);
  const stop = () => child.end(STOP_MS[options.name]);
  try {
    const ready = await readReadyLine(child, exited, options, stderr);
    return {
      name: options.name,
      pid: child.pid ?? 0,
      ready,
      exited,
      stop,
      kill: () => child.kill('SIGKILL'),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function readReadyLine(
  child: Child,
  exited: Promise<string>,
  options: PartOptions,
  stderr: OutputTail,
): Promise<Part['ready']> {
  const line = await Promise.race([
    firstLine(child),
    exited.then(() => null),
    delay(options.readyMs ?? READY_MS, undefined, { ref: false }),
  ]);
  if (line === undefined) throw failed(options, 'it did not get ready in time', stderr);
  if (line === null || line === '') throw failed(options, `it ended (${await exited})`, stderr);
  const ready = parseReady(line);
  if (ready === null || (ready.ready !== false && ready.ready !== options.name)) {
    throw failed(options, `it said ${safeText(line.slice(0, 200))} instead of that it is ready`, stderr);
  }
  if (ready.ready === false) {
    throw new CliError(safeText(ready.message), {
      exitCode: exitCodeOf(ready.code),
      cause: ready.code,
      ...(ready.hint === undefined ? {} : { hint: safeText(ready.hint) }),
    });
  }
  return ready as Part['ready'];
}

/** Codes of parts that cannot start because of how they were called or set up. */
const USAGE_CODES = new Set([
  'wrong_usage',
  'invalid_config',
  'invalid_settings',
  'tokens_needed',
  'name_taken',
  'no_such_token',
  'data_dir_foreign',
]);

/** The exit code for the code of a part or tool that said why it does not do what it was started for. */
export function exitCodeOf(code: string): number {
  return USAGE_CODES.has(code) ? EXIT.usage : EXIT.unreachable;
}

function keepStderr({ stderr, exited }: Child, options: PartOptions): OutputTail {
  const log = startLog(join(options.logDir, `${options.name}.log`));
  stderr.on('data', (chunk: Buffer) => log?.write(chunk));
  void exited.then(() => log?.end());
  return new OutputTail().follow(stderr);
}

/** Null when it cannot be written: what is kept in memory still serves the messages. */
function startLog(path: string): WriteStream | null {
  try {
    const log = createWriteStream(path, { fd: openLog(path) });
    // A full disk must not end the run.
    return log.on('error', () => {});
  } catch {
    return null;
  }
}

function failed(options: PartOptions, why: string, stderr: OutputTail): CliError {
  const lines = stderr.lastLines(12).join('\n');
  const said = lines === '' ? '' : `\n${safeLines(lines)}`;
  return new CliError(`the ${options.name} could not be started: ${why}.${said}`, {
    exitCode: EXIT.unreachable,
    hint: `All that it said is in ${join(options.logDir, `${options.name}.log`)}.`,
  });
}

/** The bundle of a part: beside this file's own bundle, or in dist/ when run from source. */
export function partFile(name: PartName | 'worker'): string {
  const beside = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL(`../../dist/${name}.js`, import.meta.url));
}
