/** Lets statements of the service through: one at a time, with what has to come before and after each of them. */
import type { AutocommitWrites } from '../locks/autocommit-writes.ts';
import type { LockSight } from '../locks/held.ts';
import type { LockWaits } from '../locks/lock-waits.ts';
import { traitsOf } from '../locks/statement-text.ts';
import type { WireStrike } from '../target.ts';
import { DEADLOCK, SERIALIZATION_FAILURE, Seat, type SeatOwner, WireStatement } from './statement.ts';
import { errorOf, slowStepsOf } from './strikes.ts';
import type { Telling } from './telling.ts';
import type { LineOwner, WireTrace } from './trace.ts';
import type { Group, WireConnection } from './wire.ts';

export interface PassageOptions {
  readonly waits: (sight: LockSight) => LockWaits<WireStatement>;
  readonly database: LockSight & { terminate(pids: readonly number[]): Promise<void> };
  readonly writes: AutocommitWrites;
  readonly trace: WireTrace;
  /** Its request can fail of what the engine decides. */
  readonly disturbed: (owner: SeatOwner) => void;
  readonly ownerName: (owner: SeatOwner) => LineOwner;
  /** What strikes a statement that is about to be sent; null: nothing. */
  readonly strike: (statement: WireStatement) => WireStrike | null;
  readonly executed: (owner: SeatOwner) => void;
  /** Null: nobody listens. */
  readonly telling: Telling | null;
  readonly sometimes: {
    'a request waited for a connection': number;
    'a transaction failed to serialize': number;
  };
}

/** Serialization failures and deadlocks: the interleaving brings them about, and the engine decides that. */
const OF_INTERLEAVING: ReadonlySet<string> = new Set([SERIALIZATION_FAILURE, DEADLOCK]);

const PLAIN_READ = /^\s*(?:select|values|table)\b/i;
const CALLS_LOCK = /lock/i;
const TAKES_TABLE = /^\s*(?:lock|truncate)\b/i;

export class Passage {
  readonly #options: PassageOptions;
  readonly waits: LockWaits<WireStatement>;
  readonly #seats = new Map<WireConnection, Seat>();
  /** Statements that would begin a transaction while enough are open, first come first served. */
  #line: WireStatement[] = [];
  #limit: number | null = null;
  /** Some statement may have locked a table against those that only read it. */
  #hasTableLocks = false;
  /** The connection whose answer is handed on right now. */
  #delivering: Seat | null = null;

  constructor(options: PassageOptions) {
    this.#options = options;
    this.waits = options.waits({
      blockers: (number) => this.#blockers(number),
      cancel: (number) => this.#cancel(number),
    });
  }

  /** Connections that belong to somebody. */
  get taken(): number {
    return this.#seats.size;
  }

  /** Whose connection it is; null: nobody's. A group that was queued behind another has the same owner. */
  ownerOf(connection: WireConnection): SeatOwner | null {
    const seat = this.#seats.get(connection) ?? this.#delivering;
    return seat?.wire === connection ? seat.owner : null;
  }

