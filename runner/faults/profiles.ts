/** The fault profiles: how often each fault strikes a request. */
import type { FaultName, RunConfig } from '../../server/contract/index.ts';

export type FaultRates = Readonly<Partial<Record<FaultName, number>>>;

const PROFILES: Record<RunConfig['faults'], FaultRates> = {
  none: {},
  calm: { 'drop-response': 0.01, 'duplicate-request': 0.01, delay: 0.02 },
  rough: { 'drop-response': 0.04, 'duplicate-request': 0.03, delay: 0.06 },
  brutal: { 'drop-response': 0.15, 'duplicate-request': 0.1, delay: 0.2 },
};

/** The rates of a run: its profile's, with its own in their place. */
export function faultRates(config: RunConfig): FaultRates {
  return { ...PROFILES[config.faults], ...config.faultRates };
}
