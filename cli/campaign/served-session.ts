/** Campaigns of a server: started, gone on with, or joined, from anywhere. */
import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Campaign, ENGINE_GENERATION } from '../../server/contract/index.ts';
import type { Connected } from '../hosting/connect.ts';
import type { Context } from '../process/context.ts';
import { usageError } from '../process/errors.ts';
import { VERSION } from '../process/version.ts';
import { safeText } from '../run/sanitize.ts';
import { apiStore, type Claimant } from './api-store.ts';
import { buildHash } from './build.ts';
import { codeHash } from './code.ts';
import type { Connecting, More } from './local-session.ts';
import { refusedText } from './refused.ts';
import type { CampaignPlan, CampaignSession, OwnPart } from './session.ts';

/** Starts it there. @throws CliError where another has the name. */
export async function beginServed(
  context: Context,
  connected: Connected,
  plan: CampaignPlan,
  own: OwnPart,
  label: string | null,
): Promise<Campaign> {
  return await connected.api.startCampaign({
    ...plan,
    ...{ id: randomUUID(), generation: ENGINE_GENERATION, version: VERSION, build: buildHash() },
    ...{ code: codeHash(context.cwd, own), label },
  });
}

/** Goes on with one that was stopped or is done; one that goes on is joined. @throws CliError */
export async function resumeServed(
  context: Context,
  { api }: Connected,
  campaign: Campaign,
  own: OwnPart,
  { seeds, budgetSeconds, untilNew }: More,
): Promise<{ campaign: Campaign; isJoined: boolean }> {
  refuseOther(context, campaign, own);
  const { name, state, endedBy } = campaign;
  const goesOn = (state === 'running' || state === 'recording') && endedBy === null;
  if (goesOn && seeds.length === 0) return { campaign, isJoined: true };
  const resume = { seeds: [...seeds], budgetSeconds, untilNew };
  return { campaign: await api.resumeCampaign(name, resume), isJoined: goesOn };
}

/** One that cannot be executed by this build, or without code that it needs. @throws CliError */
export function refuseOther(context: Context, campaign: Campaign, own: OwnPart): void {
  const { name, build, code, generation, version } = campaign;
  if (build === null) {
    throw usageError(
      `the campaign '${safeText(name)}' was executed without a server.`,
      `Go on with it in its directory: \`simcity campaign --resume ${safeText(name)}\`.`,
    );
  }
  const why =
    build !== buildHash() ? 'build' : code !== null && code !== codeHash(context.cwd, own) ? 'code' : null;
  if (why !== null) throw usageError(refusedText({ campaign: name, why, generation, version }));
}

export interface ServedOptions {
  campaign: Campaign;
  connected: Connected;
  server: Connecting;
  own: OwnPart;
  records: boolean;
  isOwners: boolean;
}

export function servedSession(
  context: Context,
  { campaign, connected, server, own, records, isOwners }: ServedOptions,
): CampaignSession {
  const { name, label } = campaign;
  const claimant = claimantOf(context, own, {
    ...{ runner: claimantName(), labels: label === null ? [] : [label], campaign: name, records },
  });
  return {
    ...{ name, store: apiStore(connected, claimant), own, isOwners, isServed: true },
    ...{ connect: server.connect, close: server.close },
  };
}

/** A claimant of this process. */
export function claimantOf(
  context: Context,
  own: OwnPart,
  asked: Pick<Claimant, 'runner' | 'labels' | 'campaign' | 'records'>,
): Claimant {
  return {
    ...asked,
    ...{ host: hostname().slice(0, 200), version: VERSION, generation: ENGINE_GENERATION },
    ...{ build: buildHash(), code: codeHash(context.cwd, own) },
  };
}

/** A name that no other process has. */
export function claimantName(): string {
  return `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`.slice(-200);
}
