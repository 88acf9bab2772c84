/** What an execution of a run is asked for. */
import type { GateOrder, Repeat, RunConfig } from '../../server/contract/index.ts';
import type { CityKeeper } from '../targets/postgres/keeper.ts';
import type { StatementWatch } from '../targets/statements.ts';
import type { Sink } from '../telemetry/sink.ts';
import type { ExecutionLimits } from './execution-watch.ts';
import type { StagedService } from './gated/staged-service.ts';
import type { Guide } from './guide.ts';
import type { RecordedCall, Trace } from './trace.ts';

export interface StopSignal {
  readonly requested: boolean;
  readonly reason: string | null;
  onRequest(listener: () => void): void;
}

export interface ExecuteOptions {
  scenario: string;
  target: string;
  seed: number;
  config: RunConfig;
  /** What an attempt before this one has stored, and this one repeats; nothing unless it is given. */
  repeat?: Repeat | null;
  /** The database for a `postgres` target's city, and for the clones of a gate. */
  targetUrl: string | null;
  /** What the city of a `postgres` target is called; left out or null: nobody looks for it. */
  cityName?: string | null;
  /** All URLs of a service that has several, with users and passwords; left out: those of the configuration. */
  targets?: readonly string[];
  /** The command that starts the service at a target that is a URL; null: it runs already. */
  exec?: string | null;
  /** The database of a gated run. */
  gate?: GateOrder | null;
  /** A service behind a gate that one execution after another uses; without it each begins one of its own. */
  staged?: StagedService | undefined;
  /** How often a gated seed is executed again at its end, at most; left out: as the configuration says. */
  proofs?: number;
  sink: Sink;
  signal: StopSignal;
  now?: () => Date;
  /** For cities that one execution after another uses; without it each builds its own. */
  cities?: CityKeeper | undefined;
  /** Filled with what the run did, for replaying and shrinking it. */
  trace?: Trace;
  /** Told of each statement; left out: nobody listens. */
  statements?: StatementWatch | undefined;
  /** Holds requests back; left out: nothing does. */
  guide?: Guide | undefined;
  /** Calls as another execution of the seed has asked them, by planned operation; left out: as the plan draws them. */
  frozen?: readonly RecordedCall[] | undefined;
  /** For an execution that nobody supervises: when it is broken off. */
  limits?: ExecutionLimits;
}
