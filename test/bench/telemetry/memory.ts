/** The server's memory under load with 1,000 subscribers, of whom 50 never read and come back whenever they are cut. */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { apiPath } from '../../../server/contract/index.ts';
import { startTestPostgres } from '../../helpers/postgres.ts';
import { median } from '../measure.ts';
import { openReader } from './event-reader.ts';
import { residentMiB, startPart } from './processes.ts';
import { claimedRun, eventsOf, TOKEN } from './runs.ts';

const SECONDS = Number(process.env['SIMCITY_BENCH_SECONDS'] ?? 600);
const SUBSCRIBERS = 1_000;
const STALLED = 50;
const RATE = 200;
const BATCH = 20;
const PROBE_MS = 2_000;

export async function memory(): Promise<string> {
  const postgres = await startTestPostgres();
  const url = await postgres.createDatabase();
  const server = await startPart('server', { DATABASE_URL: url });
  const stop = { asked: false };
  const stalled = new Set<Socket>();
  const readers: ReturnType<typeof openReader>[] = [];
  let cuts = 0;
  try {
    const runId = await claimedRun(postgres.open(url));
    const stream = new URL(server.url + apiPath.stream(runId));
    const stall = () => {
      const socket = connect(Number(stream.port), stream.hostname);
      socket.pause();
      socket.write(`GET ${stream.pathname} HTTP/1.1\r\nHost: ${stream.host}\r\n\r\n`);
      stalled.add(socket);
      // Who reads nothing hears of no end; who writes does. Line breaks before a request mean nothing.
      const probe = setInterval(() => socket.write('\r\n'), PROBE_MS);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        clearInterval(probe);
        stalled.delete(socket);
        cuts += 1;
        if (!stop.asked) stall();
      });
    };
    for (let i = 0; i < SUBSCRIBERS - STALLED; i++) readers.push(openReader(stream.href));
    for (let i = 0; i < STALLED; i++) stall();
    while (!readers.every(({ connected }) => connected)) await delay(20);
    const samples: number[] = [];
    const begun = performance.now();
    let sampledAt = 0;
    for (let from = 0; performance.now() - begun < SECONDS * 1_000; from += BATCH) {
      await send(server.url, runId, from);
      const elapsed = performance.now() - begun;
      if (elapsed - sampledAt >= 1_000) {
        sampledAt = elapsed;
        samples.push(await residentMiB(server.pid));
      }
      const waitMs = ((from + BATCH) / RATE) * 1_000 - elapsed;
      if (waitMs > 0) await delay(waitMs);
    }
    const fifth = Math.max(1, Math.floor(samples.length / 5));
    const second = median(samples.slice(fifth, 2 * fifth));
    const last = median(samples.slice(-fifth));
    const gaps = readers.reduce((sum, reader) => sum + reader.gaps, 0);
    const rate = Math.round(readers.reduce((sum, { received }) => sum + received, 0) / SECONDS);
    return [
      `Memory of the server, ${SECONDS} s, ${SUBSCRIBERS} subscribers, ${STALLED} of them stalled; ${rate} deliveries/s, ${gaps} gaps, ${cuts} cuts`,
      `  resident: median of the second fifth ${second.toFixed(0)} MiB, of the last ${last.toFixed(0)} MiB, highest ${Math.max(...samples).toFixed(0)} MiB  ratio ${(last / second).toFixed(2)}`,
      `  medians of the tenths: ${tenths(samples).join(' ')} MiB`,
    ].join('\n');
  } finally {
    stop.asked = true;
    for (const socket of stalled) socket.destroy();
    for (const { socket } of readers) socket.destroy();
    await server.stop();
    await postgres.close();
  }
}

async function send(base: string, runId: string, from: number): Promise<void> {
  const answer = await fetch(base + apiPath.telemetry(runId), {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ events: eventsOf(from, BATCH) }),
  });
  if (answer.status !== 200) throw new Error(await answer.text());
  await answer.arrayBuffer();
}

function tenths(samples: number[]): string[] {
  const length = Math.max(1, Math.floor(samples.length / 10));
  return Array.from({ length: 10 }, (_, i) => median(samples.slice(i * length, (i + 1) * length)).toFixed(0));
}
