/**
 * The `pgwire` target: a service that knows nothing of it, asked over HTTP, whose statements the gate holds on the wire
 * to its database. A step sends a request or lets one statement through, and ends when the service has settled.
 */
import type postgres from 'postgres';
import type { JsonObject } from '../../../server/contract/index.ts';
import { withinTime } from '../../../server/contract/within-time.ts';
import { EngineFault } from '../../engine-fault.ts';
import type { Call } from '../../service/call.ts';
import type { CityClock } from '../../sim/clock.ts';
import type { Prng } from '../../sim/prng.ts';
import type { ServiceAddress } from '../http/address.ts';
import type { HttpApi } from '../http/api.ts';
import { CookieJars } from '../http/cookies.ts';
import { resetWithin, setUpWithin } from '../http/preparing.ts';
import type { StartedService } from '../http/service-process.ts';
import { Wire } from '../http/wire.ts';
import { AutocommitWrites, volatileFunctions } from '../locks/autocommit-writes.ts';
import { blockersOf, cancelBackend } from '../locks/backends.ts';
import { Happenings } from '../locks/happenings.ts';
import { LockWaits } from '../locks/lock-waits.ts';
import { StatementFeed } from '../statement-feed.ts';
import type { StatementWatch } from '../statements.ts';
import type { Target, Task, TaskFaults, WireStrike } from '../target.ts';
import { attribute } from './attribution.ts';
import { Background } from './background.ts';
import { type ClockGround, WireClock } from './clock/wire-clock.ts';
import { Constants } from './constants.ts';
import { Lanes } from './lanes.ts';
import { type LookOf, Looks } from './looks.ts';
import { Passage } from './passage.ts';
import { type Settle, Settler } from './settling/settler.ts';
import { ServiceSleep } from './settling/sleep.ts';
import type { Standing } from './settling/standing.ts';
import { Traffic } from './settling/traffic.ts';
import type { SeatOwner, WireStatement } from './statement.ts';
import { Strikes } from './strikes.ts';
import { PgwireTask } from './task.ts';
import { Telling } from './telling.ts';
import { WireTrace } from './trace.ts';
import type { GateListener, Group, WireConnection, WireGate } from './wire.ts';

/** How executions of one service are made; found out once, and the same from then on. */
export interface WirePlan {
  /** How the service begins each execution afresh. */
  readonly service: 'restart' | 'keep';
  readonly settle: Settle;
  /** Connections of the service's pool: never more requests are under way in it. */
  readonly pool: number;
}

/** What the target needs of the ground that it stands on (see ground/stage.ts). */
export interface TargetStage {
  readonly gate: WireGate;
  readonly versions: Readonly<Record<string, string>>;
  /** Left out or null: service and database go by the machine's clock. */
  readonly clock?: ClockGround | null;
  begin(how: WirePlan['service']): Promise<TargetStand>;
}

export interface TargetStand {
  /** To the clone, past the gate. */
  readonly control: postgres.Sql;
  readonly roots: () => readonly number[];
  terminate(pids: readonly number[]): Promise<void>;
  crash(): Promise<void>;
  /** The service's processes; left out: they are not looked after here. */
  readonly service?: Pick<StartedService, 'running' | 'gone'>;
}

export interface PgwireOptions {
  readonly stage: TargetStage;
  readonly plan: WirePlan;
  readonly api: HttpApi;
  readonly address: ServiceAddress;
  /** All who will ever call. */
  readonly citizens: readonly string[];
  readonly setupTimeoutMs: number;
  /** A call that only looks at an object; null: the API has none. */
  readonly look: LookOf | null;
  readonly objects: readonly string[];
  readonly prng: Prng;
  /** The run's; heeded where the stage has one that can be set. */
  readonly clock?: CityClock;
  /** Told of each statement; left out: nobody listens. */
  readonly statements?: StatementWatch | undefined;
}

