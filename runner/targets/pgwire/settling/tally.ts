/** How often and how the service came to rest, for the survey, the notes and the benchmarks. */
export class SettleTally {
  settles = 0;
  /** Real time spent on them, in ms. */
  ms = 0;
  secondLooks = 0;
  secondLooksHelped = 0;
  /** Times that a timer of the service's own was waited for with success. */
  timers = 0;
  /** Times that nothing went on although it was waited for. */
  stuck = 0;
  /** Rests of a weaker kind: told by silence, or given up because the service never slept. */
  weak = 0;
  /** Rests told by counting alone. */
  counted = 0;
}
