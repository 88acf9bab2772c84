/**
 * Ends a process whose parent is gone even while its event loop is blocked, by a thread that looks at the
 * parent's id. The end of stdin does the same in good order, but only when the loop turns.
 */
import { Worker } from 'node:worker_threads';

// Runs from a string, so that it needs no file of its own beside the bundle.
const WATCH = `
const { workerData } = require('node:worker_threads');
let lostMs = 0;
setInterval(() => {
  lostMs = process.ppid === workerData.parent ? 0 : lostMs + workerData.everyMs;
  if (lostMs > workerData.graceMs) process.kill(process.pid, 'SIGKILL');
}, workerData.everyMs);
`;

/** Starts the watch; the process is killed `graceMs` after its parent has gone, unless it has ended by then. */
export function watchParent(graceMs: number): void {
  const workerData = { parent: process.ppid, everyMs: 1_000, graceMs };
  const worker = new Worker(WATCH, { eval: true, workerData, stdout: false, stderr: false });
  worker.on('error', () => undefined);
  worker.unref();
}
