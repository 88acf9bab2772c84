/** One request inside a gated service: a call that an adapter carries out, and the statements that belong to it. */
import type { Call, Reply } from '../../service/call.ts';
import type { Breach, HttpApi, HttpRequest, Send } from '../http/api.ts';
import { Unanswered } from '../http/api.ts';
import type { CookieJars } from '../http/cookies.ts';
import { answerOf, wireRequestOf } from '../http/request.ts';
import type { NextStep, Task, TaskFaults } from '../target.ts';
import { type Asker, addTokens } from './attribution.ts';
import type { Lane } from './lanes.ts';
import type { Seat, SeatOwner, WireStatement } from './statement.ts';
import type { LineKind } from './trace.ts';

/** The wall limits of the run end a request that hangs, and never a deadline, which would be chance. */
export const DEADLINE_MS = 30 * 60_000;

/** What the request has said and heard since the last step, for the trace. */
interface Heard {
  readonly kind: LineKind;
  readonly text: string;
  readonly values: string;
}

type Outcome = { readonly reply: Reply | Breach } | { readonly thrown: unknown };

export class PgwireTask implements Task, Asker, SeatOwner {
  state: Task['state'] = 'ready';
  reply: Task['reply'] = null;
  disturbed = false;
  leftOpen = false;
  owner: unknown = null;
  readonly n: number;
  readonly call: Call;
  readonly faults: TaskFaults;
  readonly seats: Seat[] = [];
  readonly tokens = new Set<string>();
  parkedSince: number | null = null;
  lane: Lane | null = null;
  /** There is room for it in the service. */
  hasRoom = false;
  /** It waits in line until there is. */
  isInLine = false;
  /** What came of the call; null: the service is still at it. */
  outcome: Outcome | null = null;
  /** Resolves, never rejects, when there is one. */
  over: Promise<void> = Promise.resolve();
  /** A request of it had no answer, and nobody has looked yet whether the service is there still. */
  hadNoAnswer = false;
  /** Statements of it that were executed. */
  executed = 0;
  /** A fault on the wire that is still to strike it. */
  strike: TaskFaults['wire'];
  #heard: Heard[] = [];

  constructor(n: number, call: Call, faults: TaskFaults) {
    this.n = n;
    this.call = call;
    this.faults = faults;
    this.strike = faults.wire ?? null;
    addTokens(this.tokens, call);
  }

  get isStarted(): boolean {
    return this.lane !== null;
  }

  /** The service is at it: it was begun and has no answer. */
  get isUnderWay(): boolean {
    return this.isStarted && this.outcome === null;
  }

  get statements(): WireStatement[] {
    return this.seats.flatMap(({ statement }) => statement ?? []);
  }

  /** It has something at the gate or in the database. */
  get isAtGate(): boolean {
    return this.seats.some(({ statement }) => statement !== null);
  }

  /** Its next step does something. */
  get canGoOn(): boolean {
    if (this.outcome) return true;
    if (!this.isStarted) return !this.isInLine;
    return this.statements.some((statement) => statement.canGoOn);
  }

  next(): NextStep {
    const statement = this.outcome ? undefined : this.statements.find(({ canGoOn }) => canGoOn);
    return statement?.next(this.executed) ?? { kind: 'code', text: null, statements: this.executed };
  }

  /** Sends the call on its way. `came`: it is over. */
  begin(api: HttpApi, lane: Lane, jars: CookieJars, came: () => void): void {
    this.lane = lane;
    this.over = api
      .perform(this.call, this.#sendOn(lane, jars))
      .then(
        (reply) => ({ reply }),
        (error: unknown) => (error instanceof Unanswered ? { reply: failed(error) } : { thrown: error }),
      )
      .then((outcome) => {
        this.outcome ??= outcome;
        came();
      });
  }

  /** The service is gone: whatever comes of it now is nobody's. */
  kill(): void {
    this.outcome = { reply: { outcome: 'failed', error: 'connection lost' } };
    this.state = 'done';
    this.reply = { outcome: 'failed', error: 'connection lost' };
    this.disturbed = true;
    this.seats.length = 0;
    this.#heard = [];
  }

  takeHeard(): readonly Heard[] {
    const heard = this.#heard;
    if (heard.length > 0) this.#heard = [];
    return heard;
  }

  #sendOn(lane: Lane, jars: CookieJars): Send {
    return async (request) => {
      const sent = wireRequestOf(request, jars);
      this.#know(request);
      this.#hear('request', `${sent.method} ${sent.path}`, textOf(sent.body));
      const exchange = await lane.wire.exchange(sent, { deadlineMs: DEADLINE_MS });
      if (exchange.kind === 'none') {
        this.#hear('answer', 'none', '');
        this.hadNoAnswer = true;
        throw new Unanswered('no answer', { whole: exchange.whole, isLate: exchange.isLate });
      }
      const answer = answerOf(exchange);
      jars.keep(request.jar, answer);
      this.#hear('answer', String(answer.status), answer.text);
      if (answer.status < 500) return answer;
      throw new Unanswered(`the service answered ${answer.status}`, { status: answer.status });
    };
  }

  #hear(kind: LineKind, text: string, values: string): void {
    if (this.state !== 'done') this.#heard.push({ kind, text, values });
  }

  /** What the request says can turn up in its statements. */
  #know({ path, json, form, headers }: HttpRequest): void {
    addTokens(this.tokens, [json, form, headers?.['idempotency-key']]);
    addTokens(this.tokens, path.split(/[/?&=]/).map(decoded));
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function textOf(body: string | Uint8Array | null): string {
  if (body === null) return '';
  return typeof body === 'string' ? body : Buffer.from(body).toString('hex');
}

/** The same in every execution: neither ports nor the system's names for how a connection ended. */
function failed({ status, message }: Unanswered): Reply {
  return { outcome: 'failed', error: status === null ? 'no answer' : message };
}
