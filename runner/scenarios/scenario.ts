/**
 * What a scenario is: the operations that citizens do, the model that says which answers are right, the
 * invariants, and the metrics. The engine knows nothing of slots or bookings; it meets them only here.
 */
import type { RuleName, RunConfig, ServiceRules } from '../../server/contract/index.ts';
import type { LiveScenario } from '../harness/live/live-plan.ts';
import type { Call, Reply } from '../service/call.ts';
import type { MemoryService } from '../service/memory-service.ts';
import type { SqlService } from '../service/sql-service.ts';
import type { Prng } from '../sim/prng.ts';
import type { HttpAdapter } from '../targets/http/adapter.ts';
import type { HttpApi } from '../targets/http/api.ts';
import type { Workload } from './workload.ts';

export type { ModelPart, Operation, Violation, Workload } from './workload.ts';

export interface Scenario<C extends Call = Call> {
  readonly name: string;
  readonly operations: readonly string[];
  /** What the objects of the model are called in events, such as `slot`; `object` when it is left out. */
  readonly objectNoun?: string;
  /** The known bugs of the reference services, by name; left out: whichever the services take. */
  readonly bugs?: readonly string[];
  /** Which metrics viewers are to chart, the most telling first; theirs to choose when it is left out. */
  readonly charts?: readonly Chart[];
  /** The reference service in memory, right or with a known bug; throws when there is no such bug. */
  memoryService?(bug: string | null): MemoryService;
  /** The reference service over PostgreSQL, likewise. */
  sqlService?(bug: string | null): SqlService;
  /** What it depends on of what services promise; all of it unless it is given. */
  readonly rules?: readonly RuleName[];
  /** How its calls go over HTTP, where no adapter says otherwise: the contract of a service at a URL. */
  readonly http?: HttpAdapter<C, never> | HttpApi;
  /** The call as an adapter is asked for it, with more than is recorded; without it as it is. `world`: that of the reset. */
  asked?(call: C, world: unknown): C;
  /**
   * What a reply that an adapter makes is not, in a few words; null: nothing. Without it any value is taken as it is.
   * `world`: that of the reset; null where the service speaks the scenario's own contract, so that it is judged itself.
   */
  replyIssue?(call: C, reply: Reply, world: unknown): string | null;
  /** What live attacks need beside what every scenario has; the general patterns where it is left out. */
  readonly live?: LiveScenario<C>;
  /**
   * Begins a run. The world may be drawn from `prng`; what each operation draws from comes with it. `rules` are what the
   * service promises: they are complete only when the first operation begins, so they are read when something is judged.
   * `foundedMs` is when the run begins, in ms since 1970, where time is real; otherwise that is 2026-01-01T00:00Z.
   */
  workload(
    seed: number,
    config: RunConfig,
    prng: Prng,
    rules?: Readonly<ServiceRules>,
    foundedMs?: number,
  ): Workload<C>;
}

export interface Chart {
  /** A few words, such as `money held`. */
  readonly title: string;
  /** A metric of the scenario (`Workload.metrics`) or of the engine (`operations`, `p95_latency_ms`, …). */
  readonly metric: string;
}
