/** A campaign as it stands, as its checkpoint has it, and as it is started, imported, and worked for. */
import { randomUUID } from 'node:crypto';
import type { Checkpoint } from '../../cli/campaign/checkpoint.ts';
import {
  type Campaign,
  type CampaignImport,
  type CampaignStart,
  ENGINE_GENERATION,
  type FailureTally,
  type Finding,
  type Runner,
  runConfigSchema,
  type SeedRange,
  type Shard,
  type Tally,
  type WorkClaim,
} from '../../server/contract/index.ts';

/** Hashes of a build, and of another. */
export const BUILD = 'a'.repeat(64);
export const OTHER_BUILD = 'b'.repeat(64);

const signature = { kind: 'invariant' as const, invariant: 'no-overbooking', operation: null };

export function recordedFailure(change: Partial<FailureTally> = {}): FailureTally {
  return {
    ...{ signature, message: 'slot-002 has 3 bookings', seeds: 4, firstSeed: 2, seed: 7, operations: 31 },
    operationsUntil: [0, 0, 0, 0, 3, 1],
    ...change,
  };
}

export function recordedFinding(change: Partial<Finding> = {}): Finding {
  return { ...recordedFailure(), smallest: null, why: '', reproduce: null, run: null, ...change };
}

/** Of some seeds that passed, unless `change` says more. */
export function recordedTally(through: SeedRange[], change: Partial<Tally> = {}): Tally {
  return {
    ...{ through, operations: 100, executingMs: 20, proved: 0, identical: 0, reached: {}, failures: [] },
    ...change,
  };
}

const settled = {
  ...{ scenario: 'bookings', target: 'memory', config: runConfigSchema.parse({}) },
  ...{ generation: ENGINE_GENERATION, version: '0.2.0', build: BUILD, code: null, label: null },
  ...{ budgetSeconds: null, untilNew: null, known: [] },
};

export function recordedCampaign(change: Partial<Campaign> = {}): Campaign {
  return {
    ...settled,
    ...{ id: randomUUID(), name: 'hunt', state: 'running', endedBy: null, seeds: [[1, 60]] },
    ...{ seedsTotal: 60, seedsThrough: 20, seedsFailing: 4, failures: 1, operations: 4_000, seconds: 2.5 },
    ...{ shardsLost: 0, runners: 1, proved: 0, identical: 0, reached: {}, shardsToSee: [] },
    shards: { open: 0, running: 1, done: 2, lost: 0 },
    course: [{ seconds: 1, seeds: 8, operations: 1_600 }],
    findings: [recordedFinding()],
    ...{ createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' },
    ...change,
  };
}

export function recordedShard(change: Partial<Shard> = {}): Shard {
  return {
    ...{ number: 1, state: 'running', seeds: [[1, 10]], seedsTotal: 10, seedsThrough: 0, operations: 0 },
    ...{ runner: 'runner-1', attempts: 1, seenAt: '2026-01-01T00:00:00.000Z', why: null },
    ...change,
  };
}

export function recordedRunner(change: Partial<Runner> = {}): Runner {
  return {
    ...{ name: 'runner-1', host: 'here', version: '0.2.0', build: BUILD, labels: [], hasCode: false },
    ...{ work: { campaign: 'hunt', shard: 1 }, seenAt: '2026-01-01T00:00:00.000Z', silentSeconds: 0.5 },
    ...change,
  };
}

export function recordedStart(name: string, change: Partial<CampaignStart> = {}): CampaignStart {
  return { ...settled, id: randomUUID(), name, seeds: [[1, 60]], records: true, ...change };
}

export function recordedImport(change: Partial<CampaignImport> = {}): CampaignImport {
  return {
    ...settled,
    ...{ id: randomUUID(), build: null, state: 'done', seeds: [[1, 60]], seconds: 2.5 },
    ...{ course: [], records: [], at: new Date().toISOString(), tally: recordedTally([[1, 60]]) },
    ...change,
  };
}

export function recordedClaim(change: Partial<WorkClaim> = {}): WorkClaim {
  return {
    ...{ runner: `runner-${randomUUID()}`, host: 'here', version: '0.2.0', generation: ENGINE_GENERATION },
    ...{ build: BUILD, code: null, labels: [], campaign: null, seeds: 10, records: true },
    ...change,
  };
}

export function recordedCheckpoint(change: Partial<Checkpoint> = {}): Checkpoint {
  const { scenario, target, config, generation } = settled;
  return {
    ...{ version: 2, id: '0198c2d4-0000-7000-8000-000000000001', name: 'hunt', generation, simcity: '0.2.0' },
    ...{ scenario, target, config, exec: null, gate: null, seeds: [[1, 100]], seconds: 0, course: [] },
    ...{ budgetSeconds: null, untilNew: null, records: true, endedBy: null, recorded: [], finished: false },
    ...{ known: [], first: [] },
    tally: recordedTally([], { operations: 0, executingMs: 0 }),
    createdAt: '2026-01-01T00:00:00.000Z',
    ...change,
  };
}
