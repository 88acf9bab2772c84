/** Parts of a run, and the configurations by which they are executed. */
import {
  ERRORS_WITHOUT_CAUSE,
  type GateOrder,
  type OrderEntry,
  type RunConfig,
  type Signature,
} from '../../server/contract/index.ts';

/** The run that is made small. */
export interface Subject {
  scenario: string;
  target: string;
  seed: number;
  config: RunConfig;
  targetUrl: string | null;
  /** The command that starts the service; null, or left out: none does. */
  exec?: string | null;
  /** The database of a gated run; null, or left out: it has no gate. */
  gate?: GateOrder | null;
  /** How it failed when it was recorded; null, or left out: as it fails when it is executed first. */
  signature?: Signature | null;
}

/** A part of the run. */
export interface Candidate {
  operations: readonly number[];
  muted: readonly string[];
  schedule: readonly number[] | null;
  /** Who takes the steps, by request; never beside a `schedule`. */
  order: readonly OrderEntry[] | null;
  variant: number;
  concurrency: number;
  /** False: no fault strikes at all. */
  faults: boolean;
}

/** When the operations of a part meet. */
export type Timing = Pick<Candidate, 'variant' | 'concurrency' | 'schedule' | 'order'>;

/** The configuration by which a candidate for this failure is executed, and reproduced. */
export function configOf(
  config: RunConfig,
  candidate: Candidate,
  failure: Pick<Signature, 'invariant'> | null,
): RunConfig {
  const { operations, muted, schedule, order, variant, concurrency, faults } = candidate;
  return {
    ...config,
    operations: Math.max(config.operations, operations.length),
    // Wall time decides nothing in a run of a few operations, and must not.
    durationSeconds: null,
    rate: null,
    concurrency,
    ...(faults ? {} : { faults: 'none' as const, faultRates: {} }),
    reduction: {
      operations: [...operations],
      muted: [...muted],
      schedule: schedule === null ? null : [...schedule],
      ...(order === null ? {} : { order: [...order] }),
      variant,
      ...(failure?.invariant === ERRORS_WITHOUT_CAUSE ? { anyError: true as const } : {}),
    },
  };
}

/** The run as it is. */
export function wholeOf({ reduction, concurrency }: RunConfig): Candidate {
  const { operations = [], muted = [], schedule = null, order = null, variant = 0 } = reduction ?? {};
  return { operations, muted, schedule, order, variant, concurrency, faults: true };
}

/** The same for equal candidates. */
export function keyOf({
  operations,
  muted,
  schedule,
  order,
  variant,
  concurrency,
  faults,
}: Candidate): string {
  const asked = order?.map(({ request, steps }) => `${request}*${steps}`);
  return `${operations}|${muted}|${schedule ?? '-'}|${asked ?? '-'}|${variant}|${concurrency}|${faults}`;
}
