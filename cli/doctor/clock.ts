/** Checks of the clock: how far another machine's is from this one's. */
import { type Check, ok, warn } from './check.ts';

/** What another clock said, and when it was asked and had answered by this machine's clock, all in ms since 1970. */
export interface ClockReading {
  saidMs: number;
  askedMs: number;
  answeredMs: number;
}

/** A difference that people notice in what they read; NTP keeps machines within a few ms. */
const NOTICEABLE_MS = 2_000;

const ADVICE =
  'Leases, limits of time, tokens and prune go by the database alone. But events, log lines and the order of runs ' +
  'have the times of the machines they come from: set the clocks by NTP, such as with `timedatectl set-ntp true`.';

/**
 * Of several readings the one counts that took the least time. The other clock is taken to have been read halfway
 * between question and answer, which is wrong by half of the round trip at most (Cristian 1989).
 */
export function checkClock(name: string, readings: readonly ClockReading[]): Check[] {
  const [best] = readings.toSorted((a, b) => roundTrip(a) - roundTrip(b));
  if (best === undefined) return [];
  const errorMs = roundTrip(best) / 2;
  const aheadMs = best.saidMs - (best.askedMs + errorMs);
  const byMs = Math.abs(aheadMs);
  if (byMs - errorMs <= NOTICEABLE_MS) {
    return [ok(name, `as here, within ${seconds(Math.max(byMs + errorMs, 100), Math.ceil)}`)];
  }
  const found = `${seconds(byMs, Math.round)} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`;
  const give = errorMs >= 100 ? ` (give or take ${seconds(errorMs, Math.ceil)})` : '';
  return [warn(name, `${found}${give}`, ADVICE)];
}

function roundTrip({ askedMs, answeredMs }: ClockReading): number {
  return Math.max(0, answeredMs - askedMs);
}

/** Reads another clock three times, one after another. @throws what `read` throws; it answers ms since 1970. */
export async function readClock(read: () => Promise<number>): Promise<ClockReading[]> {
  const readings: ClockReading[] = [];
  for (let i = 0; i < 3; i += 1) {
    const askedMs = Date.now();
    const from = performance.now();
    const saidMs = await read();
    readings.push({ saidMs, askedMs, answeredMs: askedMs + (performance.now() - from) });
  }
  return readings;
}

function seconds(ms: number, round: (tenths: number) => number): string {
  return `${round(ms / 100) / 10} s`;
}
