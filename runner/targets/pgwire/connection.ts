/** The gate between one client and its backend: groups are held, sent one at a time, and their answers handed on. */
import type { Duplex } from 'node:stream';
import { Answer, errorAnswer } from './answer.ts';
import { freedomOf } from './free.ts';
import { HeldGroup } from './group.ts';
import { Grouping } from './grouping.ts';
import { readFields, readPid } from './protocol/backend.ts';
import { errorResponse, ownStatement, raising, SYNC, TERMINATE } from './protocol/compose.ts';
import { type Message, MessageReader, ProtocolViolation } from './protocol/framing.ts';
import type { GateListener, Group, Injected, TransactionState, WireConnection } from './wire.ts';

/** What a connection has to know of the gate. */
export interface Surroundings {
  readonly isOpen: boolean;
  readonly listener: GateListener | null;
  bump(): void;
  countArrival(): number;
  countStatements(count: number): void;
  countPassing(change: 1 | -1): void;
  ended(connection: Connection): void;
}

interface OwnStatement {
  readonly answer: Answer;
  readonly resolve: (injected: Injected) => void;
}

/** Beyond this, what a client sends ahead waits in its socket, in bytes. */
const QUEUE_BYTES = 16 * 1024 * 1024;
const STATES: Record<string, TransactionState> = { I: 'idle', T: 'open', E: 'failed' };
const LOST: Injected = {
  error: { code: '08006', message: 'the connection is lost' },
  rows: [],
  tag: null,
};
const BUSY: Injected = {
  error: { code: '55000', message: 'the connection is busy with a statement of the client' },
  rows: [],
  tag: null,
};
/** What a statement of the gate's own is made of. */
const OWN_EXPECTED = (['C', 'C', 'P', 'B', 'E', 'C', 'C'] as const).map((type) => ({ type }));

export class Connection implements WireConnection {
  number: number;
  readonly pid: number;
  transaction: TransactionState = 'idle';
  isClosed = false;
  #opening: string[] = [];
  readonly #gate: Surroundings;
  readonly #client: Duplex;
  readonly #server: Duplex;
  readonly #fromClient = new MessageReader();
  readonly #fromServer = new MessageReader();
  readonly #grouping = new Grouping();
  readonly #queue: HeldGroup[] = [];
  readonly #notifications: Buffer[] = [];
  #own: OwnStatement | null = null;
  /** After an error in a pipeline the server takes nothing until the next Sync. */
  #isSkipping = false;
  /** Nothing was executed, and no portal bound, since the last ReadyForQuery. */
  #isSynced = true;
  /** A COPY takes what the client sends. `ending`: all of its data is there, and the Sync that belongs to it is not. */
  #copy: 'no' | 'data' | 'ending' = 'no';
  /** Transactions of this connection keep one snapshot by default. */
  #keepsSnapshot = false;
  /** The client has said good-bye. */
  #leaves = false;
  #isAdvancing = false;

  constructor(gate: Surroundings, options: { number: number; pid: number; client: Duplex; server: Duplex }) {
    this.#gate = gate;
    this.number = options.number;
    this.pid = options.pid;
    this.#client = options.client;
    this.#server = options.server;
  }

