/** What a run did, for replaying and shrinking it. */
import type { WireLine } from '../../server/contract/index.ts';

export interface Trace {
  /** Position picked among the ready requests, step by step; empty where the world picks. */
  picks: number[];
  /** Faults that struck, named as a reduction mutes them. */
  struck: string[];
  /** Planned operations begun, in order. */
  begun: Begun[];
  /** What went over the wire of a gated run; empty for others. */
  wire: readonly WireLine[];
}

export interface Begun {
  /** Its number in the plan. */
  n: number;
  actor: string;
  /** Null for operations that are about several objects or none. */
  object: string | null;
}

export function emptyTrace(): Trace {
  return { picks: [], struck: [], begun: [], wire: [] };
}
