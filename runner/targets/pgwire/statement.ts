/** The service's connections and the groups of messages on them, as lock waits see them. */
import { EngineFault } from '../../engine-fault.ts';
import type { HeldConnection, HeldStatement, HeldTransaction } from '../locks/held.ts';
import { traitsOf } from '../locks/statement-text.ts';
import type { ToldStatement } from '../statement-feed.ts';
import type { NextStep } from '../target.ts';
import type { Group, Injected, WireConnection, WireError } from './wire.ts';

const SAVEPOINT = 'simcity_gate';
export const SERIALIZATION_FAILURE = '40001';
export const DEADLOCK = '40P01';
const CANCELLED = '57014';
const COMMITS = /^\s*(?:commit|end)\b/i;
const ENDS_TRANSACTION = /^\s*(?:commit|rollback|end|abort|prepare\s+transaction)\b(?![^;]*\bto\b)/i;

/** Whose statements they are. */
export interface SeatOwner {
  /** In the order in which requests began; the service's own doings come last. */
  readonly n: number;
  readonly seats: Seat[];
}

/** The numbers of one owner's connections follow each other. */
const MOST_SEATS = 64;

/** A transaction as it is told of; its begin passes by itself, and is told with its first statement. */
export interface ToldTransaction {
  begin: ToldStatement | null;
}

/** A connection of the service, for as long as it belongs to one request (or to the service's own doings). */
export class Seat implements HeldConnection {
  readonly wire: WireConnection;
  owner: SeatOwner;
  /**
   * The same in every execution, which neither a backend's process number is nor which connection the service's pool
   * hands out: whatever is drawn or sorted goes by this.
   */
  readonly number: number;
  /** The group at the head of the connection, as lock waits see it; null: the service has yet to ask for something. */
  statement: WireStatement | null = null;
  /** Open in the database, begun by the service or by the gate. */
  transaction: HeldTransaction | null = null;
  /** What a watch is told of it; null: nobody listens, or none is open. */
  toldTransaction: ToldTransaction | null = null;
  /** Statements that were executed in it. */
  executed = 0;
  /** It was let into a transaction while only so many were. */
  hasEntered = false;

  constructor(wire: WireConnection, owner: SeatOwner) {
    this.wire = wire;
    this.owner = owner;
    let place = 0;
    while (owner.seats.some(({ number }) => number % MOST_SEATS === place)) place++;
    this.number = owner.n * MOST_SEATS + (place % MOST_SEATS);
  }

  /** Not the backend's: see `number`. */
  get pid(): number {
    return this.number;
  }

  /** A group that was sent and is not answered, the target's own or one that passed by itself. */
  get inFlight(): Group | null {
    const { head } = this.wire;
    return head?.state === 'sent' ? head : null;
  }

  async settled(): Promise<void> {
    await this.inFlight?.answered;
  }
}

/** One group of messages at the gate, or the commit of a write that the gate has opened. */
export class WireStatement implements HeldStatement {
  readonly connection: Seat;
  readonly group: Group;
  /** It is a write outside of a transaction: the gate opens one for it. */
  readonly isOpenedByGate: boolean;
  blockers: readonly number[] = [];
  /** A savepoint stands before it, to which it can be taken back. */
  savepoint = false;
  /** Its own transaction is open in the database. */
  isOpen = false;
  /** It waits for a lock: in the database, or kept at the gate. */
  isWaiting = false;
  /** It waits until fewer transactions are open. */
  waitsForRoom = false;
  /** Steps until its answer is handed on, because it is a slow one. */
  slowSteps = 0;
  /** The connection ends when it is committed, before the service hears of it. */
  losesCommit = false;
  /** In place of its commit its transaction fails with this. */
  failsWith: { readonly code: string; readonly message: string } | null = null;
  /** What a watch is told of it; null: nobody listens, or it has not been let through. */
  told: ToldStatement | null = null;
  /** Its answer is there and held back until its commit, which is a step of its own. */
  hasAnswer = false;
  /** How the client began the transaction, to begin it again; null: it need not be. */
  #opening: readonly string[] | null = null;
  /** The commit of what the gate has opened, once it is sent. */
  #commit: { answered: Promise<void>; result: Injected | null } | null = null;

  constructor(connection: Seat, group: Group, isOpenedByGate: boolean) {
    this.connection = connection;
    this.group = group;
    this.isOpenedByGate = isOpenedByGate;
  }

  get transaction(): HeldTransaction | null {
    return this.connection.transaction;
  }

