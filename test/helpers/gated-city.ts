/** Executes a seed against a small booking service behind the gate on the wire, step by step and without an engine above. */
import { fileURLToPath } from 'node:url';
import { shellWord } from '../../runner/reproduce.ts';
import { contractApi } from '../../runner/scenarios/bookings/http.ts';
import type { Call } from '../../runner/service/call.ts';
import { Prng } from '../../runner/sim/prng.ts';
import { resolveService } from '../../runner/targets/http/address.ts';
import { GateStage } from '../../runner/targets/pgwire/ground/stage.ts';
import { type GateTold, PgwireTarget, type WirePlan } from '../../runner/targets/pgwire/target.ts';
import type { WireTrace } from '../../runner/targets/pgwire/trace.ts';
import type { StatementWatch } from '../../runner/targets/statements.ts';
import type { Task, WireStrike } from '../../runner/targets/target.ts';
import { freePort } from './http-service.ts';

const DESK = fileURLToPath(new URL('../fixtures/gate-services/desk.ts', import.meta.url));
const SLOTS = 4;

/** The small service of test/fixtures/gate-services/desk.ts, with this in its environment, on a stage of its own. */
export async function openDesk(targetUrl: string, env: Readonly<Record<string, string>> = {}): Promise<Desk> {
  const given = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const words = ['env', ...given, process.execPath, DESK];
  const address = await resolveService(`http://127.0.0.1:${await freePort()}`);
  const order = { url: null, schema: null, prepare: null, large: false };
  return new Desk(
    await GateStage.open({ order, targetUrl, exec: words.map(shellWord).join(' '), address }),
    address,
  );
}

type Address = Awaited<ReturnType<typeof resolveService>>;

export interface DeskOptions {
  /** Told of each statement. */
  statements?: StatementWatch;
  readonly seed: number;
  readonly operations?: number;
  readonly capacity?: number;
  readonly plan?: Partial<WirePlan>;
  /** What strikes the nth request. */
  readonly strike?: (n: number) => WireStrike | null;
  /** Called after each step. */
  readonly stepped?: (city: {
    target: PgwireTarget;
    steps: number;
    crash: () => Promise<void>;
  }) => Promise<void>;
}

export interface DeskRun {
  readonly trace: WireTrace;
  readonly told: GateTold;
  readonly sometimes: Record<string, number>;
  readonly faults: readonly string[];
  /** More bookings were acknowledged than there are seats; null: never. */
  readonly overbooked: string | null;
  readonly requests: number;
  readonly failed: number;
  readonly isStuck: boolean;
  /** Of all slots, at the end. */
  readonly bookings: number;
}

interface Booking {
  readonly slot: string;
  id: string | null;
  isCancelled: boolean;
}

export class Desk {
  readonly stage: GateStage;
  readonly #address: Address;

  constructor(stage: GateStage, address: Address) {
    this.stage = stage;
    this.#address = address;
  }

  close(): Promise<void> {
    return this.stage.close();
  }

  async execute(options: DeskOptions): Promise<DeskRun> {
    const { seed, capacity = 3, plan } = options;
    const names = Array.from({ length: SLOTS }, (_, i) => `slot-${i}`);
    const target = new PgwireTarget({
      stage: this.stage,
      plan: { service: 'keep', settle: 'sleep', pool: 6, ...plan },
      api: contractApi,
      address: this.#address,
      citizens: [],
      setupTimeoutMs: 10_000,
      look: (slot) => ({ operation: 'read', slot, citizen: 'citizen' }),
      objects: names,
      prng: new Prng(seed, 'deadlock'),
      statements: options.statements,
    });
    try {
      await target.prepare({ slots: names.map((id) => ({ id, capacity, open: true })) });
      return await new Citizens(target, options).run();
    } finally {
      await target.close();
    }
  }
}

