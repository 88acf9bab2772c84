/** One group of messages at the gate: what is asked, how far it has come, and its answer. */
import { Answer, type Expected } from './answer.ts';
import type { Request } from './grouping.ts';
import { closeStatement } from './protocol/compose.ts';
import type { Group, GroupState, Injected, StatementText, WireConnection, WireError } from './wire.ts';

const CLOSED: Expected = { type: 'C', isOurs: true };
const NOTHING = new Answer([], true);

export class HeldGroup implements Group {
  readonly connection: WireConnection;
  readonly request: Request;
  arrival = 0;
  isFree = false;
  state: GroupState = 'queued';
  answer: Answer = NOTHING;
  /** Its answer goes to the client as it comes. */
  isPassing = false;
  /** Puts an error in the place of its answer, once that has come. */
  replacement: (() => void) | null = null;
  /** It was sent while nothing of a pipeline before it was open. */
  beganSynced = true;
  #answered = Promise.withResolvers<void>();
  #wasSent = false;

  constructor(connection: WireConnection, request: Request) {
    this.connection = connection;
    this.request = request;
  }

  get kind(): Group['kind'] {
    return this.request.kind;
  }

  get statements(): readonly StatementText[] {
    return this.request.statements;
  }

  get answered(): Promise<void> {
    return this.#answered.promise;
  }

  get error(): WireError | null {
    return this.answer.error;
  }

  get tags(): readonly string[] {
    return this.answer.tags;
  }

  get rows(): Injected['rows'] {
    return this.answer.rows;
  }

  get columns(): readonly string[] | null {
    return this.answer.columns;
  }

  get rowCount(): number {
    return this.answer.rowCount;
  }

  get canBeHeldAgain(): boolean {
    return this.kind !== 'flush' && this.beganSynced && !this.answer.tookData;
  }

  /** A new answer is waited for. Answers what is to be sent. */
  begin(): readonly Buffer[] {
    const { named, expected, bytes, kind } = this.request;
    // A statement that has been prepared already would be an error the second time.
    const closed = this.#wasSent ? named : [];
    this.answer = new Answer([...closed.map(() => CLOSED), ...expected], kind !== 'flush');
    this.#renew();
    this.#wasSent = true;
    return [...closed.map(closeStatement), ...bytes.pieces];
  }

  /** Something else is sent in its place. */
  beginOther(): void {
    this.answer = NOTHING;
    this.#renew();
  }

  settle(state: 'answered' | 'lost'): void {
    this.state = state;
    this.#answered.resolve();
  }

  #renew(): void {
    this.state = 'sent';
    this.#answered.resolve();
    this.#answered = Promise.withResolvers<void>();
  }
}
