/**
 * Mission control while a run streams 10,000 events a second at 120x40, beside itself drawn by Ink (in the
 * alternate screen, with incremental rendering) and beside a hand-written redraw of a picture of that size, all
 * at the same time: CPU, bytes to the terminal, memory, first picture, keys; then what one picture costs.
 * BENCH_SECONDS: length of a round; BENCH_EVENTS: events of the memory's measurement.
 */
import { join } from 'node:path';
import type { Pty } from '../helpers/pty.ts';
import { median } from './measure.ts';
import { bundle } from './tui/bundle.ts';
import { startFlood } from './tui/flood.ts';
import { HAND_WRITTEN } from './tui/peers.ts';
import { type PictureCost, pictureCosts } from './tui/pictures.ts';
import { type Cost, costs, end, residentMb, startInTerminal } from './tui/screen.ts';

const EVENTS_PER_SECOND = 10_000;
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 10);
const ROUNDS = 5;
const STARTS = 9;
const KEYS = 40;
/** An hour's worth. */
const EVENTS = Number(process.env['BENCH_EVENTS'] ?? EVENTS_PER_SECOND * 3_600);
const SAMPLES = 6;

export async function bench(): Promise<void> {
  const flood = await startFlood(EVENTS_PER_SECOND);
  try {
    await reportStart(flood.url);
    await reportCosts(flood.url);
  } finally {
    flood.close();
  }
  await reportPictures();
  await reportMemory();
}

const watch = (url: string, ...more: string[]) => watchBy('cli/simcity.js', url, ...more);

const watchBy = (program: string, url: string, ...more: string[]) =>
  startInTerminal([program, 'watch', '--server', url, ...more]);

/** Starts in turn: bare Node, and mission control to its first picture and to the run's. */
async function reportStart(url: string): Promise<void> {
  const bare: number[] = [];
  const first: number[] = [];
  const run: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    bare.push(
      await timed(() => startInTerminal(['-e', 'console.log("SIMCITY")']), ['SIMCITY']).then(firstOf),
    );
    const [picture, whole] = await timed(() => watch(url), ['SIMCITY', 'RUNNING']);
    first.push(picture ?? Number.NaN);
    run.push(whole ?? Number.NaN);
  }
  const beside = (ms: number) => `ratio ${(ms / median(bare)).toFixed(1)} to bare Node`;
  print('bare Node, a line', ms(median(bare)), 'median');
  print('mission control, first picture', ms(median(first)), `goal 300 ms, ${beside(median(first))}`);
  print('mission control, picture of the run', ms(median(run)), beside(median(run)));
}

async function timed(start: () => Pty, shows: readonly string[]): Promise<number[]> {
  const begun = performance.now();
  const pty = start();
  const times: number[] = [];
  for (const text of shows) {
    await pty.until((screen) => screen.includes(text), text, 30_000);
    times.push(performance.now() - begun);
  }
  await end(pty);
  return times;
}

const firstOf = (times: readonly number[]) => times[0] ?? Number.NaN;

/** All at once, in rounds: the machine is the same for each, however busy it is. */
async function reportCosts(url: string): Promise<void> {
  const inkBundle = await bundle({ cli: 'cli/main.ts' }, 'ink');
  const app = watch(url);
  const thin = watch(url, '--thin');
  const ink = watchBy(join(inkBundle.folder, 'cli.mjs'), url);
  for (const pty of [app, thin, ink]) await pty.until((text) => text.includes('RUNNING'), 'the run', 30_000);
  const byHand = startInTerminal(['--input-type=module', '-e', HAND_WRITTEN]);
  const names = [
    'mission control',
    'mission control, --thin',
    'mission control, drawn by Ink',
    'hand-written redraw, 10 pictures/s',
  ];
  const ptys = [app, thin, ink, byHand];
  await pause(3_000);
  const rounds: Cost[][] = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push(await costs(ptys, SECONDS));
  const medianOf = (i: number, what: keyof Cost) =>
    median(rounds.map((round) => round[i]?.[what] ?? Number.NaN));
  for (const [i, name] of names.entries()) {
    const cpu = medianOf(i, 'cpu');
    const kb = medianOf(i, 'kbPerSecond');
    const ratio = `ratio to mission control ${(cpu / medianOf(0, 'cpu')).toFixed(2)}`;
    const beside = i === 0 ? 'of one core, goal 10 %; goal 20 kB/s' : ratio;
    print(name, `${cpu.toFixed(1)} %  ${kb.toFixed(1).padStart(5)} kB/s`, beside);
  }
  for (const pty of [thin, byHand, ink]) await end(pty);
  await inkBundle.remove();
  const latencies: number[] = [];
  for (let i = 0; i < KEYS; i++) latencies.push(await keyToPicture(app, i));
  print('key to picture while it streams', ms(median(latencies)), 'median, goal 50 ms');
  await end(app);
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

/** One picture for 2,000 events of the flood, in turn: fewer pictures a second on a busy machine change nothing here. */
async function reportPictures(): Promise<void> {
  const { painter, ink } = await pictureCosts(ROUNDS);
  const text = (costs: readonly PictureCost[]) =>
    `${median(costs.map(({ cpuMs }) => cpuMs)).toFixed(1)} ms  ${(median(costs.map(({ bytes }) => bytes)) / 1_000).toFixed(1).padStart(5)} kB`;
  const ratio = (of: keyof PictureCost) =>
    median(ink.map((cost, i) => cost[of] / (painter[i]?.[of] ?? Number.NaN))).toFixed(1);
  print('a picture by the painter', text(painter), 'of CPU time, and of output');
  print('a picture by Ink', text(ink), `ratio to the painter ${ratio('cpuMs')} and ${ratio('bytes')}`);
}

/** The events of an hour, as fast as they are taken. */
async function reportMemory(): Promise<void> {
  const flood = await startFlood(null);
  const pty = watch(flood.url);
  try {
    await pty.until((text) => text.includes('RUNNING'), 'the run', 30_000);
    const begun = performance.now();
    const samples: number[] = [];
    for (let i = 1; i <= SAMPLES; i++) {
      while (flood.sent() < (EVENTS * i) / SAMPLES) await pause(100);
      samples.push(residentMb(pty.pid));
    }
    const seconds = (performance.now() - begun) / 1_000;
    print(
      `memory over ${(EVENTS / 1e6).toFixed(0)} million events`,
      `${samples.map((mb) => mb.toFixed(0)).join(' ')} MB`,
      `at each sixth; ${(EVENTS / 1_000 / seconds).toFixed(0)} thousand events a second were taken`,
    );
  } finally {
    await end(pty);
    flood.close();
  }
}

const ms = (value: number) => `${value.toFixed(0)} ms`;

function print(what: string, value: string, beside: string): void {
  process.stdout.write(`${what.padEnd(36)} ${value.padStart(22)}   ${beside}\n`);
}

function pause(duration: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration));
}
