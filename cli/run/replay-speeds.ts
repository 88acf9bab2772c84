/** How fast a history can be played. */

/** Events a second. */
export const SPEEDS = [1, 5, 20, 100, 500, 2_000, 10_000] as const;
