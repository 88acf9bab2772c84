/**
 * What all executions of a gated service in one process have in common: the template on the server, the role, the gate,
 * and the service, which begins each execution on a fresh clone.
 */
import type { ServiceAddress } from '../../http/address.ts';
import { answersAt } from '../../http/reach.ts';
import { ServiceGroup } from '../../http/service-group.ts';
import { connectOne } from '../../postgres/connection.ts';
import { ClockedGround } from '../clock/clocked-ground.ts';
import { assertFollows } from '../clock/follower.ts';
import { Gate } from '../gate.ts';
import type { WireGate } from '../wire.ts';
import { type ClaimOptions, claimGround, type Ground, leaveGround } from './claim.ts';
import { type Clone, Clones } from './clones.ts';
import { surroundingsOf } from './environment.ts';
import { GATE_PASSWORD, ROLE_PASSWORD } from './passwords.ts';
import { RunningStand, type Stand } from './stand.ts';
import type { Template } from './template.ts';

export type { Stand } from './stand.ts';

/** As the service is told: at the gate there is nobody else. */
const USER = 'simcity';

export interface StageOptions extends ClaimOptions {
  /** The command that starts the service. */
  readonly exec: string;
  readonly address: ServiceAddress;
}

export class GateStage {
  readonly gate: WireGate;
  readonly versions: Readonly<Record<string, string>>;
  readonly template: Template;
  /** The clock that the service and its PostgreSQL go by; null: the machine's. */
  readonly clock: ClockedGround | null;
  readonly #ground: Ground;
  readonly #clones: Clones;
  readonly #service: ServiceGroup;
  readonly #answers: () => Promise<boolean>;
  readonly #port: number;
  #clone: Clone | null = null;
  #stand: RunningStand | null = null;
  /** What clones are made of for a service that stays. */
  #started: string | null = null;
  #isClosed = false;

  private constructor(
    clock: ClockedGround | null,
    ground: Ground,
    gate: Gate,
    service: ServiceGroup,
    address: ServiceAddress,
  ) {
    this.clock = clock;
    this.#ground = ground;
    this.gate = gate;
    this.template = ground.template;
    this.versions = { postgresql: ground.server.shownVersion };
    this.#clones = new Clones(ground.keeper.sql, ground.names, {
      url: ground.url,
      database: ground.keeper.database,
    });
    this.#service = service;
    this.#answers = () => answersAt(address);
    this.#port = address.port;
  }

  /** @throws Error that says what to do. Nothing of it is left behind then. */
  static async open(options: StageOptions): Promise<GateStage> {
    const { clock: order } = options.order;
    if (!order) return await GateStage.#on(options, null);
    options.say?.('starting a PostgreSQL for the virtual clock');
    const clock = await ClockedGround.open(order);
    try {
      return await GateStage.#on(options, clock);
    } catch (error) {
      await clock.close();
      throw error;
    }
  }

  static async #on(options: StageOptions, clock: ClockedGround | null): Promise<GateStage> {
    const ground = await claimGround({ ...options, ownUrl: clock?.url ?? null });
    let gate: Gate | null = null;
    try {
      const { server, names, watch, source } = ground;
      const upstream = { ...server, user: names.role, password: ROLE_PASSWORD };
      const serverVersion = Math.floor(server.version / 10_000);
      gate = await Gate.listen({ upstream, serverVersion, user: USER, password: GATE_PASSWORD });
      watch.knowFolder(gate.socketDir);
      const { host, port, user, password, socketDir } = gate;
      const seen = surroundingsOf({ host, port, user, password, database: source }, socketDir);
      const surroundings = { ...seen, environment: { ...seen.environment, ...clock?.environment() } };
      const service = await ServiceGroup.of(options.exec, options.address, 1, answersAt, surroundings);
      return new GateStage(clock, ground, gate, service, options.address);
    } catch (error) {
      await gate?.close();
      await leaveGround(ground);
      throw error;
    }
  }

  /**
   * A fresh clone, and the service speaking to it through the open gate. `restart`: its processes anew, on a clone of
   * the template. `keep`: the service stays, and its connections are cut, so that its pool opens others, to a clone of
   * what it made of the template at its start.
   * @throws Error when the service does not come up, or does not survive that its connections are cut.
   */
  async begin(how: 'restart' | 'keep'): Promise<Stand> {
    if (how === 'restart') return await this.#restart(this.#ground.names.template);
    this.#started ??= await this.#startOnce();
    if (!this.#service.running) await this.#restart(this.#started);
    return await this.#keep(this.#started);
  }

  /** The name of the database that the service leaves behind when it is started and ended. */
  async #startOnce(): Promise<string> {
    const stand = await this.#restart(this.#ground.names.template);
    await this.#service.close();
    this.gate.cutAll();
    await stand.cut();
    await stand.leave();
    const { name } = this.#clone as Clone;
    this.#clone = null;
    this.#stand = null;
    return name;
  }

  async #restart(from: string): Promise<RunningStand> {
    const [clone] = await Promise.all([this.#clones.make(from), this.#service.close()]);
    const stand = await this.#standOn(clone);
    await stand.start();
    return stand;
  }

  async #keep(from: string): Promise<RunningStand> {
    const { ends } = this.#service;
    const stand = await this.#standOn(await this.#clones.make(from));
    await stand.goOn(ends);
    return stand;
  }

  /** From now on the gate leads there, and is open. Nothing of the execution before goes on. */
  async #standOn(clone: Clone): Promise<RunningStand> {
    const before = this.#clone;
    await this.#stand?.leave();
    this.#clone = clone;
    this.gate.database = clone.name;
    this.gate.cutAll();
    this.gate.isOpen = true;
    this.gate.refuses = false;
    if (before) this.#clones.drop(before.name);
    const control = connectOne({ url: this.#ground.url, database: clone.name }, 'simcity-control');
    const started = () => this.#assertFollows();
    this.#stand = new RunningStand(clone, control, this.#service, this.gate, this.#answers, started);
    return this.#stand;
  }

  async #assertFollows(): Promise<void> {
    const { clock } = this;
    if (clock) await assertFollows(this.#service.roots(), this.#port, clock.file.path);
  }

  /** Leaves nothing behind: neither the service, nor the gate, nor anything on the server. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#service.close();
    await this.gate.close();
    await this.#stand?.leave();
    await leaveGround(this.#ground, this.#clones);
    await this.clock?.close();
  }
}
