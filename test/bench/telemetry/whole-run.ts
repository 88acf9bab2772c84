/** A harness on `memory` at full speed with all of it recorded: with nobody watching, and with 50 lossless subscribers. */
import { setTimeout as delay } from 'node:timers/promises';
import { apiPath, isTerminal, type Run, runSchema } from '../../../server/contract/index.ts';
import { startTestPostgres } from '../../helpers/postgres.ts';
import { median } from '../measure.ts';
import { IN_FRAME, openReader } from './event-reader.ts';
import { startPart } from './processes.ts';

const OPERATIONS = Number(process.env['SIMCITY_BENCH_OPERATIONS'] ?? 20_000);
const ROUNDS = Number(process.env['SIMCITY_BENCH_ROUNDS'] ?? 3);
const SUBSCRIBERS = 50;

interface Outcome {
  perSecond: number;
  /** Processors that the readers themselves took, which a server with its watchers elsewhere has for itself. */
  readers: number;
  lost: number;
}

export async function wholeRun(): Promise<string> {
  const postgres = await startTestPostgres();
  const url = await postgres.createDatabase();
  const server = await startPart('server', { DATABASE_URL: url });
  const runner = await startPart('runner', { DATABASE_URL: url, SIMCITY_URL: server.url });
  try {
    const alone: Outcome[] = [];
    const watched: Outcome[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const one = await execute(server.url, round, 0);
      const other = await execute(server.url, round, SUBSCRIBERS);
      if (round === 0) continue;
      alone.push(one);
      watched.push(other);
    }
    const rate = (outcomes: Outcome[]) => median(outcomes.map(({ perSecond }) => perSecond));
    const lost = watched.reduce((sum, outcome) => sum + outcome.lost, 0);
    const line = (name: string, outcomes: Outcome[]) =>
      `  ${name.padEnd(28)} ${Math.round(rate(outcomes)).toLocaleString('en').padStart(10)} events/s  ratio ${(rate(outcomes) / rate(alone)).toFixed(2)}`;
    return [
      `A run of ${OPERATIONS} operations on memory at full speed, recorded; ${lost} events lost`,
      line('nobody watching', alone),
      `${line(`${SUBSCRIBERS} lossless subscribers`, watched)}; their readers took ${median(watched.map(({ readers }) => readers)).toFixed(2)} processors`,
    ].join('\n');
  } finally {
    await runner.stop();
    await server.stop();
    await postgres.close();
  }
}

async function execute(base: string, seed: number, subscribers: number): Promise<Outcome> {
  const launched = await fetch(base + apiPath.runs(), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ target: 'memory', seed, config: { operations: OPERATIONS } }),
  });
  const { id } = runSchema.parse(await launched.json());
  const readers = Array.from({ length: subscribers }, () =>
    openReader(base + apiPath.stream(id), undefined, 1, IN_FRAME),
  );
  const begun = process.cpuUsage();
  const run = await ended(base, id);
  const used = process.cpuUsage(begun);
  const seconds = run.durationSecondsActual ?? Number.NaN;
  const count = run.live.eventIndex + 1;
  const late = performance.now() + 30_000;
  while (readers.some(({ received }) => received < count) && performance.now() < late) await delay(10);
  const lost = readers.reduce((sum, { received, gaps }) => sum + (count - received) + gaps, 0);
  for (const { socket } of readers) socket.destroy();
  return { perSecond: count / seconds, readers: (used.user + used.system) / 1e6 / seconds, lost };
}

async function ended(base: string, id: string): Promise<Run> {
  for (;;) {
    const run = runSchema.parse(await (await fetch(base + apiPath.run(id))).json());
    if (run.pass === true) return run;
    if (isTerminal(run.status)) throw new Error(`run ${id} ended ${run.status}`);
    await delay(100);
  }
}
