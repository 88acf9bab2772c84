/**
 * A harness with a made-up engine: the real process, session and sink, and a run that does as `config.bug`
 * says. So the runner is tested without a city.
 */
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Execute } from '../../runner/harness/harness-run.ts';
import { runHarnessProcess } from '../../runner/harness/process-shell.ts';
import type { Sink } from '../../runner/telemetry/sink.ts';
import type { EndReport, JsonObject } from '../../server/contract/index.ts';
import { CANARIES } from '../helpers/canaries.ts';

const execute: Execute = async ({ config, sink, signal, seed, repeat }) => {
  let index = 0;
  const emit = async (type: string, data: JsonObject = {}) => {
    const at = new Date().toISOString();
    const full = sink.event({ index, at, virtualMs: index, type, actor: 'city', data });
    index += 1;
    if (full) await full;
  };
  // Versions are what may differ when a run is executed again.
  await emit('start', { seed, versions: { pid: process.pid } });
  await sink.flush();
  if (config.bug === 'exit-3') {
    console.error('about to leave');
    process.exit(3);
  }
  if (config.bug === 'leak' || config.bug === 'leak-and-crash') {
    for (const [, text] of CANARIES) {
      await emit('note', { text, inner: { json: JSON.stringify({ text }) } });
      console.error(text);
      console.log(text);
    }
    if (config.bug === 'leak-and-crash') throw new Error(CANARIES.map(([, text]) => text).join(' '));
    return await fail(index, sink);
  }
  if (config.bug === 'child') {
    // It ignores what it is asked, and holds the harness's output open.
    const child = spawn(
      process.execPath,
      ['-e', "process.on('SIGTERM', () => 0); setInterval(() => 0, 1e6)"],
      {
        stdio: 'inherit',
      },
    );
    await emit('note', { child: child.pid });
    await new Promise(() => setInterval(() => undefined, 1_000));
  }
  if (config.bug === 'never-ending-line') {
    const piece = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 64; i += 1) {
      if (!process.stdout.write(piece)) await new Promise((resolve) => process.stdout.once('drain', resolve));
    }
    process.exit(3);
  }
  if (config.bug === 'throw') throw new Error('the engine broke: postgres://me:hunter2@db/x');
  if (config.bug === 'ignore-stop') await new Promise(() => setInterval(() => undefined, 1_000));
  if (config.bug === 'block') for (;;);
  for (let operation = 0; operation < config.operations && !signal.requested; operation += 1) {
    await emit('note', { operation });
    if (config.rate !== null && index >= (repeat?.below ?? 0)) await delay(1_000 / config.rate);
  }
  const report: EndReport = signal.requested
    ? { status: 'STOPPED', reason: signal.reason, failForensic: null }
    : { status: 'PASS', reason: null, failForensic: null };
  await emit('end', { status: report.status });
  await sink.end(report);
  return report;
};

/** Ends with a bundle that is full of what must not be stored. */
async function fail(index: number, sink: Sink): Promise<EndReport> {
  const texts = CANARIES.map(([, text]) => text);
  const report: EndReport = {
    status: 'FAIL',
    reason: texts.join(' '),
    failForensic: {
      ...{ version: 1, kind: 'invariant', invariant: 'leak', message: texts.join(' '), eventIndex: index },
      ...{ virtualMs: 0, operation: { texts }, actual: texts, expected: null, object: null, history: [] },
      ...{
        lastEvents: texts.map((text) => ({ text })),
        city: { texts },
        difference: texts,
        faultsActive: [],
      },
      ...{ seed: 1, config: {}, versions: {}, reproduce: texts.join(' '), process: { stderr: texts } },
    },
  };
  const at = new Date().toISOString();
  await sink.event({ index, at, virtualMs: index, type: 'end', actor: 'city', data: { status: 'FAIL' } });
  await sink.end(report);
  return report;
}

await runHarnessProcess(execute);
