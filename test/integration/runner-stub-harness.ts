/**
 * A harness with a made-up engine: the real process, session and sink, and a run that does as `config.bug`
 * says. So the runner is tested without a city.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { runHarnessProcess } from '../../runner/harness/process-shell.ts';
import type { Execute } from '../../runner/harness/session.ts';
import type { EndReport, JsonObject } from '../../server/contract/index.ts';

const execute: Execute = async ({ config, sink, signal, seed }) => {
  let index = 0;
  const emit = async (type: string, data: JsonObject = {}) => {
    const at = new Date().toISOString();
    const full = sink.event({ index, at, virtualMs: index, type, actor: 'city', data });
    index += 1;
    if (full) await full;
  };
  await emit('start', { seed, pid: process.pid });
  await sink.flush();
  if (config.bug === 'exit-3') {
    console.error('about to leave');
    process.exit(3);
  }
  if (config.bug === 'throw') throw new Error('the engine broke: postgres://me:hunter2@db/x');
  if (config.bug === 'ignore-stop') await new Promise(() => setInterval(() => undefined, 1_000));
  if (config.bug === 'block') for (;;);
  for (let operation = 0; operation < config.operations && !signal.requested; operation += 1) {
    await emit('note', { operation });
    if (config.rate !== null) await delay(1_000 / config.rate);
  }
  const report: EndReport = signal.requested
    ? { status: 'STOPPED', reason: signal.reason, failForensic: null }
    : { status: 'PASS', reason: null, failForensic: null };
  await emit('end', { status: report.status });
  await sink.end(report);
  return report;
};

await runHarnessProcess(execute);
