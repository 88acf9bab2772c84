/** What is known of a failure before a why is told of it, and what further variants of it are executed with. */
import type { Forensic, RunConfig, RunEvent, Smallest, WhyKind } from '../../server/contract/index.ts';
import type { Fails } from '../harness/failure-tally.ts';
import type { Guide, NextStep } from '../harness/guide.ts';
import type { RecordedCall, Trace } from '../harness/trace.ts';
import type { Call, Reply } from '../service/call.ts';
import type { Subject } from '../shrink/candidate.ts';
import type { StatementWatch, WatchedStatement } from '../targets/statements.ts';

/** A row as the dump of the tables has it. */
export type Row = Readonly<Record<string, unknown>>;

/** One row that a commit has changed, by the dumps before and after it. */
export interface RowChange {
  readonly table: string;
  /** Its primary key, else all of it, as JSON. */
  readonly key: string;
  /** Null: it was inserted. */
  readonly before: Row | null;
  /** Null: it was deleted. */
  readonly after: Row | null;
  /** Columns whose value changed; all of them for a row that came or went. */
  readonly columns: readonly string[];
}

/** One request of the execution with what it did. */
export interface RecordedRequest {
  /** Its place in `Recording.requests`. */
  readonly index: number;
  /** `48.0`, `50.1d`. */
  readonly key: string;
  /** Number of the planned operation. */
  readonly n: number;
  readonly attempt: number;
  readonly isDuplicate: boolean;
  /** Operation id in the history. */
  readonly op: number;
  readonly actor: string;
  readonly call: Call;
  readonly outcome: 'ok' | 'refused' | 'unknown' | 'pending';
  /** Null: the service gave none, or it is not known. */
  readonly reply: Reply | null;
  readonly statements: readonly WatchedStatement[];
  /** Names of faults that struck it. */
  readonly faults: readonly string[];
  /** Indices of events of the history: its invocation, and its completion (null: there is none). */
  readonly invokedEvent: number;
  readonly completedEvent: number | null;
}

/** A commit that may have changed something: of a transaction, or of a single statement. */
export interface Commit {
  /** From 0 in the order of commits. */
  readonly index: number;
  /** The `commit`, or the statement that is its own transaction. */
  readonly statement: WatchedStatement;
  /** Null: it is nobody's. */
  readonly request: RecordedRequest | null;
  /** On the statements' count of times. */
  readonly at: number;
  /** Null: not known (no probes). */
  readonly changes: readonly RowChange[] | null;
}

/** A step of an execution: which request took it, and what it did. */
export interface TakenStep {
  readonly request: string;
  readonly next: NextStep;
}

export interface Recording {
  readonly forensic: Forensic;
  readonly events: readonly RunEvent[];
  readonly trace: Trace;
  readonly requests: readonly RecordedRequest[];
  readonly statements: readonly WatchedStatement[];
  readonly commits: readonly Commit[];
  /** By operation of the history: how many commits there had been when its request left the target. */
  readonly leftAfter: ReadonlyMap<number, number>;
  readonly steps: readonly TakenStep[];
}

/** A read whose answer a commit, that came after it and before its request's end, has made untrue. */
export interface StaleRead {
  readonly request: RecordedRequest;
  readonly read: WatchedStatement;
  /** All that it was stale against, in order; never empty. */
  readonly commits: readonly Commit[];
}

/** One dependency between two requests: X comes before Y in any order that explains both. */
export interface Dependency {
  readonly kind: 'rw' | 'wr' | 'ww';
  readonly from: RecordedRequest;
  readonly to: RecordedRequest;
  /** The statement of `from`: the read of rw, the commit of others. */
  readonly fromStatement: WatchedStatement;
  readonly toStatement: WatchedStatement;
  /** `rw`, `wr`: whether rows came or went, so that no row can be locked beforehand. */
  readonly isPhantom: boolean;
}

/** How the same requests fare one after another. */
export interface SerialFinding {
  /**
   * `passes` in every order tried; `fails` the same in every one, or in whole runs of one request at a time; `mixed`;
   * `unknown`: none said anything.
   */
  readonly verdict: 'passes' | 'fails' | 'mixed' | 'unknown';
  readonly passes: number;
  readonly same: number;
  readonly otherwise: number;
  readonly of: number;
  /** Statements and requests of an order that fails the same way; null: there is none. */
  readonly failing: Recording | null;
  /** Whole runs of several seeds, one request at a time and without faults. */
  readonly whole: { readonly passes: number; readonly same: number; readonly of: number };
  /** That order, by request; null: there is none. */
  readonly order: readonly string[] | null;
}

