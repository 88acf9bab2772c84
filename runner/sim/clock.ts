/** The clock that a service under test is given: virtual time from a fixed date, which faults can set wrong. */

/** 2026-01-01T00:00:00Z: the instant at which every city is founded, in ms since 1970. */
export const FOUNDED_MS = Date.UTC(2026, 0, 1);

export class CityClock {
  /** Virtual ms since the start; kept by the simulation. */
  virtualMs = 0;
  /** How wrong the service's clock is, in ms. */
  skewMs = 0;

  /** What the service takes for the time, in whole ms since 1970. */
  nowMs(): number {
    return Math.floor(FOUNDED_MS + this.virtualMs + this.skewMs);
  }
}