/** What is told of a gated execution beside its history. */
export interface GateTold {
  /** Rests that were told in a weaker way than the plan's. */
  readonly weak: number;
  /** Rests told by counting alone. */
  readonly counted: number;
  /** Statements whose owner could have been another as well. */
  readonly guesses: number;
  /** Texts that nobody asked for. */
  readonly background: readonly string[];
  readonly backgroundWrites: number;
  /** Two statements of one request were at the gate at once, so that counting alone does not serve. */
  readonly hadTwoAtOnce: boolean;
}

const LOOK_LIMIT_MS = 2_000;
/** A service that does not take a connection any more is told of at its next request. */
const POKE_LIMIT_MS = 1_000;
/** A service whose connections end is gone after so long, or was not about to go. */
const GONE_MS = 200;
/** Of the requests that are under way at the end, before the rest of them is cut. */
const MOST_STEPS_TO_FINISH = 1_000;
/** In this share of the steps the service's own doings get a turn. */
const BACKGROUND_SHARE = 0.2;

export class PgwireTarget implements Target, Standing, GateListener {
  readonly name = 'pgwire';
  readonly versions: Record<string, string> = {};
  readonly trace = new WireTrace();
  readonly #options: PgwireOptions;
  readonly #gate: WireGate;
  readonly #traffic: Traffic;
  readonly #jars = new CookieJars();
  readonly #lanes: Lanes;
  readonly #happenings = new Happenings<PgwireTask>();
  readonly #background: Background;
  readonly #constants = new Constants();
  readonly #strikes = new Strikes();
  /** Null: the service has the machine's. */
  readonly #clock: WireClock | null;
  readonly moveClock?: (nowMs: number) => Promise<void>;
  #stand!: TargetStand;
  #sleep: ServiceSleep | null = null;
  #settler!: Settler;
  #passage!: Passage;
  #looks!: Looks;
  /** Null: nobody listens. */
  #telling: Telling | null = null;
  #again: ReturnType<WireGate['again']> | null = null;
  /** Requests that entered and are not done, oldest first. */
  readonly #inside = new Set<PgwireTask>();
  /** Requests that wait for room in the service, first come first served. */
  #line: PgwireTask[] = [];
  #isPoolLimited = false;
  /** Groups that have come and are nobody's yet. */
  #fresh: Group[] = [];
  /** The request that this step moves. */
  #moved: PgwireTask | null = null;
  #begun = 0;
  #parkings = 0;
  #guesses = 0;
  #hadTwoAtOnce = false;
  /** What comes is let straight through: the city is looked at, or the service is dying. */
  #isStraight = false;
  #isCut = false;
  /** A connection of the service has ended since it settled last. */
  #hasLostOne = false;
  /** The service has ended by itself. */
  #hasEnded = false;

  constructor(options: PgwireOptions) {
    this.#options = options;
    this.#gate = options.stage.gate;
    this.#traffic = new Traffic(this.#gate);
    this.#lanes = new Lanes(options.address, this.#traffic);
    this.#background = Background.of(options.stage);
    const { clock: ground } = options.stage;
    const clock = ground && options.clock ? new WireClock(options.clock, ground) : null;
    this.#clock = clock;
    if (clock) this.moveClock = (nowMs) => this.#moveClock(clock, nowMs);
  }

