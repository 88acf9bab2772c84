/** The worker as a child: executes runs aside from the server, to compare, shrink, or hunt. */
import { createInterface } from 'node:readline';
import { Child, exitText } from '../../server/contract/child-process/child.ts';
import { OutputTail } from '../../server/contract/child-process/output-tail.ts';
import {
  type SeedRange,
  type WorkerLine,
  type WorkerOrderInput,
  workerLineSchema,
} from '../../server/contract/index.ts';
import type { Context } from '../process/context.ts';
import { CliError, EXIT } from '../process/errors.ts';
import { safeLines, safeText } from '../run/sanitize.ts';
import { partFile } from './part.ts';

export interface Worker {
  /** What it says, at the pace at which it is read. @throws CliError when it cannot carry the order out. */
  lines(): AsyncGenerator<WorkerLine, void, undefined>;
  /** Gives it more seeds of its campaign, once it waits for them. */
  execute(seeds: readonly SeedRange[]): void;
  /** Asks it to come to an end with what it has. */
  stop(): void;
  /** Ends it. Also done at exit. */
  close(): Promise<void>;
}

/** Settings that the worker has no business with: its order holds what it needs. */
const WITHHELD = { DATABASE_URL: undefined, SIMCITY_TARGET_URL: undefined, SIMCITY_TOKEN: undefined };
const KEPT_STDERR = 8_192;
/** The lines after which nothing comes. */
const LAST_WORDS = ['ended', 'shrunk', 'reproduced', 'explained', 'checked', 'surveyed', 'finished'] as const;
/** Longer than it takes to leave the database in good order. */
const CLOSE_MS = 6_000;
/** By itself the worker keeps to its time; code that never gives control back would keep it from that. */
const OVERTIME = { share: 0.1, seconds: 15 } as const;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** `cwd`: where commands and files of the order are, unless it is this process's own. */
export function startWorker(context: Context, order: WorkerOrderInput, cwd?: string): Worker {
  const child = new Child(process.execPath, [partFile('worker')], {
    env: { ...context.env, ...WITHHELD },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const limit = limitOf(order);
  let isLate = false;
  const killed = () => {
    isLate = true;
    child.kill('SIGKILL');
  };
  const late = limit === null ? undefined : setTimeout(killed, limit);
  const stderr = new OutputTail(KEPT_STDERR).follow(child.stderr);
  const end = async () => {
    await child.end(CLOSE_MS);
    clearTimeout(late);
  };
  const forget = context.atExit(end);
  child.say(JSON.stringify(order));

  async function* lines(): AsyncGenerator<WorkerLine, void, undefined> {
    for await (const text of createInterface({ input: child.stdout })) {
      const line = parse(text);
      if ('failed' in line) throw unable(line.failed);
      yield line;
      if (LAST_WORDS.some((word) => word in line)) return;
    }
    if (isLate)
      throw unable('it did not keep to its time: code of the service or the scenario runs without end');
    throw unable(`it ended (${exitText(await child.exited)}). ${safeLines(stderr.lastLines(8).join('\n'))}`);
  }
  return {
    lines,
    execute: (seeds) => child.say(JSON.stringify({ seeds })),
    stop: () => child.say(JSON.stringify({ stop: { reason: null } })),
    async close() {
      forget();
      await end();
    },
  };
}

/** When it is ended by force, in ms; null: it has no time to keep to. */
function limitOf(order: WorkerOrderInput): number | null {
  if (order.do !== 'shrink' && order.do !== 'explain') return null;
  const seconds = order.maxSeconds * (1 + OVERTIME.share) + OVERTIME.seconds;
  return Math.min(seconds * 1_000, LONGEST_TIMER_MS);
}

function parse(text: string): WorkerLine {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    throw unable(`it said ${safeText(text.slice(0, 200))}`);
  }
  const parsed = workerLineSchema.safeParse(line);
  if (parsed.success) return parsed.data;
  throw unable(`it said ${safeText(text.slice(0, 200))}`);
}

/** The worker could not carry its order out. */
export class WorkerError extends CliError {
  /** As it was said, of foreign origin. */
  readonly why: string;

  constructor(why: string) {
    super(`the run could not be executed here: ${safeLines(why)}`, { exitCode: EXIT.unreachable });
    this.why = why;
  }
}

function unable(why: string): CliError {
  return new WorkerError(why);
}
