/**
 * The connections of citizens to the service: each request under way has one of its own, always the lowest that is free,
 * because a service may tie its connections to the database to them.
 */
import type { ServiceAddress } from '../http/address.ts';
import { Wire, type WireWatch } from '../http/wire.ts';

export interface Lane {
  readonly number: number;
  readonly wire: Wire;
}

export class Lanes {
  readonly #address: ServiceAddress;
  readonly #watch: WireWatch;
  #lanes: Lane[] = [];
  #free: Lane[] = [];

  constructor(address: ServiceAddress, watch: WireWatch) {
    this.#address = address;
    this.#watch = watch;
  }

  take(): Lane {
    const free = this.#free.shift();
    if (free) return free;
    const lane = this.#lane(this.#lanes.length);
    this.#lanes.push(lane);
    return lane;
  }

  #lane(number: number): Lane {
    return { number, wire: new Wire(this.#address, 1, this.#watch) };
  }

  /** What is sent from now on goes over new connections: those that are idle may have been so for too long. */
  renew(): void {
    for (const { number, wire } of this.#free) {
      wire.close();
      this.#lanes[number] = this.#lane(number);
    }
    this.#free = this.#free.map(({ number }) => this.#lanes[number] as Lane);
  }

  /** One of those that were closed since is not taken back. */
  give(lane: Lane): void {
    if (this.#lanes[lane.number] !== lane) return;
    this.#free.push(lane);
    this.#free.sort((a, b) => a.number - b.number);
  }

  /** All connections end; what is under way on them has no answer. */
  close(): void {
    for (const { wire } of this.#lanes) wire.close();
    this.#lanes = [];
    this.#free = [];
  }
}