  get phase(): HeldStatement['phase'] {
    if (this.#commit) return this.#commit.result === null && !this.isLost ? 'sent' : 'settled';
    const { state } = this.group;
    return state === 'sent' ? 'sent' : state === 'held' || state === 'queued' ? 'queued' : 'settled';
  }

  get answered(): Promise<void> {
    return this.#commit?.answered ?? this.group.answered;
  }

  get isLost(): boolean {
    return this.group.state === 'lost' || this.connection.wire.isClosed;
  }

  /** It can take a step: be sent, or be answered to the service. */
  get canGoOn(): boolean {
    return !this.isWaiting && !this.waitsForRoom && this.slowSteps === 0 && this.phase !== 'sent';
  }

  get words(): string {
    return this.group.statements.map(({ text }) => text).join('; ');
  }

  get values(): (string | null)[] {
    return this.group.statements.flatMap(({ values }) => values);
  }

  get endsTransaction(): boolean {
    return this.group.statements.some(({ text }) => ENDS_TRANSACTION.test(text));
  }

  /** As what a watch is told of it: several together are a commit when they end with one. */
  get tellsAs(): 'statement' | 'commit' | 'rollback' {
    const last = this.group.statements.at(-1)?.text ?? '';
    if (!ENDS_TRANSACTION.test(last) || this.group.statements.length > 1) return 'statement';
    return COMMITS.test(last) ? 'commit' : 'rollback';
  }

  /** What its next step does; its request has sent so many before it. */
  next(before: number): NextStep {
    if (this.hasAnswer && !this.isCommitting) {
      const kind = this.failsWith ? 'rollback' : 'commit';
      return { kind, text: kind, statements: before };
    }
    if (this.phase !== 'queued') return { kind: 'code', text: null, statements: before + 1 };
    return { kind: this.tellsAs, text: this.words, statements: before };
  }

  /** The error of the commit that the gate has sent; null: none, or it has not come. */
  get commitError(): WireError | null {
    return this.#commit?.result?.error ?? null;
  }

  /** Its transaction is committed by it, or by the gate after it. */
  get isCommit(): boolean {
    return this.isOpenedByGate || this.group.statements.some(({ text }) => COMMITS.test(text));
  }

  /** It may have let locks go before the end of its transaction. */
  get letsLocksGo(): boolean {
    return this.group.statements.some(({ text }) => traitsOf(text).letsLocksGo);
  }

  get isAboutSavepoint(): boolean {
    return this.group.statements.some(({ text }) => traitsOf(text).aboutSavepoint);
  }

  get asks(): string | null {
    if (this.#commit || this.endsTransaction || this.isAboutSavepoint) return null;
    return JSON.stringify(this.group.statements.map(({ text, values }) => [text, values]));
  }

  get canBeTakenBack(): boolean {
    if (this.#commit || !this.group.canBeHeldAgain || this.endsTransaction) return false;
    return this.savepoint || this.isOpenedByGate || this.connection.executed === 0;
  }

  get wasCancelled(): boolean {
    return !this.isLost && this.group.error?.code === CANCELLED;
  }

  /** What has to come before it when it is sent: in a fresh transaction its first statements, or a savepoint. */
  async prepare(isSavepointNeeded: boolean): Promise<void> {
    const { wire, executed } = this.connection;
    if (!wire.canInject) return;
    if (this.isOpenedByGate && !this.isOpen) {
      this.isOpen = (await wire.inject('begin')).error === null;
      return;
    }
    if (this.#opening) {
      for (const text of this.#opening) await wire.inject(text);
      this.#opening = null;
    }
    const wants = isSavepointNeeded && executed > 0 && wire.transaction === 'open';
    if (!wants || this.savepoint || this.endsTransaction || this.isAboutSavepoint) return;
    // It is never released: the next one of its name hides it, and the end of the transaction ends them all.
    this.savepoint = (await wire.inject(`savepoint ${SAVEPOINT}`)).error === null;
  }

  async takenBack(): Promise<void> {
    if (this.told) this.told.takenBack++;
    const { wire } = this.connection;
    if (this.savepoint) {
      await wire.inject(`rollback to savepoint ${SAVEPOINT}`);
    } else if (this.isOpen) {
      await wire.inject('rollback');
      this.isOpen = false;
    } else if (wire.transaction !== 'idle') {
      this.#opening = [...wire.opening];
      await wire.inject('rollback');
    }
    wire.holdAgain(this.group);
  }

  async becomesVictim(): Promise<void> {
    const { wire } = this.connection;
    if (this.phase === 'settled') {
      wire.replaceByError(this.group, DEADLOCK, 'deadlock detected');
      return;
    }
    // Its transaction may have gone back with it, and has to be there to be aborted.
    await this.prepare(false);
    await wire.raiseInstead(this.group, DEADLOCK, 'deadlock detected');
  }

  waits(): void {
    this.isWaiting = true;
  }

  wakes(): void {
    this.isWaiting = false;
  }

  /** Sends the commit of what the gate has opened. */
  commit(text: 'commit' | 'rollback'): void {
    if (!this.isOpen || this.#commit)
      throw new EngineFault('Only a write that the gate has opened is committed by it, and once.');
    const commit: { answered: Promise<void>; result: Injected | null } = {
      answered: Promise.resolve(),
      result: null,
    };
    commit.answered = this.connection.wire.inject(text).then((result) => {
      commit.result = result;
    });
    this.#commit = commit;
  }

  /** The database raises this error instead of executing it. */
  async fails(code: string, message: string): Promise<void> {
    await this.prepare(false);
    await this.connection.wire.raiseInstead(this.group, code, message);
  }

  /** The end of what the gate has opened has come: the answer is made what it would have been. */
  closed(): void {
    const error = this.failsWith ?? this.#commit?.result?.error ?? null;
    const { wire } = this.connection;
    this.isOpen = false;
    if (this.isLost) return;
    if (error) wire.replaceByError(this.group, error.code, error.message);
    wire.readyAs(this.group, 'I');
  }

  get isCommitting(): boolean {
    return this.#commit !== null;
  }
}
