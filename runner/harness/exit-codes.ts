/** The exit codes of a harness, by which its runner tells what became of it. */
export const HARNESS_EXIT = {
  /** The end of the run is committed. */
  delivered: 0,
  /** An error ended it; the last line on stderr says which, as JSON. */
  crashed: 1,
  /** It never got an order that it could read. */
  noOrder: 64,
  /** What the run needs at its start was away. */
  notBegun: 69,
  /** Its runner is gone. What it knew is delivered as far as that was possible, without a verdict. */
  orphaned: 70,
  /** It was told to end (SIGTERM) by somebody who stopped no run: it ended as an orphan does. */
  told: 71,
  /** The run is no longer its own. */
  leaseLost: 75,
  /** It repeated a run, and its history differs from the stored one: the run has ended with that. */
  differs: 76,
} as const;