  /** The group is this owner's. */
  seat(group: Group, owner: SeatOwner): void {
    const { connection } = group;
    let seat = this.#seats.get(connection);
    if (!seat) {
      seat = new Seat(connection, owner);
      this.#seats.set(connection, seat);
      owner.seats.push(seat);
      this.waits.add(seat);
    }
    seat.statement = new WireStatement(seat, group, this.#isOpenedByGate(group));
  }

  /** At most so many connections are let into a transaction; null: all. */
  limit(connections: number | null): void {
    this.#limit = connections;
    this.#serveLine();
  }

  /** One step of a statement that can go on; true when the service was handed something. */
  async advance(statement: WireStatement): Promise<boolean> {
    if (statement.isLost) return true;
    if (statement.phase === 'queued') {
      if (!this.#enters(statement)) return false;
      if (!(await this.#letThrough(statement))) return false;
      if (statement.slowSteps > 0) return false;
    } else if (statement.hasAnswer && !statement.isCommitting) {
      if (!(await this.#commit(statement, statement.failsWith ? 'rollback' : 'commit'))) return false;
    }
    return await this.#answer(statement);
  }

  /** A step was taken: slow statements are so much nearer to their answers. `isIdle`: nothing else can go on. */
  stepped(isIdle: boolean): void {
    for (const { statement } of this.#seats.values()) {
      if (statement && statement.slowSteps > 0) statement.slowSteps = isIdle ? 0 : statement.slowSteps - 1;
    }
  }

  get isSomethingSlow(): boolean {
    return [...this.#seats.values()].some(({ statement }) => (statement?.slowSteps ?? 0) > 0);
  }

  /** Connections that ended or went idle by themselves are nobody's any more. */
  async tidy(): Promise<void> {
    for (const seat of [...this.#seats.values()].sort((a, b) => a.number - b.number)) {
      const { wire, statement, transaction } = seat;
      if (wire.isClosed) await this.#bury(seat);
      else if (statement === null && wire.head === null && wire.transaction === 'idle' && wire.canInject) {
        this.#leave(seat);
        if (transaction || this.waits.hasBlocked) await this.waits.locksLetGo();
      }
    }
  }

  /** All connections are lost. `end` is told of the backends, whoever waits before those that it waits for. */
  async abandon(end: (pids: readonly number[]) => Promise<void>): Promise<void> {
    await this.waits.abandon((numbers) =>
      end(numbers.flatMap((number) => this.#seatOf(number)?.wire.pid ?? [])),
    );
    for (const seat of this.#seats.values()) this.waits.forget(seat);
    this.#seats.clear();
    this.#line = [];
  }

  async #letThrough(statement: WireStatement): Promise<boolean> {
    const { connection: seat, group } = statement;
    const mayWait = this.#mayWait(group);
    this.#say('statement', seat, statement.words, statement.values);
    this.#options.telling?.letThrough(statement);
    this.waits.assign(statement, seat);
    if (this.waits.staysAtGate(statement)) return this.#waited(statement);
    await statement.prepare(mayWait && this.waits.hasBlocked);
    if (statement.isOpen || seat.wire.transaction !== 'idle') seat.transaction ??= { connection: null };
    this.waits.bind(statement);
    if (seat.wire.isClosed) return true;
    const strike = this.#options.strike(statement);
    if (strike && (await this.#struck(statement, strike))) return true;
    this.#options.telling?.sent(statement);
    seat.wire.send(group);
    await this.waits.watch(statement);
    return isSettled(statement) ? true : this.#waited(statement);
  }

  /** True when it was struck in place of being sent. */
  async #struck(statement: WireStatement, strike: WireStrike): Promise<boolean> {
    const { connection: seat, group } = statement;
    const { name } = strike;
    this.#options.disturbed(seat.owner);
    this.#say('lock', seat, `is struck: ${name}`);
    if (name === 'backend-kill') {
      await this.#options.database.terminate([seat.wire.pid]);
      seat.wire.cut();
      return true;
    }
    const error = errorOf(name);
    if (name === 'slow-statement') statement.slowSteps = slowStepsOf(strike);
    else if (name === 'lost-commit') statement.losesCommit = true;
    else if (!error) return false;
    else if (statement.isOpenedByGate && strike.atCommit) statement.failsWith = error;
    else if (statement.endsTransaction) {
      await seat.wire.sendInstead(group, 'rollback', error.code, error.message);
      return true;
    } else {
      await statement.fails(error.code, error.message);
      return true;
    }
    return false;
  }

  /** The end of a transaction that the gate has opened can wait for a check that was put off to it. */
  async #commit(statement: WireStatement, text: 'commit' | 'rollback'): Promise<boolean> {
    this.#options.telling?.commitSent(statement, text);
    statement.commit(text);
    await this.waits.watch(statement);
    return isSettled(statement) ? true : this.#waited(statement);
  }

  #waited(statement: WireStatement): false {
    const { connection: seat, blockers } = statement;
    const owners = blockers.map((number) => this.#nameOf(number)).sort();
    this.#say('lock', seat, owners.length > 0 ? `waits for ${owners.join(', ')}` : 'is taken back');
    return false;
  }

  /** The database has answered: it is held back until the commit, or handed to the service. */
  async #answer(statement: WireStatement): Promise<boolean> {
    const { connection: seat, group } = statement;
    if (statement.isOpen && !statement.isCommitting) {
      if (group.error === null && !statement.isLost) {
        statement.hasAnswer = true;
        await this.#tellAnswer(statement);
        this.#say('rows', seat, `${group.tags.join(', ')}, not yet committed`);
        return false;
      }
      if (!statement.isLost && !(await this.#commit(statement, 'rollback'))) return false;
    }
    await this.#tellAnswer(statement);
    if (statement.isCommitting) statement.closed();
    if (statement.isLost) {
      await this.#bury(seat);
      return true;
    }
    this.#tell(statement);
    if (statement.losesCommit && group.error === null) seat.wire.cut();
    await this.#after(statement);
    this.#deliver(statement);
    return true;
  }

  /** Whoever listens hears of the statement's answer, and of its end where the gate has sent that. */
  async #tellAnswer(statement: WireStatement): Promise<void> {
    const { telling } = this.#options;
    if (!telling) return;
    telling.answered(statement);
    if (statement.isCommitting) telling.committed(statement);
    await telling.tell();
  }

  #tell({ connection: seat, group }: WireStatement): void {
    const { error, tags, rows, rowCount } = group;
    if (error) {
      this.#say('rows', seat, `${error.code} ${error.message}`);
      if (OF_INTERLEAVING.has(error.code)) this.#options.disturbed(seat.owner);
      if (error.code === SERIALIZATION_FAILURE)
        this.#options.sometimes['a transaction failed to serialize']++;
      return;
    }
    this.#say('rows', seat, `${tags.join(', ')} (${rowCount})`, rows.flat());
  }

  /** What a statement's end means to its transaction, and to those who wait for its locks. */
  async #after(statement: WireStatement): Promise<void> {
    const { connection: seat } = statement;
    const { wire } = seat;
    seat.executed++;
    this.#options.executed(seat.owner);
    if (wire.transaction === 'idle') seat.toldTransaction = null;
    if (wire.transaction === 'idle' && wire.canInject) {
      this.waits.release(statement, seat);
      this.#leave(seat);
      await this.waits.locksLetGo();
    } else if (wire.transaction === 'failed' || statement.letsLocksGo) {
      // PostgreSQL lets an aborted transaction's locks go at once, before the rollback comes.
      await this.waits.locksLetGo();
    }
  }

  #deliver({ connection: seat, group }: WireStatement): void {
    seat.statement = null;
    if (seat.wire.isClosed) return;
    this.#delivering = seat;
    seat.wire.deliver(group);
    this.#delivering = null;
  }

  #isOpenedByGate({ connection, kind, statements }: Group): boolean {
    if (kind === 'flush' || statements.length === 0) return false;
    if (connection.transaction !== 'idle' || !connection.canInject) return false;
    return this.#options.writes.has(statements.map(({ text }) => text).join(';\n'));
  }

  /** A read waits for nobody, unless somebody has locked a whole table. */
  #mayWait({ statements }: Group): boolean {
    return statements.some(({ text }) => {
      this.#hasTableLocks ||= TAKES_TABLE.test(text) || traitsOf(text).altersCity;
      return (
        this.#hasTableLocks ||
        !PLAIN_READ.test(text) ||
        CALLS_LOCK.test(text) ||
        this.#options.writes.has(text)
      );
    });
  }

  #enters(statement: WireStatement): boolean {
    const { connection: seat } = statement;
    if (!seat.hasEntered && this.#limit !== null && this.#entered >= this.#limit) {
      statement.waitsForRoom = true;
      this.#line.push(statement);
      this.#options.disturbed(seat.owner);
      this.#options.sometimes['a request waited for a connection']++;
      return false;
    }
    seat.hasEntered = true;
    return true;
  }

  get #entered(): number {
    return [...this.#seats.values()].filter(({ hasEntered }) => hasEntered).length;
  }

  #serveLine(): void {
    while (this.#line.length > 0 && (this.#limit === null || this.#entered < this.#limit)) {
      const statement = this.#line.shift() as WireStatement;
      statement.waitsForRoom = false;
      statement.connection.hasEntered = true;
    }
  }

  /** The connection's backend may hold locks until it is gone. */
  async #bury(seat: Seat): Promise<void> {
    if (seat.transaction) await this.#options.database.terminate([seat.wire.pid]);
    this.#leave(seat);
    await this.waits.locksLetGo();
  }

  #leave(seat: Seat): void {
    this.waits.forget(seat);
    this.#seats.delete(seat.wire);
    const { seats } = seat.owner;
    const at = seats.indexOf(seat);
    if (at >= 0) seats.splice(at, 1);
    this.#line = this.#line.filter(({ connection }) => connection !== seat);
    this.#serveLine();
  }

  async #blockers(number: number): Promise<number[]> {
    const seat = this.#seatOf(number);
    if (!seat) return [];
    const pids = await this.#options.database.blockers(seat.wire.pid);
    return [...this.#seats.values()].filter(({ wire }) => pids.includes(wire.pid)).map((each) => each.number);
  }

  async #cancel(number: number): Promise<void> {
    const seat = this.#seatOf(number);
    if (seat) await this.#options.database.cancel(seat.wire.pid);
  }

  #seatOf(number: number): Seat | undefined {
    return [...this.#seats.values()].find((seat) => seat.number === number);
  }

  #nameOf(number: number): string {
    const seat = this.#seatOf(number);
    return seat ? String(this.#options.ownerName(seat.owner)) : 'nobody';
  }

  #say(kind: 'statement' | 'rows' | 'lock', seat: Seat, text: string, values: (string | null)[] = []): void {
    this.#options.trace.add(kind, this.#options.ownerName(seat.owner), text, values);
  }
}

/** Asked anew: what was waited for has changed it. */
function isSettled(statement: WireStatement): boolean {
  return statement.phase === 'settled' && !statement.isWaiting;
}
