/** The event `clock`: the engine moved the clocks of the service and of its database. */

export const CLOCK_EVENT = 'clock';

/** What the clock of a simulated city shows at virtual time 0: 2026-01-01T00:00:00Z, in ms since 1970. */
export const FOUNDED_MS = Date.UTC(2026, 0, 1);

/** What the event tells. */
export type ClockMoveData = {
  /** How far they were moved on, in ms. */
  readonly byMs: number;
  /** What they show then, in ms since 1970. */
  readonly nowMs: number;
};

/** The farthest from 1970 that a date can be, in ms. */
const FARTHEST_MS = 8.64e15;

/** What the event tells, as far as it is one: such as `the clock moves on by 601.2 s, to 2026-01-01 00:10:01.200 UTC`. */
export function clockMoveText({ byMs, nowMs }: Readonly<Record<string, unknown>>): string {
  if (typeof byMs !== 'number' || typeof nowMs !== 'number' || Math.abs(nowMs) > FARTHEST_MS) {
    return 'the clock moves on';
  }
  const at = new Date(nowMs).toISOString().replace('T', ' ').replace('Z', ' UTC');
  return `the clock moves on by ${Math.round(byMs) / 1_000} s, to ${at}`;
}