  /** From now on it reads; with what came while it was logged in. */
  start(fromClient: Buffer, fromServer: Buffer): void {
    const client = this.#client;
    const server = this.#server;
    server.on('data', (chunk: Buffer) => this.#takeFromServer(chunk));
    server.on('end', () => this.#serverLeft()).on('close', () => this.#serverLeft());
    client.on('data', (chunk: Buffer) => this.#takeFromClient(chunk));
    client.on('close', () => {
      // Who has said good-bye behind a pipeline still wants what is in it.
      if (!(this.#leaves && this.#gate.isOpen && this.#queue.length > 0)) this.cut();
    });
    this.#takeFromServer(fromServer);
    this.#takeFromClient(fromClient);
    server.resume();
    client.resume();
  }

  get head(): HeldGroup | null {
    return this.#queue[0] ?? null;
  }

  get opening(): readonly string[] {
    return this.#opening;
  }

  get notifications(): number {
    return this.#notifications.length;
  }

  get canInject(): boolean {
    return !this.isClosed && this.#isQuiet && this.#isSynced && !this.#isSkipping;
  }

  get #isQuiet(): boolean {
    return this.#own === null && this.head?.state !== 'sent';
  }

  send(group: Group): void {
    this.#forward(this.#headOf(group, 'held'), false);
  }

  pass(group: Group): void {
    this.#forward(this.#headOf(group, 'held'), true);
  }

  deliver(group: Group): void {
    const head = this.#headOf(group, 'answered');
    this.#toClient(head.answer.takeBytes());
    head.state = 'delivered';
    this.#queue.shift();
    this.#readOn();
    this.#advance();
  }

  inject(text: string): Promise<Injected> {
    if (this.isClosed) return Promise.resolve(LOST);
    if (!this.canInject) return Promise.resolve(BUSY);
    return this.#sendOwn(text);
  }

  holdAgain(group: Group): void {
    const head = this.#headOf(group, 'answered');
    if (!head.canBeHeldAgain) throw new Error('what this group did cannot be asked for again');
    head.answer = new Answer([], true);
    head.state = 'held';
  }

  replaceByError(group: Group, code: string, message: string): void {
    const head = group as HeldGroup;
    const replace = () => {
      head.answer.replaceByError(code, message);
      if (head.kind === 'flush') this.#isSkipping = true;
    };
    if (head.state === 'answered') replace();
    else if (head.state === 'sent') head.replacement = replace;
  }

  raiseInstead(group: Group, code: string, message: string): Promise<void> {
    return this.sendInstead(group, raising(code, message), code, message);
  }

  async sendInstead(group: Group, text: string, code: string, message: string): Promise<void> {
    const head = this.#headOf(group, 'held');
    head.beginOther();
    await this.#sendOwn(text);
    if (head.state !== 'sent') return;
    const isFlush = head.kind === 'flush';
    head.answer = errorAnswer(code, message, isFlush ? null : letterOf(this.transaction));
    // What the server was told ended with a Sync; the client believes itself in front of one.
    if (isFlush) this.#isSkipping = true;
    head.settle('answered');
    this.#gate.bump();
  }

  readyAs(group: Group, state: 'I' | 'T' | 'E'): void {
    this.#headOf(group, 'answered').answer.readyAs(state);
  }

  deliverNotification(): void {
    const oldest = this.#notifications.shift();
    if (oldest) this.#aside(oldest);
  }

  cut(): void {
    this.#end();
    this.#client.destroy();
    this.#server.destroy();
  }

  /** The gate has been opened: what is held goes on by itself. */
  letGo(): void {
    while (this.#notifications.length > 0) this.deliverNotification();
    this.#advance();
    const head = this.head;
    if (head?.state === 'held' && this.#own === null) this.#forward(head, true);
  }

  #headOf(group: Group, state: Group['state']): HeldGroup {
    const head = this.head;
    if (head !== group || head.state !== state) {
      throw new Error(`a group that is ${group.state} is not at the head of its connection and ${state}`);
    }
    return head;
  }

  // --- From the client

  #takeFromClient(chunk: Buffer): void {
    if (chunk.length === 0 || this.isClosed) return;
    this.#gate.bump();
    this.#fromClient.push(chunk);
    try {
      for (let message = this.#fromClient.next(); message; message = this.#fromClient.next()) {
        this.#clientSays(message);
      }
    } catch (error) {
      this.#violated(error);
    }
    if (this.#server.writableNeedDrain || this.#isFull) this.#client.pause();
    if (this.#server.writableNeedDrain) this.#server.once('drain', () => this.#readOn());
  }

  get #isFull(): boolean {
    return this.#queue.reduce((sum, { request }) => sum + request.bytes.size, 0) > QUEUE_BYTES;
  }

  #readOn(): void {
    if (!this.#server.writableNeedDrain && this.#client.isPaused() && !this.#isFull) this.#client.resume();
  }

  #clientSays(message: Message): void {
    const { type } = message;
    if (type === 'X') {
      this.#leaves = true;
      if (this.#queue.length === 0 && this.#own === null) this.#sayGoodbye();
    } else if (this.#copy !== 'no' && 'dcfSH'.includes(type)) this.#copyOn(message);
    else if ('dcf'.includes(type)) this.#strayData(message);
    else {
      for (const request of this.#grouping.take(message)) this.#queue.push(new HeldGroup(this, request));
      this.#advance();
    }
  }

  #sayGoodbye(): void {
    this.#server.write(TERMINATE);
    this.#server.end();
  }

  /** Data of a COPY is not held: its statement was let through. */
  #copyOn({ type, bytes }: Message): void {
    this.#server.write(bytes);
    const isSimple = this.head?.kind === 'query';
    // The server ignores what a client sent ahead, until the data has come to its end.
    if (type === 'c' || type === 'f') this.#copy = isSimple ? 'no' : 'ending';
    else if (this.#copy === 'ending') this.#copy = 'no';
  }

  /** Data that no COPY waits for (yet): the server takes it in its place, or ignores it. */
  #strayData(message: Message): void {
    if (this.#grouping.isInside) this.#grouping.take(message);
    else {
      const last = this.#queue.at(-1);
      if (last && (last.state === 'queued' || last.state === 'held')) last.request.bytes.push(message.bytes);
      else this.#server.write(message.bytes);
    }
  }

  // --- The queue

  /** Makes the oldest group that is not delivered arrive, and lets it pass where it may. */
  #advance(): void {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    try {
      while (this.#arrive());
    } finally {
      this.#isAdvancing = false;
    }
    if (this.#leaves && this.#queue.length === 0 && this.#own === null) this.#sayGoodbye();
  }

  /** True: the next may arrive already. */
  #arrive(): boolean {
    const head = this.head;
    if (this.isClosed || head?.state !== 'queued' || this.#own !== null) return false;
    head.state = 'held';
    head.arrival = this.#gate.countArrival();
    head.isFree = this.#isFree(head);
    if (!head.isFree) this.#gate.countStatements(head.statements.length);
    if (head.isFree || this.#gate.isOpen) {
      if (!head.isFree) this.#gate.listener?.passed?.(head);
      this.#forward(head, true);
    } else this.#gate.listener?.arrived(head);
    return this.head !== head;
  }

  #isFree({ statements, request }: HeldGroup): boolean {
    if (this.#isSkipping) return true;
    const texts = statements.map(({ text }) => freedomOf(text));
    const opens = texts.every((text) => text.opens);
    const keeps = this.#keepsSnapshot || this.#opening.some((text) => freedomOf(text).keepsSnapshot);
    // Such a transaction takes its snapshot with whatever comes first, be it only prepared.
    if (keeps && this.transaction === 'open') {
      return opens && request.parsed.every((text) => freedomOf(text).opens);
    }
    return opens || texts.every((text) => text.opens || text.looksUp);
  }

  #forward(head: HeldGroup, isPassing: boolean): void {
    head.isPassing = isPassing;
    head.beganSynced = this.#isSynced;
    const pieces = head.begin();
    if (isPassing) this.#gate.countPassing(1);
    if (this.#isSkipping && head.kind !== 'sync') {
      // The server would answer nothing: all of it is left out until the Sync.
      head.answer = new Answer([], false);
      this.#answered(head);
      return;
    }
    const executes = head.request.expected.some(({ type }) => type === 'E' || type === 'B');
    if (head.kind === 'flush' && executes) this.#isSynced = false;
    this.#write(this.#server, this.#isSkipping ? [SYNC] : pieces);
    if (head.answer.isWhole) this.#answered(head);
  }

  #answered(head: HeldGroup): void {
    const ready = head.answer.ready;
    if (ready !== null) this.#isReady(ready);
    else if (head.answer.error) this.#isSkipping = true;
    head.replacement?.();
    head.replacement = null;
    if (!head.error && head.isFree) this.#remember(head);
    if (this.transaction === 'idle' && ready !== null) this.#opening = [];
    head.settle('answered');
    if (!head.isPassing) return;
    this.#gate.countPassing(-1);
    this.deliver(head);
  }

  #isReady(letter: string): void {
    this.transaction = STATES[letter] ?? 'idle';
    this.#isSkipping = false;
    this.#isSynced = true;
    this.#copy = 'no';
  }

  #remember({ statements }: HeldGroup): void {
    for (const { text } of statements) {
      const { opens, ofSession, keepsSnapshot } = freedomOf(text);
      if (ofSession) this.#keepsSnapshot = keepsSnapshot;
      if (opens) this.#opening.push(text);
    }
  }

  // --- Statements of the gate's own

  #sendOwn(text: string): Promise<Injected> {
    return new Promise((resolve) => {
      this.#own = { answer: new Answer(OWN_EXPECTED, true), resolve };
      this.#server.write(ownStatement(text));
    });
  }

  #ownAnswered({ answer, resolve }: OwnStatement): void {
    this.#own = null;
    this.#isReady(answer.ready ?? 'I');
    resolve({ error: answer.error, rows: answer.rows, tag: answer.tags[0] ?? null });
    this.#advance();
  }

