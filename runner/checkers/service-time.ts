/** The time as a checker is told of it: the true one, and what a service may have taken for it. */
import type { When } from './model.ts';

/** Whatever a service may take for the time between two instants, all in ms since 1970. */
export type Readings = (fromMs: number, toMs: number) => When;

export interface ServiceTime {
  /** The time itself, as the service's database knows it, in ms since 1970. */
  databaseMs(): number;
  readings: Readings;
}

/** Of a service whose clock is right. */
export const RIGHT_CLOCK: Readings = (from, to) => ({ from, to });