export interface Findings {
  readonly subject: Subject;
  readonly smallest: Smallest;
  /** Of the smallest reproduction, with the probes' effects in its commits. */
  readonly recording: Recording;
  /** False: the execution with probes failed otherwise, so `changes` are null and there are no stale reads. */
  readonly isProbed: boolean;
  /** The operation after which the failure is named; null: none is. */
  readonly accused: RecordedRequest | null;
  readonly staleReads: readonly StaleRead[];
  readonly dependencies: readonly Dependency[];
  readonly serial: SerialFinding;
  /** The pair that was found; null: none was. */
  readonly pair: Pair | null;
}

/** The stale reader and what it was stale against. Turned round it passes. */
export interface Pair {
  readonly stale: StaleRead;
  /** The statement of the last commit's transaction that is shown. */
  readonly write: WatchedStatement;
  readonly writer: RecordedRequest;
  /** The reader's own statement that acts on what it read; null: its answer does. */
  readonly acts: WatchedStatement | null;
  /** Turned round with it, where neither alone passes. Default none. */
  readonly also?: StaleRead;
}

/** A kind that is not of interleaving (or says more than a pair), with what shows it. */
export interface Cause {
  readonly kind: WhyKind;
  readonly request: RecordedRequest;
  /** The statement that read wrongly; null: none did. */
  readonly read: WatchedStatement | null;
  /** The statement whose effect is wrong; null: there is none. */
  readonly write: WatchedStatement | null;
  /** One line, what happened in the domain. */
  readonly sentence: string;
  readonly conclusion: readonly string[];
  /** Statements beside the arrow of which a mark stands, by id. */
  readonly marks: ReadonlyMap<number, string>;
  /** What it should not have changed, and nothing of which its answer speaks of: without it all must be well. Default none. */
  readonly wrong?: readonly RowChange[];
  /** True when it is told only where all is well without `wrong`. Default false. */
  readonly isShownOnly?: boolean;
  /** True when right requests do such things, too: it is told only where that is shown, and of the likeliest. Default false. */
  readonly isUsual?: boolean;
}

/** A cause, and the execution that it was found in: its statements are that one's. */
export interface FoundCause {
  readonly cause: Cause;
  readonly recording: Recording;
}

/** What is executed, beside the smallest reproduction as it is. */
export interface Variant {
  readonly guide?: Guide;
  readonly statements?: StatementWatch;
  /** Instead of the smallest reproduction's. */
  readonly config?: Partial<RunConfig>;
  readonly seed?: number;
  /** Calls as they were asked in the recording; default true when the recording is there and `config` has no other reduction. */
  readonly frozen?: readonly RecordedCall[] | null;
  /** Who is to take the steps, by request; left out: as in the recording. */
  readonly order?: readonly string[];
  /** Why its outcome says nothing; null: it does. Left out: it does however it went. */
  readonly judge?: (went: Went & { readonly fails: Fails }) => Discarded | null;
}

/** How an execution went. */
export interface Went {
  readonly trace: Trace;
  readonly events: readonly RunEvent[];
  /** How often the guide had to let one go that it held. */
  readonly gaveWay: number;
}

/** Why an execution says nothing of what was tried. */
export type Discarded = 'broken off' | 'with other calls' | 'not in the order asked' | 'without any conflict';

export interface Tried extends Went {
  /** `unknown`: it says nothing, and `discarded` says why; what cannot be seen of it is not there. */
  readonly fails: Fails | 'unknown';
  readonly discarded: Discarded | null;
  readonly forensic: Forensic | null;
}

/** Executes variants of the smallest reproduction, counts them and keeps the time. */
export interface Laboratory {
  readonly executions: number;
  /** Seconds since it was opened. */
  readonly seconds: number;
  /** True when time is up, or a stop was asked for. */
  readonly spent: boolean;
  /** What is done now, for whoever waits. */
  stage(words: string): void;
  /** @throws ExecutionLimitError never: one that is broken off is discarded. */
  run(variant: Variant): Promise<Tried>;
  /** As `run`, and what its requests did. */
  record(variant: Variant): Promise<Recording | null>;
}