  // --- From the server

  #takeFromServer(chunk: Buffer): void {
    if (chunk.length === 0 || this.isClosed) return;
    this.#gate.bump();
    this.#fromServer.push(chunk);
    try {
      for (let message = this.#fromServer.next(); message; message = this.#fromServer.next()) {
        this.#serverSays(message);
      }
    } catch (error) {
      this.#violated(error);
    }
    const head = this.head;
    if (head?.state === 'sent' && (head.isPassing || head.answer.overflows)) {
      this.#toClient(head.answer.takeBytes());
    }
    if (this.#client.writableNeedDrain) {
      this.#server.pause();
      this.#client.once('drain', () => this.#server.resume());
    }
  }

  #serverSays(message: Message): void {
    const { type, bytes } = message;
    if (type === 'A' && this.#isHeldBack(bytes)) return;
    if (type === 'E' && isFatal(bytes)) return this.#serverGivesUp(bytes);
    const own = this.#own;
    if (own) {
      // A setting that changed, or a notification of its own, is the client's business.
      if (type === 'S' || type === 'A') this.#aside(bytes);
      else own.answer.take(message);
      if (own.answer.isWhole) this.#ownAnswered(own);
      return;
    }
    const head = this.head;
    if (head?.state !== 'sent') return this.#aside(bytes);
    head.answer.take(message);
    if (type === 'G') {
      this.#copy = 'data';
      this.#toClient(head.answer.takeBytes());
    }
    if (head.answer.isWhole) this.#answered(head);
  }

  /** What belongs to no answer: it goes to the client at once, or behind the answer that it has not yet. */
  #aside(bytes: Buffer): void {
    const head = this.head;
    if (head?.state !== 'answered') this.#toClient([bytes]);
    // A commit of the gate's own belongs to the answer that is held back for it.
    else if (this.#own) head.answer.out.push(bytes);
    else head.answer.after.push(bytes);
  }

  /** Whether a notification of another connection has to wait until it is handed on. */
  #isHeldBack(bytes: Buffer): boolean {
    const { listener, isOpen } = this.#gate;
    if (isOpen || !listener?.notified || readPid(bytes) === this.pid) return false;
    this.#notifications.push(bytes);
    listener.notified(this);
    return true;
  }

  // --- The end

  /** It is the last thing that the client hears; of a held answer it is told nothing. */
  #serverGivesUp(bytes: Buffer): void {
    const head = this.head;
    if (head?.state === 'sent' && head.isPassing) this.#toClient(head.answer.takeBytes());
    this.#toClient([bytes]);
  }

  #serverLeft(): void {
    if (this.isClosed) return;
    const head = this.head;
    if (head?.state === 'sent' && head.isPassing) this.#toClient(head.answer.takeBytes());
    this.#end();
    this.#server.destroy();
    // What has been written still reaches the client.
    this.#client.end(() => this.#client.destroy());
  }

  #violated(error: unknown): void {
    if (!(error instanceof ProtocolViolation)) throw error;
    this.#toClient([errorResponse('08P01', error.message, 'FATAL')]);
    this.#serverLeft();
  }

  #end(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.head?.state === 'sent' && this.head.isPassing) this.#gate.countPassing(-1);
    for (const group of this.#queue) group.settle('lost');
    this.#own?.resolve(LOST);
    this.#own = null;
    this.#gate.ended(this);
  }

  #toClient(pieces: readonly Buffer[]): void {
    this.#write(this.#client, pieces);
  }

  #write(socket: Duplex, pieces: readonly Buffer[]): void {
    if (!socket.writable || pieces.length === 0) return;
    if (pieces.length > 1) socket.cork();
    for (const piece of pieces) socket.write(piece);
    if (pieces.length > 1) socket.uncork();
  }
}

function letterOf(state: TransactionState): string {
  return state === 'idle' ? 'I' : state === 'open' ? 'T' : 'E';
}

/** The backend ends with it. The field `V` is not translated. */
function isFatal(bytes: Buffer): boolean {
  const severity = readFields(bytes).get('V');
  return severity === 'FATAL' || severity === 'PANIC';
}
