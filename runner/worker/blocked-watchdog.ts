/**
 * Ends the worker when code of the user's keeps its event loop from turning: a thread beside it says why, as the
 * last line on stdout. What is awaited has limits of its own.
 */
import { Worker } from 'node:worker_threads';

const TURN_EVERY_MS = 250;

// Runs from a string, so that it needs no file of its own beside the bundle.
const WATCH = `
const { workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const turns = new Int32Array(workerData.turns);
let last = -1;
let blockedMs = 0;
setInterval(() => {
  const now = Atomics.load(turns, 0);
  blockedMs = now === last ? blockedMs + workerData.everyMs : 0;
  last = now;
  if (blockedMs < workerData.limitMs) return;
  try { writeSync(1, JSON.stringify({ failed: workerData.why }) + '\\n'); } catch {}
  process.kill(process.pid, 'SIGKILL');
}, workerData.everyMs);
`;

/** Resolves once the process is watched: it is killed when its event loop has not turned for `limitMs`. */
export async function watchLoop(limitMs: number): Promise<void> {
  const turns = new SharedArrayBuffer(4);
  const counter = new Int32Array(turns);
  setInterval(() => Atomics.add(counter, 0, 1), TURN_EVERY_MS).unref();
  const why =
    `Nothing went on for ${Math.round(limitMs / 1_000)} s, and the execution was broken off. Is there a loop in the ` +
    "service's or the scenario's code that does not end, or never awaits?";
  const workerData = { turns, everyMs: TURN_EVERY_MS, limitMs, why };
  const worker = new Worker(WATCH, { eval: true, workerData, execArgv: [], stdout: false, stderr: false });
  // A thread comes up only while the loop turns.
  await new Promise<void>((resolve) => {
    worker.on('online', resolve);
    worker.on('error', () => resolve());
  });
  worker.unref();
}
