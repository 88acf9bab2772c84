/** A campaign as its conductor reports it. */
import { randomUUID } from 'node:crypto';
import { type CampaignReport, type FindingReport, runConfigSchema } from '../../server/contract/index.ts';

export function recordedFinding(change: Partial<FindingReport> = {}): FindingReport {
  return {
    signature: { kind: 'invariant', invariant: 'no-overbooking', operation: null },
    ...{ message: 'slot-002 has 3 bookings', seeds: 4, firstSeed: 2, seed: 7, operations: 31 },
    ...{ smallest: null, why: '', reproduce: null, run: null },
    ...change,
  };
}

export function recordedCampaign(change: Partial<CampaignReport> = {}): CampaignReport {
  return {
    ...{ id: randomUUID(), holder: randomUUID(), begins: true, state: 'running' },
    ...{ scenario: 'bookings', target: 'memory', config: runConfigSchema.parse({ bug: 'lost-cancel' }) },
    ...{
      generation: 2,
      version: '0.2.0',
      seeds: [[1, 60]],
      seedsThrough: 20,
      operations: 4_000,
      seconds: 2.5,
    },
    course: [{ seconds: 1, seeds: 8, operations: 1_600 }],
    findings: [recordedFinding()],
    ...change,
  };
}
