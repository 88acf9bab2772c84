/** Work of campaigns: claimed by whoever can execute it, held by a lease and a fence, answered; and who claims. */
import { Hono } from 'hono';
import {
  CAMPAIGN_LEASE_SECONDS,
  findingRecordSchema,
  type RunnerPage,
  shardLeaseSchema,
  shardResultSchema,
  workClaimSchema,
} from '../contract/index.ts';
import {
  claimWork,
  finishShard,
  type ResultRefusal,
  recordFinding,
  renewShard,
  type ShardKey,
} from '../db/shards.ts';
import { listRunners } from '../db/shards-shown.ts';
import { ApiError, invalidRequest } from '../errors.ts';
import { parseJson, readBodyText } from '../request.ts';
import { assertStorable } from '../runs/storable-text.ts';
import type { ServerEnv } from '../server-env.ts';
import type { Services } from '../services.ts';
import { validate } from '../validate.ts';
import { campaignNameOf, maskTally, maskText } from './campaign-parts.ts';

/** Claimants: what they ask for, and who they are. */
export function runnerRoutes({ sql }: Services): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>();

  routes.get('/', async (c) => c.json({ runners: await listRunners(sql) } satisfies RunnerPage));

  routes.post('/claim', async (c) => {
    const claim = validate(workClaimSchema, parseJson(await readBodyText(c)), 'the body');
    assertStorable(claim, 'the body');
    return c.json(await claimWork(sql, claim));
  });

  return routes;
}

/** Below the campaigns: what claimants say of what they hold. */
export function workRoutes({ sql, campaigns, notifications }: Services): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>();
  const changed = (name: string) => {
    campaigns.wake(name);
    notifications.announce(campaigns.payloadOf(name));
  };

  routes.post('/:name/shards/:number/lease', async (c) => {
    const key = keyOf(c.req.param('name'), c.req.param('number'));
    const lease = validate(shardLeaseSchema, parseJson(await readBodyText(c)), 'the body');
    const leased = await renewShard(sql, key, lease);
    if (leased === null) throw notYours(key, 'lost');
    changed(key.campaign);
    return c.json(leased);
  });

  routes.put('/:name/shards/:number', async (c) => {
    const key = keyOf(c.req.param('name'), c.req.param('number'));
    const result = validate(shardResultSchema, parseJson(await readBodyText(c)), 'the body');
    assertStorable(result, 'the body');
    const why = result.why === null ? null : maskText(result.why);
    const refused = await finishShard(sql, key, { ...result, why, tally: maskTally(result.tally) });
    if (refused !== null) throw notYours(key, refused);
    changed(key.campaign);
    return c.json({ leaseSeconds: 0, isOver: false });
  });

  routes.put('/:name/findings', async (c) => {
    const name = campaignNameOf(c.req.param('name'));
    const record = validate(findingRecordSchema, parseJson(await readBodyText(c)), 'the body');
    assertStorable(record, 'the body');
    const reproduce = record.reproduce === null ? null : maskText(record.reproduce);
    const masked = { ...record, reproduce, why: maskText(record.why) };
    const isOver = await recordFinding(sql, name, masked);
    if (isOver === null) {
      throw new ApiError(
        409,
        'lease_lost',
        'Another claimant records this failure, or it is recorded already.',
      );
    }
    changed(name);
    return c.json({ leaseSeconds: record.state === 'under-way' ? CAMPAIGN_LEASE_SECONDS : 0, isOver });
  });

  return routes;
}

function keyOf(name: string, number: string): ShardKey {
  if (!/^[1-9]\d{0,8}$/.test(number)) throw invalidRequest('The number of a shard is a whole number from 1.');
  return { campaign: campaignNameOf(name), number: Number(number) };
}

function notYours({ campaign, number }: ShardKey, refused: ResultRefusal): ApiError {
  if (refused === 'seeds') return invalidRequest(`tally.through has seeds that are not of shard ${number}.`);
  return new ApiError(
    409,
    'lease_lost',
    `Shard ${number} of the campaign ${JSON.stringify(campaign)} is not yours any more: its lease ran out, and it goes to another.`,
  );
}
