/** How surely it was told that the service had come to rest. */
export class SettleTally {
  /** Rests of a weaker kind: told by silence, or given up because the service never slept. */
  weak = 0;
  /** Rests told by counting alone. */
  counted = 0;
}
