/**
 * Mission control while a run streams 10,000 events a second at 120x40, beside a hand-written redraw of a
 * picture of that size and beside Ink's plain one: CPU, bytes to the terminal, memory, first picture, keys.
 */
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Pty, startPty } from '../helpers/pty.ts';
import { heartbeat, recordedEvent, recordedMetrics, recordedRun } from '../helpers/recorded-run.ts';

const COLUMNS = 120;
const ROWS = 40;
const EVENTS_PER_SECOND = 10_000;
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 15);
const STARTS = 7;
const KEYS = 40;

export async function bench(): Promise<void> {
  const server = await startFlood();
  try {
    const starts: number[] = [];
    for (let i = 0; i < STARTS; i++) starts.push(await firstPicture(server.url));
    print('first picture after start', `${median(starts).toFixed(0)} ms`, 'median, goal 300 ms');
    await reportApp(server.url);
    await reportPeer('hand-written redraw, 10 pictures/s', HAND_WRITTEN);
    await reportPeer("Ink's plain redraw, 10 pictures/s", PLAIN_INK);
  } finally {
    server.close();
  }
}

async function reportApp(url: string): Promise<void> {
  const pty = startWatching(url);
  await pty.until((text) => text.includes('RUNNING'), 'the run', 20_000);
  await pause(2_000);
  const early = residentMb(pty.pid);
  const { cpu, kbPerSecond } = await window(pty, SECONDS);
  const middle = residentMb(pty.pid);
  await window(pty, SECONDS);
  const late = residentMb(pty.pid);
  const latencies: number[] = [];
  for (let i = 0; i < KEYS; i++) latencies.push(await keyToPicture(pty, i));
  print('mission control, CPU of one core', `${cpu.toFixed(1)} %`, 'goal 10 %');
  print('mission control, to the terminal', `${kbPerSecond.toFixed(1)} kB/s`, 'goal 20 kB/s');
  print(
    'mission control, memory',
    `${[early, middle, late].map((mb) => mb.toFixed(0)).join(', ')} MB`,
    `at the beginning, after ${EVENTS_PER_SECOND * SECONDS} events, and after twice as many`,
  );
  print('key to picture while it streams', `${median(latencies).toFixed(0)} ms`, 'median, goal 50 ms');
  await end(pty);
}

async function reportPeer(name: string, script: string): Promise<void> {
  const pty = startPty(process.execPath, ['--input-type=module', '-e', script], size());
  await pause(1_500);
  const { cpu, kbPerSecond } = await window(pty, Math.min(SECONDS, 8));
  print(name, `${cpu.toFixed(1)} %`, `${kbPerSecond.toFixed(1)} kB/s`);
  await end(pty);
}

const size = () => ({ columns: COLUMNS, rows: ROWS, env: { NODE_ENV: 'production' } });

function startWatching(url: string): Pty {
  return startPty(process.execPath, ['cli/simcity.js', 'watch', '--server', url], size());
}

async function firstPicture(url: string): Promise<number> {
  const begun = performance.now();
  const pty = startWatching(url);
  await pty.until((text) => text.includes('SIMCITY'), 'a picture', 20_000);
  const ms = performance.now() - begun;
  await end(pty);
  return ms;
}

/** What a window of time costs: share of one core, and what goes to the terminal. */
async function window(pty: Pty, seconds: number): Promise<{ cpu: number; kbPerSecond: number }> {
  const bytes = Buffer.byteLength(pty.raw());
  const cpu = cpuMs(pty.pid);
  const begun = performance.now();
  await pause(seconds * 1_000);
  const took = performance.now() - begun;
  return {
    cpu: ((cpuMs(pty.pid) - cpu) / took) * 100,
    kbPerSecond: (Buffer.byteLength(pty.raw()) - bytes) / took,
  };
}

/** From a key to the picture that it asks for, with what the terminal emulator here needs. */
async function keyToPicture(pty: Pty, i: number): Promise<number> {
  const [key, shows] = i % 2 === 0 ? ['5', 'Must hold always'] : ['1', 'Slots available'];
  await pause(150 + ((i * 37) % 100));
  const begun = performance.now();
  pty.press(key);
  await pty.until((text) => text.includes(shows), shows, 10_000);
  return performance.now() - begun;
}

/** A run that never ends, streamed at full rate. */
async function startFlood(): Promise<{ url: string; close(): void }> {
  const readers = new Set<{ response: ServerResponse; index: number }>();
  const run = recordedRun();
  const http = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (path.endsWith('/stream')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const reader = { response, index: 0 };
      readers.add(reader);
      response.on('close', () => readers.delete(reader));
    } else if (/\/runs\/[^/]+$/.test(path)) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(run));
    } else {
      const empty = { events: [], snapshots: [], next: null };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(empty));
    }
  });
  const tickMs = 20;
  let due = performance.now();
  let beats = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    while (due < now) {
      for (const reader of readers)
        reader.response.write(stretch(reader, (EVENTS_PER_SECOND * tickMs) / 1_000));
      due += tickMs;
      beats += 1;
      if (beats % 50 === 0) for (const { response, index } of readers) response.write(frameText(index));
    }
  }, tickMs);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    close: () => {
      clearInterval(timer);
      http.closeAllConnections();
      http.close();
    },
  };
}

function stretch(reader: { index: number }, count: number): string {
  let text = '';
  for (let i = 0; i < count; i++) {
    const { index } = reader;
    text += `event: event\nid: ${index}\ndata: ${JSON.stringify(recordedEvent(index))}\n\n`;
    if (index % 10 === 0) {
      const snapshot = { index, at: recordedEvent(index).at, metrics: recordedMetrics(index) };
      text += `event: snapshot\nid: ${index}s\ndata: ${JSON.stringify(snapshot)}\n\n`;
    }
    reader.index += 1;
  }
  return text;
}

function frameText(index: number): string {
  return `event: heartbeat\ndata: ${JSON.stringify(heartbeat(index).data)}\n\n`;
}

const PICTURE = `
  const bar = (i, n) => Array.from({ length: ${COLUMNS} }, (_, x) => (x * 7 + i * 13 + n) % 19 === 0 ? '|' : ' ').join('');
  const rows = (n) => Array.from({ length: ${ROWS} }, (_, i) => i % 3 === 0 ? String(n * 1000 + i).padEnd(${COLUMNS}, '.') : bar(i, n));
`;

const HAND_WRITTEN = `${PICTURE}
  let n = 0;
  process.stdout.write('\\u001b[?1049h');
  setInterval(() => { n++; process.stdout.write('\\u001b[H' + rows(n).map((row) => '\\u001b[32m' + row + '\\u001b[0m').join('\\r\\n')); }, 100);
`;

const PLAIN_INK = `${PICTURE}
  import { Box, render, Text } from 'ink';
  import { createElement as h } from 'react';
  const App = ({ n }) => h(Box, { flexDirection: 'column', width: ${COLUMNS}, height: ${ROWS} },
    ...rows(n).map((row, i) => h(Text, { key: i, color: 'green', wrap: 'truncate' }, row)));
  let n = 0;
  const app = render(h(App, { n }), { patchConsole: false, maxFps: 30 });
  setInterval(() => { n++; app.rerender(h(App, { n })); }, 100);
`;

/** CPU time of a process so far, in ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const ticksPerSecond = 100;
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
}

function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb) / 1_024;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function print(what: string, value: string, beside: string): void {
  process.stdout.write(`${what.padEnd(40)} ${value.padStart(16)}   ${beside}\n`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function end(pty: Pty): Promise<void> {
  pty.kill('SIGKILL');
  await pty.exited;
}
