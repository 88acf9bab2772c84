/** What a piece of the picture stands for, so that a click on it is known; what comes of it is for the view to say. */
export type Target =
  /** A key hint: as if the key were pressed. */
  | { on: 'key'; key: string }
  /** An event of the history, by its index. */
  | { on: 'event'; index: number }
  /** A place on the scrubber. */
  | { on: 'place'; index: number }
  /** A row of the list that the view has, from 0. */
  | { on: 'row'; at: number }
  | { on: 'run'; id: string }
  /** A line of the palette, from 0. */
  | { on: 'command'; at: number };

/** What is under the mouse. */
export interface Hit {
  target: Target | null;
  /** The name of the pane; null: one without a name, or none. */
  pane: string | null;
  /** The row in it, from 0 below its upper edge. */
  row: number;
}

/** What the mouse did, and to what. */
export interface Pointing extends Hit {
  /** `drag`: moved with the left button held. */
  what: 'press' | 'drag' | 'wheel-up' | 'wheel-down';
}
