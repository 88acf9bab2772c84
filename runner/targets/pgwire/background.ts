/**
 * The service's own doings: statements that nobody asked for. They are learned while nobody asks; what only reads passes
 * from then on, what writes is held as everything else, and gets its turn when the seed says so.
 */

import type { Prng } from '../../sim/prng.ts';
import type { AutocommitWrites } from '../locks/autocommit-writes.ts';
import type { Passage } from './passage.ts';
import type { Traffic } from './settling/traffic.ts';
import type { Seat, SeatOwner, WireStatement } from './statement.ts';
import type { WireTrace } from './trace.ts';
import type { GateListener, Group, WireConnection } from './wire.ts';

/** Nobody asks, and nothing comes, for so long: there are none. */
const SILENCE_MS = 100;
/** Where there are some, they are watched so long. */
const WATCH_MS = 600;
/** Beyond all requests. */
const NUMBER = 1_000_000;

const known = new WeakMap<object, Background>();

export class Background implements SeatOwner {
  readonly n = NUMBER;
  readonly seats: Seat[] = [];
  writes: AutocommitWrites | null = null;
  /** How often each text came while nobody asked. */
  readonly #learned = new Map<string, number>();
  /** How often each text came while looks were under way, so many of them, for so long. */
  readonly #asked = new Map<string, number>();
  #looks = 0;
  #looksMs = 0;
  /** Requests are under way: what comes is theirs, or may be. */
  #isAsked = false;
  readonly #writing = new Set<string>();
  #isLearned = false;
  #lastMs = 0;
  #waiting: WireConnection[] = [];

  /** One for all executions on a stage: what it has learned stays. */
  static of(stage: object): Background {
    const found = known.get(stage) ?? new Background();
    known.set(stage, found);
    found.forget();
    found.#isAsked = false;
    return found;
  }

  /** Listens at the open gate. */
  readonly learner: GateListener = {
    arrived: () => {},
    closed: () => {},
    passed: (group) => this.#met(group),
  };

  get texts(): readonly string[] {
    return [...this.#learned.keys()];
  }

  get writeTexts(): number {
    return this.#writing.size;
  }

  /** Its own connections and notifications are of the execution that is over. */
  forget(): void {
    this.seats.length = 0;
    this.#waiting = [];
  }

  /** What comes until `work` is done may be a request's; `looks`: so many of one kind are made in it. */
  async whileAsked<T>(work: () => Promise<T>, looks = 0): Promise<T> {
    const fromMs = performance.now();
    this.#isAsked = true;
    this.#asked.clear();
    try {
      return await work();
    } finally {
      this.#isAsked = false;
      this.#looks = looks;
      this.#looksMs = performance.now() - fromMs;
    }
  }

  /** Resolves when it is known what goes on by itself; that is found out once. */
  async learn(traffic: Traffic): Promise<void> {
    if (this.#isLearned) return;
    const fromMs = performance.now();
    this.#lastMs = fromMs;
    for (;;) {
      await traffic.news(10);
      const nowMs = performance.now();
      const wantsMs = this.#learned.size === 0 ? SILENCE_MS : WATCH_MS;
      if (nowMs - fromMs >= wantsMs && (this.#learned.size === 0 || nowMs - this.#lastMs >= SILENCE_MS))
        break;
      if (nowMs - fromMs >= 4 * WATCH_MS) break;
    }
    this.#isLearned = true;
    this.#leaveOut(performance.now() - fromMs);
  }

  /** A text that each look had too is not told from a request's: then it is taken for one. */
  #leaveOut(watchedMs: number): void {
    for (const [text, count] of this.#learned) {
      const expected = (count / watchedMs) * this.#looksMs;
      const beyond = (this.#asked.get(text) ?? 0) - expected;
      if (this.#looks > 0 && beyond >= this.#looks / 2) this.#learned.delete(text);
    }
  }

  /** True for a statement that was learned to be its own. */
  knows(group: Group): boolean {
    return this.#learned.size > 0 && this.#learned.has(textOf(group));
  }

  /** True for one that may go on by itself: it only reads. */
  passes(group: Group): boolean {
    return this.knows(group) && group.connection.transaction === 'idle' && !this.#writing.has(textOf(group));
  }

  notified(connection: WireConnection): void {
    this.#waiting.push(connection);
  }

  /** What a request that is answered has left behind. */
  takeOver(seat: Seat): void {
    seat.owner = this;
    this.seats.push(seat);
  }

  get canGoOn(): boolean {
    return this.#able.length > 0 || this.#open.length > 0;
  }

  /** One step of them; true when the service was handed something. */
  async advance(passage: Passage, prng: Prng, trace: WireTrace): Promise<boolean> {
    const able = this.#able;
    const choice = prng.below(able.length + this.#open.length);
    const statement = able[choice];
    if (statement) return await passage.advance(statement);
    const connection = this.#open[choice - able.length] as WireConnection;
    this.#waiting = this.#waiting.filter((each) => each !== connection || each.notifications > 1);
    trace.add('notification', 'background', 'a notification is handed on');
    connection.deliverNotification();
    return true;
  }

  get #able(): WireStatement[] {
    return this.seats.flatMap(({ statement }) => (statement?.canGoOn ? [statement] : []));
  }

  /** In the order in which the connections were opened, each once. */
  get #open(): WireConnection[] {
    const waiting = this.#waiting.filter(({ isClosed, notifications }) => !isClosed && notifications > 0);
    return [...new Set(waiting)].sort((a, b) => a.number - b.number);
  }

  #met(group: Group): void {
    const text = textOf(group);
    if (this.#isLearned) return;
    if (this.#isAsked) {
      this.#asked.set(text, (this.#asked.get(text) ?? 0) + 1);
      return;
    }
    this.#lastMs = performance.now();
    this.#learned.set(text, (this.#learned.get(text) ?? 0) + 1);
    if (this.writes?.has(text)) this.#writing.add(text);
  }
}

function textOf({ statements }: Group): string {
  return statements.map(({ text }) => text).join(';\n');
}
