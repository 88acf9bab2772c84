/** The fault profiles: how often each fault strikes a request, or, for those of the whole city, an operation. */
import type { FaultName, RunConfig } from '../../server/contract/index.ts';

export type FaultRates = Readonly<Partial<Record<FaultName, number>>>;

const PROFILES: Record<RunConfig['faults'], FaultRates> = {
  none: {},
  calm: {
    'drop-request': 0.005,
    'drop-response': 0.01,
    'duplicate-request': 0.02,
    delay: 0.02,
    reorder: 0.01,
    burst: 0.001,
    'serialization-failure': 0.005,
  },
  rough: {
    'drop-request': 0.02,
    'drop-response': 0.04,
    'duplicate-request': 0.06,
    delay: 0.06,
    reorder: 0.04,
    burst: 0.004,
    crash: 0.002,
    'serialization-failure': 0.02,
    'pool-exhaustion': 0.002,
    'clock-skew': 0.002,
  },
  brutal: {
    'drop-request': 0.08,
    'drop-response': 0.15,
    'duplicate-request': 0.12,
    delay: 0.2,
    reorder: 0.15,
    burst: 0.01,
    crash: 0.004,
    'serialization-failure': 0.08,
    'pool-exhaustion': 0.006,
    'clock-skew': 0.006,
  },
};

/** What strikes on the wire between a service and its database, for runs with a gate there. */
const ON_THE_WIRE: Record<RunConfig['faults'], FaultRates> = {
  none: {},
  calm: { 'slow-statement': 0.005 },
  rough: {
    'backend-kill': 0.005,
    'lost-commit': 0.005,
    deadlock: 0.005,
    'slow-statement': 0.01,
    'connection-refused': 0.002,
  },
  brutal: {
    'backend-kill': 0.02,
    'lost-commit': 0.02,
    deadlock: 0.02,
    'slow-statement': 0.03,
    'connection-refused': 0.005,
  },
};
/** The clock of a service that knows nothing of us is the machine's, where it is not given ours. */
export const NOT_ON_THE_WIRE = ['clock-skew'] as const satisfies readonly FaultName[];

/** The rates of a profile as it is for services of all kinds. */
export function profileRates({ faults }: Pick<RunConfig, 'faults'>): FaultRates {
  return PROFILES[faults];
}

/** The rates of a run: its profile's, with its own in their place. */
export function faultRates(config: RunConfig): FaultRates {
  const { faults, faultRates: own, gate, clock } = config;
  if (gate === null) return { ...PROFILES[faults], ...own };
  const rates: Partial<Record<FaultName, number>> = { ...PROFILES[faults], ...ON_THE_WIRE[faults], ...own };
  if (clock === 'real') for (const name of NOT_ON_THE_WIRE) delete rates[name];
  return rates;
}