/** Six requests at once, in an order that the seed picks. */
class Citizens {
  readonly #target: PgwireTarget;
  readonly #options: DeskOptions;
  readonly #schedule: Prng;
  readonly #draws: Prng;
  readonly #bookings: Booking[] = [];
  readonly #inside = new Set<Task>();
  readonly #faults: string[] = [];
  #ready: Task[] = [];
  #begun = 0;
  #failed = 0;
  #overbooked: string | null = null;

  constructor(target: PgwireTarget, options: DeskOptions) {
    this.#target = target;
    this.#options = options;
    this.#schedule = new Prng(options.seed, 'schedule');
    this.#draws = new Prng(options.seed, 'operation');
  }

  async run(): Promise<DeskRun> {
    const { operations = 120, stepped } = this.#options;
    const target = this.#target;
    let isStuck = false;
    for (let steps = 1; this.#overbooked === null; steps++) {
      while (this.#inside.size < 6 && this.#begun < operations) this.#begin();
      if (this.#inside.size === 0) break;
      isStuck = this.#ready.length === 0 && !(await target.goOnByItself());
      if (isStuck) break;
      if (this.#ready.length > 0) await this.#step();
      await stepped?.({ target, steps, crash: () => this.#crash() });
      this.#ready.push(...target.takeWoken());
    }
    const slots = (await target.inspect()) as { bookings: unknown[] }[];
    return {
      trace: target.trace,
      told: target.told(),
      sometimes: target.sometimes(),
      faults: this.#faults,
      overbooked: this.#overbooked,
      requests: this.#begun,
      failed: this.#failed,
      isStuck,
      bookings: slots.reduce((sum, { bookings }) => sum + bookings.length, 0),
    };
  }

  #begin(): void {
    const n = this.#begun++;
    const { call, booking } = this.#draw(n);
    const task = this.#target.start(call, {
      serializationFailure: false,
      wire: this.#options.strike?.(n) ?? null,
    });
    task.owner = booking;
    this.#inside.add(task);
    this.#ready.push(task);
  }

  #draw(n: number): { call: Call; booking: Booking | null } {
    const kind = this.#draws.float();
    const slot = `slot-${this.#draws.below(SLOTS)}`;
    const share = this.#draws.float();
    const citizen = `citizen-${n}`;
    const mine = this.#bookings.filter(({ id, isCancelled }) => id !== null && !isCancelled);
    const gone = mine[Math.floor(share * mine.length)];
    if (kind < 0.6) {
      const booking = { slot, id: null, isCancelled: false };
      return { call: { operation: 'book', slot, citizen, key: `key-${n}` }, booking };
    }
    if (kind < 0.75 && gone) {
      gone.isCancelled = true;
      return { call: { operation: 'cancel', booking: gone.id, slot: gone.slot, citizen }, booking: null };
    }
    if (kind < 0.95) return { call: { operation: 'read', slot, citizen }, booking: null };
    return { call: { operation: 'list', citizen }, booking: null };
  }

  async #step(): Promise<void> {
    const at = this.#schedule.below(this.#ready.length);
    const task = this.#ready[at] as Task;
    await this.#target.step(task);
    if (task.state !== 'ready') this.#ready.splice(at, 1);
    for (const { type, data } of this.#target.takeNotes()) {
      if (type === 'fault') this.#faults.push(String(data['name']));
    }
    if (task.state === 'done') this.#left(task);
  }

  async #crash(): Promise<void> {
    const inside = [...this.#inside];
    await this.#target.crash(inside);
    this.#ready = [];
    for (const task of inside) this.#left(task);
  }

  #left(task: Task): void {
    this.#inside.delete(task);
    const { reply } = task;
    if (reply?.outcome === 'failed') this.#failed++;
    const booking = task.owner as Booking | null;
    if (!booking || reply?.outcome !== 'ok') return;
    booking.id = String(reply.value['booking']);
    this.#bookings.push(booking);
    const held = this.#bookings.filter(({ slot, isCancelled }) => slot === booking.slot && !isCancelled);
    const { capacity = 3 } = this.#options;
    if (held.length > capacity) this.#overbooked ??= `${booking.slot} has ${held.length} of ${capacity}`;
  }
}
