/** Campaigns of a server, as a claimant sees them. */
import { MOST_SHARD_SEEDS, sizeOf, type WorkClaim } from '../../server/contract/index.ts';
import { createApi } from '../client/api.ts';
import type { Connected } from '../hosting/connect.ts';
import type { CampaignStore } from './store.ts';

/** Well within the lease, and seldom enough for hundreds of claimants. */
const RENEW_EVERY_MS = 2_000;

/** Who claims, and what for. */
export type Claimant = Omit<WorkClaim, 'seeds'>;

/** Its calls are made also by a process that leaves: what is through is stored before it goes. */
export function apiStore({ api: { connection } }: Connected, claimant: Claimant): CampaignStore {
  const api = createApi(connection);
  return {
    renewEveryMs: RENEW_EVERY_MS,
    claim: (seeds) => api.claimWork({ ...claimant, seeds: Math.min(seeds, MOST_SHARD_SEEDS) }),
    renew: ({ campaign, number, fence }, { through, operations }) =>
      api.renewShard(campaign.name, number, { fence, operations, seedsThrough: sizeOf(through) }),
    async finish({ campaign, number, fence }, result) {
      return (await api.finishShard(campaign.name, number, { ...result, fence })) !== null;
    },
    record: ({ campaign, fence, signature }, { run, ...record }) =>
      api.recordFinding(campaign.name, { ...record, fence, signature, run: run?.id ?? null }),
    async stop(name) {
      await api.stopCampaign(name);
    },
    campaign: (name) => api.campaign(name),
  };
}
