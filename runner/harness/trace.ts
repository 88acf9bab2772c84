/** What a run did, for replaying and shrinking it. */
import type { WireLine } from '../../server/contract/index.ts';
import type { Call, Reply } from '../service/call.ts';

export interface Trace {
  /** Position picked among the ready requests, step by step; empty where the world picks. */
  picks: number[];
  /** Faults that struck, named as a reduction mutes them. */
  struck: string[];
  /** Planned operations begun, in order. */
  begun: Begun[];
  /** Which request took each step, by its key (`requestKey`); empty where the world picks. */
  steps: string[];
  /** The calls that were asked, with what each was answered. */
  calls: RecordedCall[];
  /** Steps of a reduction's `order` that another request took, because the one that it names could not. */
  notAsAsked: number;
  /** Those of them for which the one that is named was inside and waited, as for a lock: its service kept it, not the order. */
  keptWaiting: number;
  /** Nobody reads steps and calls: they are left empty. */
  isBrief?: true;
  /** What went over the wire of a gated run; empty for others. */
  wire: readonly WireLine[];
  /** How often each sometimes-property was reached, once the run has ended. */
  sometimes?: Readonly<Record<string, number>>;
}

export interface Begun {
  /** Its number in the plan. */
  n: number;
  actor: string;
  /** Null for operations that are about several objects or none. */
  object: string | null;
}

export interface RecordedCall {
  n: number;
  actor: string;
  call: Call;
  /** Of its requests, by their keys; those without an answer are not there. */
  answers: Record<string, Reply>;
}

export function emptyTrace(): Trace {
  return { picks: [], struck: [], begun: [], steps: [], calls: [], notAsAsked: 0, keptWaiting: 0, wire: [] };
}
