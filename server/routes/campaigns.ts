/** Campaigns: started, listed, shown, stopped and resumed; followed as they go on; imported where no server was there. */
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import type { z } from 'zod';
import {
  type CampaignPage,
  campaignImportSchema,
  campaignResumeSchema,
  campaignStartSchema,
  isModuleLabel,
  type ShardPage,
} from '../contract/index.ts';
import {
  findCampaign,
  importCampaign,
  listCampaigns,
  type ResumeRefusal,
  resumeCampaign,
  startCampaign,
  stopCampaign,
} from '../db/campaigns.ts';
import { listShards } from '../db/shards-shown.ts';
import { ApiError, invalidRequest } from '../errors.ts';
import { parseJson, readBodyText } from '../request.ts';
import { assertCanBe, assertTarget } from '../runs/launch-checks.ts';
import { assertStorable } from '../runs/storable-text.ts';
import type { ServerEnv } from '../server-env.ts';
import type { Services } from '../services.ts';
import { validate } from '../validate.ts';
import { campaignNameOf, maskTally, maskText, unknownCampaign } from './campaign-parts.ts';
import { campaignsQuery, shardsQuery } from './parameters.ts';

export function campaignRoutes(services: Services): Hono<ServerEnv> {
  const { sql, campaigns, notifications } = services;
  const routes = new Hono<ServerEnv>();
  /** Tells whoever follows it, here and at other servers. */
  const changed = (name: string) => {
    campaigns.wake(name);
    notifications.announce(campaigns.payloadOf(name));
  };
  const stored = async (name: string) => {
    const campaign = await findCampaign(sql, name);
    if (campaign === null) throw unknownCampaign(name);
    return campaign;
  };

  routes.post('/', async (c) => {
    const start = validate(campaignStartSchema, parseJson(await readBodyText(c)), 'the body');
    assertStorable(start, 'the body');
    assertStart(start);
    if (!(await startCampaign(sql, start))) throw taken(start.name);
    changed(start.name);
    return c.json(await stored(start.name), 201);
  });

  routes.get('/', async (c) => {
    const { limit, before } = validate(campaignsQuery, c.req.query(), 'the query');
    // One more than asked for tells whether there is a next page.
    const found = await listCampaigns(sql, { before: before ?? null, limit: limit + 1 });
    const page = found.slice(0, limit);
    const next = found.length > limit ? (page.at(-1)?.name ?? null) : null;
    return c.json({ campaigns: page, next } satisfies CampaignPage);
  });

  routes.get('/:name', async (c) => c.json(await stored(campaignNameOf(c.req.param('name')))));

  routes.put('/:name', async (c) => {
    const name = campaignNameOf(c.req.param('name'));
    const given = validate(campaignImportSchema, parseJson(await readBodyText(c)), 'the body');
    assertStorable(given, 'the body');
    const records = given.records.map((record) => ({
      ...record,
      why: maskText(record.why),
      reproduce: record.reproduce === null ? null : maskText(record.reproduce),
    }));
    const masked = { ...given, records, tally: maskTally(given.tally) };
    if (!(await importCampaign(sql, name, masked))) throw taken(name);
    changed(name);
    return c.json(await stored(name));
  });

  routes.post('/:name/stop', async (c) => {
    const name = campaignNameOf(c.req.param('name'));
    const stopped = await stopCampaign(sql, name);
    if (stopped === null) throw unknownCampaign(name);
    changed(name);
    return c.json(await stored(name), 202);
  });

  routes.post('/:name/resume', async (c) => {
    const name = campaignNameOf(c.req.param('name'));
    const resume = validate(campaignResumeSchema, parseJson(await readBodyText(c)), 'the body');
    const refused = await resumeCampaign(sql, name, resume);
    if (refused !== null) throw notResumed(name, refused);
    changed(name);
    return c.json(await stored(name), 202);
  });

  routes.get('/:name/shards', async (c) => {
    const name = campaignNameOf(c.req.param('name'));
    const { limit, before } = validate(shardsQuery, c.req.query(), 'the query');
    const found = await listShards(sql, name, { before: before ?? null, limit: limit + 1 });
    if (found.length === 0) await stored(name);
    const shards = found.slice(0, limit);
    const next = found.length > limit ? (shards.at(-1)?.number ?? null) : null;
    return c.json({ shards, next } satisfies ShardPage);
  });

  routes.get('/:name/stream', async (c) => {
    const name = campaignNameOf(c.req.param('name'));
    await stored(name);
    if (c.req.method === 'HEAD')
      return c.body(null, 200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
    if (services.stopping.aborted)
      throw new ApiError(503, 'unavailable', 'The server is stopping. Try again in a moment.');
    services.metrics.streamsOpened += 1;
    campaigns.follow(name, c.env.outgoing);
    return RESPONSE_ALREADY_SENT;
  });

  return routes;
}

type Start = z.output<typeof campaignStartSchema>;

/** @throws ApiError for what no claimant could execute. */
function assertStart({ scenario, target, config, code, build }: Start): void {
  assertTarget(target);
  assertCanBe(scenario, target, config);
  if (build === null) throw invalidRequest('build is null: only an import has none.');
  if (code !== null || !(isModuleLabel(scenario) || isModuleLabel(target) || config.gate !== null)) return;
  throw invalidRequest(
    'a campaign of a module, or with a gate, needs `code`: the hash of what its claimants are given on their own command lines. `simcity campaign` sends it; code and commands never come through the API.',
  );
}

function taken(name: string): ApiError {
  return new ApiError(
    409,
    'invalid_request',
    `There is another campaign ${JSON.stringify(name)} here already. Give yours another name.`,
  );
}

const WHY_NOT_RESUMED = {
  running: 'goes on already. To work for it, claim its shards.',
  elsewhere:
    'was executed without a server. Go on with it where its checkpoint is: `simcity campaign --resume NAME`.',
};

function notResumed(name: string, refused: ResumeRefusal): ApiError {
  if (refused === 'unknown') return unknownCampaign(name);
  return new ApiError(
    409,
    'invalid_request',
    `The campaign ${JSON.stringify(name)} ${WHY_NOT_RESUMED[refused]}`,
  );
}
