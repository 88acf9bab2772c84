/** What the gate on the PostgreSQL wire shows of itself: connections, and the groups of messages that it holds on them. */
import type { AsksAgain, BoundValues } from '../statements.ts';

/** The real database server, and how the gate logs in there. */
export interface Upstream {
  /** A name or an address; a folder (`/run/postgresql`) when it is reached by a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | null;
  readonly tls: boolean;
}

export interface GateOptions {
  readonly upstream: Upstream;
  /** The server's major version: it says which protocol can be agreed on with clients. */
  readonly serverVersion: number;
  /** What clients log in with; made for this run. */
  readonly user: string;
  readonly password: string;
  /** An address of this machine alone; 127.0.0.1 by default. */
  readonly host?: string;
  /** The folder of the Unix socket. By default one of our own, which is removed at the end; null: no socket. */
  readonly socketDir?: string | null;
}

/** One statement that a group executes. Long values are cut: their beginning, their length and a hash are left. */
export interface StatementText {
  readonly text: string;
  /** What it is bound to: text as it is, binary as hex. */
  readonly values: readonly (string | null)[];
  /** The same byte for byte; left out: its text is not known. */
  readonly bound?: BoundValues;
}

/** `queued`: behind another on its connection. */
export type GroupState = 'queued' | 'held' | 'sent' | 'answered' | 'delivered' | 'lost';

/** What a client says of its transaction, and PostgreSQL in each ReadyForQuery. */
export type TransactionState = 'idle' | 'open' | 'failed';

export interface WireError {
  readonly code: string;
  readonly message: string;
}

type Row = readonly (string | null)[];

/** Messages that the client waits for the answer of: a Query or FunctionCall, or everything up to Sync or Flush. */
export interface Group {
  readonly connection: WireConnection;
  /** Counted by the gate in the order in which groups came to the head of their connections. */
  readonly arrival: number;
  readonly kind: 'query' | 'sync' | 'flush' | 'function';
  /** What it executes, in order; empty: it only prepares or describes. */
  readonly statements: readonly StatementText[];
  /**
   * It commutes with all others: it executes nothing, or only begins a transaction, sets what is the connection's own,
   * or reads catalogs. It passes by itself, whether the gate is open or closed.
   */
  readonly isFree: boolean;
  readonly state: GroupState;
  /** New for each `send`. Resolves, and never rejects: it is answered whole, or its connection is lost. */
  readonly answered: Promise<void>;
  readonly error: WireError | null;
  /** The tag of each CommandComplete. */
  readonly tags: readonly string[];
  /** The first 200, as text; binary as hex. */
  readonly rows: readonly Row[];
  readonly rowCount: number;
  /** The names of its rows' columns; null: its answer does not describe them. */
  readonly columns: readonly string[] | null;
  /** Once it has been cancelled it can be sent anew: it neither took data of a COPY nor is a part of a longer pipeline. */
  readonly canBeHeldAgain: boolean;
}

/** What a statement of the gate's own came to. */
export interface Injected {
  readonly error: WireError | null;
  readonly rows: readonly Row[];
  readonly tag: string | null;
}

export interface WireConnection {
  /** In the order in which clients asked for them since the execution began; from 0. */
  readonly number: number;
  /** Of the backend. */
  readonly pid: number;
  /** By the last ReadyForQuery. */
  readonly transaction: TransactionState;
  readonly isClosed: boolean;
  /** The oldest group that is not delivered. */
  readonly head: Group | null;
  /** BEGIN and SET that passed by themselves since the transaction began, to begin it again. */
  readonly opening: readonly string[];
  /** A statement of the gate's own can be sent now: nothing is in flight, and no pipeline is half done. */
  readonly canInject: boolean;
  /** Notifications that wait to be handed on. */
  readonly notifications: number;
  /** Forwards the held head. */
  send(group: Group): void;
  /** Hands the answer of an answered head to the client; the next in the queue becomes the head, and arrives. */
  deliver(group: Group): void;
  /** Lets a held head through and hands its answer on as it comes, as if the gate were open. */
  pass(group: Group): void;
  /**
   * Sends a statement of the gate's own, one a call; the client sees nothing of it. Only where `canInject`. Never
   * rejects: an error is answered, 08006 when the connection is lost.
   */
  inject(text: string): Promise<Injected>;
  /** An answered head that was cancelled is held again as if it had not been sent. */
  holdAgain(group: Group): void;
  /** The client gets this error instead of the answer, of a head that is sent or answered; the state after it is that of the connection. */
  replaceByError(group: Group, code: string, message: string): void;
  /**
   * Instead of the held head the database raises this error, so that its transaction is truly aborted; then the head
   * is answered with it.
   */
  raiseInstead(group: Group, code: string, message: string): Promise<void>;
  /** Forwards `text` instead of the held head, which is then answered with this error (a COMMIT that fails: `rollback`). */
  sendInstead(group: Group, text: string, code: string, message: string): Promise<void>;
  /** The ReadyForQuery of an answered head says this state. */
  readyAs(group: Group, state: 'I' | 'T' | 'E'): void;
  /** Hands the oldest notification on that waits. */
  deliverNotification(): void;
  /** Ends both sides at once; what was not delivered is lost. */
  cut(): void;
}

export interface GateListener {
  /** A group is held: it is the head of its connection, and waits for `send`. */
  arrived(group: Group): void;
  /** A connection that was ready has ended; its groups are lost. */
  closed(connection: WireConnection): void;
  /** A notification came, and waits for `deliverNotification`. Without this method it is handed on at once. */
  notified?(connection: WireConnection): void;
  /** A group that is not free goes through the open gate. */
  passed?(group: Group): void;
}

/** The gate itself; `Gate.listen` in gate.ts opens one. */
export interface WireGate {
  readonly host: string;
  readonly port: number;
  readonly socketDir: string | null;
  readonly user: string;
  readonly password: string;
  /** What TLS is ended with, as PEM. */
  readonly certificate: string;
  /** The clone that connections open from now on; a client that asks for another name gets this one. */
  database: string;
  /** True: every group passes. Set to false, it holds what comes from then on; set to true, it lets go what is held. */
  isOpen: boolean;
  /** New connections get FATAL 53300. */
  refuses: boolean;
  listener: GateListener | null;
  /** Counts whatever comes from a client, a server or (by `bump`) elsewhere. */
  readonly activity: number;
  bump(): void;
  /** Asks statements again on a session like the service's, past the gate; it is opened when it is first asked. */
  again(): AsksAgain & { close(): void };
  /** Resolves at the next activity, or after so many ms. */
  news(ms: number): Promise<void>;
  /** Connections that are not ready yet. */
  readonly starting: number;
  /** Groups in flight that pass by themselves. */
  readonly passing: number;
  readonly connections: ReadonlySet<WireConnection>;
  /** Executed and not free, since `begin`. */
  readonly statementsSeen: number;
  /** A new execution: connections, arrivals and statements are counted from 0 again. */
  begin(): void;
  cutAll(): void;
  close(): Promise<void>;
}