  async prepare(world: Readonly<Record<string, unknown>>): Promise<void> {
    const { stage, plan, api } = this.#options;
    this.#clock?.tell();
    this.#stand = await stage.begin(plan.service);
    Object.assign(this.versions, stage.versions);
    this.#gate.begin();
    this.#gate.isOpen = true;
    this.#gate.listener = this.#background.learner;
    this.#looks = new Looks({
      api,
      look: this.#options.look,
      objects: this.#options.objects,
      jars: this.#jars,
    });
    await this.#background.whileAsked(() => this.#openCity(world));
    const writes = new AutocommitWrites(await volatileFunctions(this.#stand.control, null));
    this.#background.writes = writes;
    const feed = this.#feed();
    this.#passage = this.#newPassage(writes);
    this.#watchSleep();
    await this.#warmUp();
    await feed?.prepared();
  }

  #feed(): StatementFeed | null {
    const { statements } = this.#options;
    if (!statements) return null;
    this.#again = this.#gate.again();
    const feed = new StatementFeed(statements, this.#stand.control, this.#again);
    this.#telling = new Telling(feed, (owner) => (owner instanceof PgwireTask ? owner.owner : null));
    return feed;
  }

  async #openCity(world: Readonly<Record<string, unknown>>): Promise<void> {
    const { plan, api, citizens, setupTimeoutMs, address } = this.#options;
    const wire = new Wire(address, 1);
    try {
      if (plan.service === 'keep') await this.#looks.untilAnswered(this.#lanes, plan.pool + 1);
      const preparing = { api, wire, jars: this.#jars, limitMs: setupTimeoutMs };
      await setUpWithin(preparing, citizens);
      await resetWithin(preparing, world as JsonObject);
    } finally {
      wire.close();
    }
  }

  start(call: Call, faults: TaskFaults): Task {
    const task = new PgwireTask(++this.#begun, call, faults);
    this.#inside.add(task);
    return task;
  }

  async step(task: Task): Promise<void> {
    const own = task as PgwireTask;
    if (own.state !== 'ready') throw new EngineFault('A request takes a step only while it is ready.');
    this.#happenings.stepping = own;
    this.#moved = own;
    this.#clock?.tell();
    await this.#step(own);
    // A request that is through is not among those that go on: the last slow statement would wait for it in vain.
    this.#passage.stepped(![...this.#inside].some((task) => task.outcome === null && task.canGoOn));
    await this.#backgroundTurn();
    await this.#lookWhetherItEnded();
    this.#moved = null;
    this.#wakeAll(own);
    this.#happenings.stepping = null;
  }

  async goOnByItself(): Promise<boolean> {
    this.#passage.stepped(true);
    // Who was refused a connection may have one by now.
    if (this.#background.canGoOn) await this.#advanceBackground();
    else await this.#settle();
    if (!this.canGoOn()) return false;
    this.#wakeAll(null);
    return true;
  }

  hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** A request that lost its connection is how the end of a service shows first. */
  async #lookWhetherItEnded(): Promise<void> {
    const { service } = this.#stand;
    const inside = [...this.#inside];
    if (!service || !inside.some(({ hadNoAnswer }) => hadNoAnswer)) return;
    for (const task of inside) task.hadNoAnswer = false;
    // A connection can be lost without it, but not the other way round.
    await withinTime(service.gone, GONE_MS).catch(() => {});
    if (!service.running) this.#hasEnded = true;
  }

  async #step(own: PgwireTask): Promise<void> {
    if (own.outcome) return;
    if (!own.isStarted) {
      if (!this.#hasRoomFor(own)) return;
      own.begin(this.#options.api, this.#lanes.take(), this.#jars, () => this.#traffic.came());
      return await this.#settle();
    }
    const able = own.statements.filter(({ canGoOn }) => canGoOn);
    const [first] = able;
    if (!first) return;
    if (await this.#passage.advance(able.length === 1 ? first : this.#options.prng.pick(able))) {
      await this.#settle();
    }
  }

  takeWoken(): readonly Task[] {
    return this.#happenings.takeWoken();
  }

  takeNotes(): readonly { type: string; data: Record<string, unknown> }[] {
    return this.#happenings.takeNotes();
  }

  async crash(inside: readonly Task[]): Promise<void> {
    for (const task of inside) {
      (task as PgwireTask).kill();
      this.#inside.delete(task as PgwireTask);
    }
    this.#line = [];
    this.#happenings.forgetWoken();
    await this.#startAgain();
    this.#telling?.cutOff();
    await this.#telling?.tell();
  }

  async #startAgain(): Promise<void> {
    this.#isStraight = false;
    this.#fresh = [];
    // What the service still says, dying, is nobody's.
    this.#gate.listener = null;
    const all = [...this.#gate.connections].map(({ pid }) => pid);
    await this.#passage.abandon(async (first) => {
      await this.#stand.terminate([...first, ...all.filter((pid) => !first.includes(pid))]);
      this.#gate.cutAll();
    });
    this.#background.forget();
    this.#lanes.close();
    // One that is started while its database refuses it does not come up, and is no matter of what it does then.
    const { refuses } = this.#gate;
    this.#gate.refuses = false;
    await this.#stand.crash();
    this.#hasEnded = false;
    this.#gate.listener = this.#background.learner;
    this.#watchSleep();
    await this.#warmUp();
    this.#gate.refuses = refuses;
  }

  /** What the service does by itself when it finds so much time gone is waited for. */
  async #moveClock(clock: WireClock, nowMs: number): Promise<void> {
    clock.moveTo(nowMs);
    this.#lanes.renew();
    if (clock.timers) await this.#poke();
    await this.#settler.rest(this);
    await this.#settle();
    this.#wakeAll(null);
  }

  /** An event loop that sleeps looks at its timers only once something comes. */
  async #poke(): Promise<void> {
    const wire = new Wire(this.#options.address, 1);
    await wire.pin(POKE_LIMIT_MS);
    wire.close();
  }

  limitPool(connections: number | null): void {
    this.#isPoolLimited = connections !== null;
    this.#passage.limit(connections);
    this.#wakeAll(null);
  }

  /** The database refuses new connections from now on, or does no longer. */
  refuseConnections(on: boolean): void {
    this.#gate.refuses = on;
  }

  sometimes(): Record<string, number> {
    return { ...this.#happenings.sometimes };
  }

  async inspect(): Promise<unknown> {
    const lane = this.#lanes.take();
    const looking = this.#looks.all(lane);
    this.#isStraight = true;
    for (const group of this.#fresh.splice(0)) this.#pass(group);
    try {
      return this.#inside.size > 0 ? await withinTime(looking, LOOK_LIMIT_MS) : await looking;
    } finally {
      await this.#settler.rest(this);
      this.#isStraight = false;
      this.#lanes.give(lane);
    }
  }

  async cut(): Promise<string> {
    this.#isCut = true;
    const held = [...this.#inside].flatMap(({ statements }) => statements);
    this.#lanes.close();
    this.#gate.cutAll();
    const sent = held.find(({ phase }) => phase === 'sent');
    return sent ? `The database has not answered: ${sent.words.slice(0, 200)}.` : '';
  }

  async close(): Promise<void> {
    if (!this.#isCut && this.#options.plan.service === 'keep') await this.#finish();
    this.#again?.close();
    this.#gate.listener = null;
    this.#lanes.close();
    this.#sleep?.close();
    if (!this.#isCut) this.#gate.cutAll();
  }

  told(): GateTold {
    const { weak, counted } = this.#settler.tally;
    return {
      weak,
      counted,
      guesses: this.#guesses,
      background: this.#background.texts,
      backgroundWrites: this.#background.writeTexts,
      hadTwoAtOnce: this.#hadTwoAtOnce,
    };
  }

  // What the gate tells.

  arrived(group: Group): void {
    if (this.#isStraight || this.#background.passes(group)) return this.#pass(group);
    const owner = this.#passage.ownerOf(group.connection);
    if (owner) this.#seat(group, owner);
    else this.#fresh.push(group);
  }

  closed(_connection: WireConnection): void {
    // Its groups are lost; what that means is seen to when the service has settled.
    this.#hasLostOne = true;
  }

  notified(connection: WireConnection): void {
    this.#background.notified(connection);
  }

  // What settling asks.

  absorb(): void {
    if (this.#fresh.length === 0) return;
    const came = this.#fresh.splice(0).filter(({ state }) => state === 'held');
    const groups = came.filter((group) => !this.#background.knows(group));
    for (const group of came) if (!groups.includes(group)) this.#seat(group, this.#background);
    this.#park();
    const askers = [...this.#inside].filter(({ isUnderWay }) => isUnderWay);
    const moved = this.#moved?.isUnderWay ? this.#moved : null;
    for (const { group, asker, isGuess } of attribute(groups, askers, moved, this.#constants)) {
      if (isGuess) this.#guesses++;
      this.#seat(group, asker ?? this.#background);
    }
  }

  hasMoved(): boolean {
    return !this.#moved?.isUnderWay || this.#moved.isAtGate;
  }

  areAllAccounted(): boolean {
    for (const task of this.#inside) if (task.isUnderWay && !task.isAtGate) return false;
    return true;
  }

  isSomeoneAway(): boolean {
    return this.#passage.taken < this.#options.plan.pool && !this.areAllAccounted();
  }

  canGoOn(): boolean {
    return this.#canRequestsGoOn || this.#background.canGoOn || this.#passage.isSomethingSlow;
  }

  get #canRequestsGoOn(): boolean {
    for (const task of this.#inside) if (task.canGoOn) return true;
    return false;
  }

  isUnderWay(): boolean {
    for (const task of this.#inside) if (task.isUnderWay) return true;
    return false;
  }

  areRefused(): boolean {
    return this.#gate.refuses;
  }

  async unstick(): Promise<void> {
    await this.#passage.waits.locksLetGo();
  }

  #seat(group: Group, owner: SeatOwner): void {
    this.#passage.seat(group, owner);
    if (owner instanceof PgwireTask) this.#constants.met(group, owner.tokens);
    if (owner !== this.#background && owner.seats.filter(({ statement }) => statement).length > 1) {
      this.#hadTwoAtOnce = true;
      this.#settler.leaveCounting();
    }
  }

  /** Waits until the service has settled, and takes in what came of it. */
  async #settle(): Promise<void> {
    const hasLostOne = this.#hasLostOne;
    this.#hasLostOne = false;
    // Of a loss a service may be about to end with all requests accounted for, which no count tells.
    await (hasLostOne ? this.#settler.rest(this) : this.#settler.settle(this));
    await this.#passage.tidy();
    this.#parkings++;
    this.#park();
    this.#hear();
  }

  /** Since when each request is neither answered nor at the gate. */
  #park(): void {
    for (const task of this.#inside) {
      task.parkedSince = task.isUnderWay && !task.isAtGate ? (task.parkedSince ?? this.#parkings) : null;
    }
  }

  /** What requests have said and heard since, for the trace. */
  #hear(): void {
    for (const task of this.#inside) {
      for (const { kind, text, values } of task.takeHeard()) this.trace.add(kind, task.n, text, values);
    }
  }

  /** A turn of the service's own doings: when the seed says so, or when nothing else can go on. */
  async #backgroundTurn(): Promise<void> {
    let isDrawn = this.#options.prng.chance(BACKGROUND_SHARE);
    while (this.#background.canGoOn && (isDrawn || !this.#canRequestsGoOn)) {
      isDrawn = false;
      await this.#advanceBackground();
    }
  }

  async #advanceBackground(): Promise<void> {
    const isHandedOn = await this.#background.advance(this.#passage, this.#options.prng, this.trace);
    this.#moved = null;
    // With the last of them over, it is waited for whatever comes next.
    if (isHandedOn || !this.canGoOn()) await this.#settle();
  }

  /**
   * The requests under way come to their end: a service that stays would be left with them in the middle, and what
   * is cut there ends some (pg, on a connection that is in use).
   */
  async #finish(): Promise<void> {
    this.trace.end();
    for (let step = 0; step < MOST_STEPS_TO_FINISH; step++) {
      const task = [...this.#inside].find(({ isStarted, canGoOn }) => isStarted && canGoOn);
      if (!task) return;
      task.state = 'ready';
      // Whatever comes of it concerns nobody any more.
      await this.step(task).catch(() => this.#inside.delete(task));
    }
  }

  #hasRoomFor(task: PgwireTask): boolean {
    if (task.hasRoom || this.#isPoolLimited || this.#roomTaken < this.#options.plan.pool) {
      task.hasRoom = true;
      return true;
    }
    task.isInLine = true;
    this.#line.push(task);
    return false;
  }

  get #roomTaken(): number {
    let taken = 0;
    for (const task of this.#inside) if (task.hasRoom && task.outcome === null) taken++;
    return taken;
  }

  /** States are what they are now; who waited and can go on is told. */
  #wakeAll(stepping: PgwireTask | null): void {
    while (this.#line.length > 0 && (this.#isPoolLimited || this.#roomTaken < this.#options.plan.pool)) {
      const task = this.#line.shift() as PgwireTask;
      task.hasRoom = true;
      task.isInLine = false;
    }
    for (const task of [...this.#inside]) {
      if (task === stepping) this.#judge(task);
      else if (task.state === 'waiting' && task.canGoOn) this.#happenings.makeReady(task);
    }
  }

  #judge(task: PgwireTask): void {
    if (!task.outcome) {
      task.state = task.canGoOn ? 'ready' : 'waiting';
      return;
    }
    this.#inside.delete(task);
    if (task.lane) this.#lanes.give(task.lane);
    if ('thrown' in task.outcome) throw task.outcome.thrown;
    task.leftOpen = task.seats.length > 0;
    // What it has not come to the end of goes on, and is nobody's any more.
    for (const seat of task.seats.splice(0)) this.#background.takeOver(seat);
    task.reply = task.outcome.reply;
    task.state = 'done';
  }

  /** Connections are opened and statements prepared before the first step, and what goes on by itself is learned. */
  async #warmUp(): Promise<void> {
    const { plan } = this.#options;
    await this.#looks.warmUp(this.#lanes, plan.pool, this.#background);
    await this.#background.learn(this.#traffic);
    await this.#settler.rest(this);
    this.#gate.isOpen = false;
    this.#gate.listener = this;
  }

  #watchSleep(): void {
    this.#sleep?.close();
    const { plan, address } = this.#options;
    const pids = plan.settle === 'silence' ? [] : this.#stand.roots();
    this.#sleep = ServiceSleep.canSee(pids) ? new ServiceSleep(this.#stand.roots) : null;
    const before = this.#settler as Settler | undefined;
    this.#settler = new Settler({
      // Counting is left for good, also beyond a crash.
      settle: plan.settle === 'count' && this.#hadTwoAtOnce ? 'sleep' : plan.settle,
      traffic: this.#traffic,
      sleep: this.#sleep,
      ports: [this.#gate.port, address.port],
      tally: before?.tally,
    });
  }

  #newPassage(writes: AutocommitWrites): Passage {
    const { control } = this.#stand;
    const happenings = {
      sometimes: this.#happenings.sometimes,
      note: (note: { type: string; data: Record<string, unknown> }) => this.#note(note),
    };
    return new Passage({
      waits: (sight) => new LockWaits<WireStatement>(sight, this.#options.prng, happenings),
      database: {
        blockers: (pid) => blockersOf(control, pid),
        cancel: (pid) => cancelBackend(control, pid),
        terminate: (pids) => this.#stand.terminate(pids),
      },
      writes,
      trace: this.trace,
      disturbed: (owner) => {
        if (owner instanceof PgwireTask) owner.disturbed = true;
      },
      ownerName: (owner) => (owner instanceof PgwireTask ? owner.n : 'background'),
      sometimes: this.#happenings.sometimes,
      strike: (statement) => this.#strike(statement),
      executed: (owner) => {
        if (owner instanceof PgwireTask) this.#strikes.executed(owner);
      },
      telling: this.#telling,
    });
  }

  #strike(statement: WireStatement): WireStrike | null {
    const { owner } = statement.connection;
    const strike = owner instanceof PgwireTask ? this.#strikes.due(owner, statement) : null;
    if (strike) this.#happenings.note({ type: 'fault', data: { name: strike.name } });
    return strike;
  }

  #note(note: { type: string; data: Record<string, unknown> }): void {
    this.trace.add('lock', 'background', `${String(note.data['what'])}: ${JSON.stringify(note.data)}`);
    this.#happenings.note(note);
  }

  #pass(group: Group): void {
    group.connection.pass(group);
  }
}
