/**
 * The entry of the worker: the process that executes runs aside from the control plane. The order is
 * the first line on stdin, and the end of stdin ends the process. A campaign's threads start here as well.
 */
import { createInterface } from 'node:readline';
import {
  createRedactor,
  secretsOfEnvironment,
  type WorkerLine,
  workerMessageSchema,
  workerOrderSchema,
} from '../../server/contract/index.ts';
import { isCampaignThread, serveCampaign } from '../campaign/thread.ts';
import { watchParent } from '../harness/orphan-watchdog.ts';
import { StopControl } from '../harness/stop-control.ts';
import { GATE_SECRETS, workerSecrets } from '../secrets.ts';
import { watchLoop } from './blocked-watchdog.ts';
import { SeedInbox } from './seed-inbox.ts';
import { carryOut } from './work.ts';

/** A database may have to be left in good order. */
const ORPHAN_KILL_MS = 6_000;
/** Longer than anything that is meant to be done without a break. */
const BLOCKED_LIMIT_MS = 60_000;

/** What is stored of a run is without secrets, so what is compared with it is, too. */
let redactor = createRedactor([...GATE_SECRETS, ...secretsOfEnvironment(process.env)]);

if (isCampaignThread()) serveCampaign();
else await runProcess();

async function runProcess(): Promise<void> {
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  watchParent(ORPHAN_KILL_MS);
  const watched = watchLoop(BLOCKED_LIMIT_MS);
  const stop = new StopControl();
  const inbox = new SeedInbox(stop);
  process.on('SIGTERM', () => stop.request('the worker was told to end (SIGTERM)'));
  // A Ctrl-C in the terminal is its parent's to pass on.
  process.on('SIGINT', () => undefined);
  const order = workerOrderSchema.safeParse(await firstLine(stop, inbox));
  if (!order.success)
    return await leave({ failed: 'The first line on stdin is no order to the worker.' }, 64);
  redactor = createRedactor([
    ...GATE_SECRETS,
    ...secretsOfEnvironment(process.env),
    ...workerSecrets(order.data),
  ]);
  try {
    await watched;
    await carryOut(order.data, {
      stop,
      write,
      moreSeeds: () => inbox.next(),
      threadFile: new URL(import.meta.url),
    });
    await leave(null, 0);
  } catch (error) {
    await leave({ failed: error instanceof Error ? error.message : String(error) }, 1);
  }
}

/** The order; later lines ask for a stop, as does the end of stdin, or bring more seeds. */
function firstLine(stop: StopControl, inbox: SeedInbox): Promise<unknown> {
  return new Promise((resolve) => {
    let heard = 0;
    const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on('line', (line) => {
      if (++heard === 1) return resolve(parse(line));
      const message = workerMessageSchema.safeParse(parse(line));
      if (!message.success) return;
      if ('seeds' in message.data) inbox.put(message.data.seeds);
      else stop.request(message.data.stop.reason);
    });
    lines.on('close', () => {
      resolve(undefined);
      stop.request('the process that gave the order is gone');
    });
  });
}

function write(line: WorkerLine): void | Promise<void> {
  if (process.stdout.write(`${redactor.text(JSON.stringify(line))}\n`)) return;
  return new Promise((resolve) => {
    process.stdout.once('drain', resolve);
    process.stdout.once('close', resolve);
  });
}

async function leave(line: WorkerLine | null, code: number): Promise<void> {
  if (line) await write(line);
  // Whatever was written is on its way out before the process goes.
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  process.exit(code);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
