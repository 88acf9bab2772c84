/** What a service in memory is: a generator a request, whose every `yield` lets the engine choose who goes on. */
import type { Call, Reply } from './call.ts';
import type { ServiceClock } from './sql-service.ts';

/**
 * One request as a generator: `yield` is a scheduling point, `yield { lock }` one at which the routine
 * goes on only with that lock, which it holds until it ends.
 */
export type MemoryRoutine = Generator<{ lock: string } | undefined, Reply, void>;

export interface MemoryService {
  prepare(world: Readonly<Record<string, unknown>>): void;
  /** Answers one request; what the routine takes for the time it asks `clock`. */
  handle(call: Call, clock: ServiceClock): MemoryRoutine;
  /** The service was killed and started again: what it holds in no durable place is gone. */
  restarted?(): void;
  inspect(): unknown;
  forget?(what: unknown): void;
}
