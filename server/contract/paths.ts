/** The paths of the API, so that no part spells one by hand. `runId` may be anything that names a run. */
import type { TaskKind } from './task.ts';

export const API_BASE = '/api/ops/simcity';

/** Where the pages for browsers lie. Their files hold no data and are served to everybody. */
export const ADMIN_BASE = '/admin/simcity';
export const SESSION_PATH = `${ADMIN_BASE}/session`;
/** The page for people, and below it one for each run. */
export const MISSION_CONTROL_PATH = `${ADMIN_BASE}/mission-control`;
/** The page of a run, by its number; null: the list of runs. */
export function pagePath(run: number | null): string {
  return run === null ? MISSION_CONTROL_PATH : `${MISSION_CONTROL_PATH}/runs/${run}`;
}
/** The page of all campaigns, and below it one for each. */
export const CAMPAIGNS_PATH = `${ADMIN_BASE}/campaigns`;
export function campaignPagePath(name: string): string {
  return `${CAMPAIGNS_PATH}/${encodeURIComponent(name)}`;
}
/** The page of the processes that work for campaigns. */
export const RUNNERS_PATH = `${ADMIN_BASE}/runners`;
export const ASSETS_PATH = `${ADMIN_BASE}/assets`;

export const apiPath = {
  runs: () => `${API_BASE}/runs`,
  run: (runId: string) => `${API_BASE}/runs/${encodeURIComponent(runId)}`,
  events: (runId: string) => `${apiPath.run(runId)}/events`,
  snapshots: (runId: string) => `${apiPath.run(runId)}/snapshots`,
  stream: (runId: string) => `${apiPath.run(runId)}/stream`,
  stop: (runId: string) => `${apiPath.run(runId)}/stop`,
  state: (runId: string) => `${apiPath.run(runId)}/state`,
  smallest: (runId: string) => `${apiPath.run(runId)}/smallest`,
  task: (runId: string, kind: TaskKind) => `${apiPath.run(runId)}/tasks/${kind}`,
  taskLease: (runId: string, kind: TaskKind) => `${apiPath.task(runId, kind)}/lease`,
  waitingTasks: () => `${API_BASE}/tasks/waiting`,
  telemetry: (runId: string) => `${apiPath.run(runId)}/telemetry`,
  campaigns: () => `${API_BASE}/campaigns`,
  campaign: (name: string) => `${API_BASE}/campaigns/${encodeURIComponent(name)}`,
  campaignStream: (name: string) => `${apiPath.campaign(name)}/stream`,
  stopCampaign: (name: string) => `${apiPath.campaign(name)}/stop`,
  resumeCampaign: (name: string) => `${apiPath.campaign(name)}/resume`,
  shards: (name: string) => `${apiPath.campaign(name)}/shards`,
  shard: (name: string, number: number) => `${apiPath.shards(name)}/${number}`,
  shardLease: (name: string, number: number) => `${apiPath.shard(name, number)}/lease`,
  findingRecord: (name: string) => `${apiPath.campaign(name)}/findings`,
  claimWork: () => `${API_BASE}/runners/claim`,
  runners: () => `${API_BASE}/runners`,
} as const;
