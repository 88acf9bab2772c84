/** Campaigns: reported by whoever conducts one, listed, shown with their failures. */
import { Hono } from 'hono';
import {
  CAMPAIGN_LEASE_SECONDS,
  type CampaignPage,
  createRedactor,
  type FindingReport,
} from '../contract/index.ts';
import { findCampaign, listCampaigns, type ReportRefusal, reportCampaign } from '../db/campaigns.ts';
import { ApiError, invalidRequest } from '../errors.ts';
import { parseJson, readBodyText } from '../request.ts';
import { assertStorable } from '../runs/storable-text.ts';
import type { ServerEnv } from '../server-env.ts';
import type { Services } from '../services.ts';
import { validate } from '../validate.ts';
import { campaignsQuery, strictCampaignReport } from './parameters.ts';

/** Whoever conducts it masks what it knows to be secret; what looks like a secret is masked here once more. */
const byForm = createRedactor([]);
/** As of the campaign that a run names. */
const LONGEST_NAME = 100;

export function campaignRoutes({ sql }: Services): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>();

  routes.get('/', async (c) => {
    const { limit, before } = validate(campaignsQuery, c.req.query(), 'the query');
    // One more than asked for tells whether there is a next page.
    const found = await listCampaigns(sql, { before: before ?? null, limit: limit + 1 });
    const campaigns = found.slice(0, limit);
    const next = found.length > limit ? (campaigns.at(-1)?.name ?? null) : null;
    return c.json({ campaigns, next } satisfies CampaignPage);
  });

  routes.get('/:name', async (c) => {
    const name = nameOf(c.req.param('name'));
    const campaign = await findCampaign(sql, name);
    if (campaign === null) throw unknown(name);
    return c.json(campaign);
  });

  routes.put('/:name', async (c) => {
    const name = nameOf(c.req.param('name'));
    const report = validate(strictCampaignReport, parseJson(await readBodyText(c)), 'the body');
    assertStorable(report, 'the body');
    const masked = { ...report, findings: report.findings.map(maskFinding) };
    const refused = await reportCampaign(sql, name, masked, CAMPAIGN_LEASE_SECONDS);
    if (refused !== null) throw notYours(name, refused);
    return c.json({ seconds: report.state === 'running' ? CAMPAIGN_LEASE_SECONDS : 0 });
  });

  return routes;
}

function nameOf(name: string): string {
  assertStorable(name, 'the name');
  if (name.length > LONGEST_NAME) {
    throw invalidRequest(`The name of a campaign is at most ${LONGEST_NAME} characters long.`);
  }
  return name;
}

function maskFinding({ message, why, reproduce, ...rest }: FindingReport): FindingReport {
  return {
    ...rest,
    message: byForm.text(message),
    why: byForm.text(why),
    reproduce: reproduce === null ? null : byForm.text(reproduce),
  };
}

function unknown(name: string): ApiError {
  return new ApiError(
    404,
    'not_found',
    `There is no campaign ${JSON.stringify(name)} here. GET /api/ops/simcity/campaigns lists those there are.`,
  );
}

const WHY_REFUSED = {
  held: 'is conducted by another process just now. Wait for its end, or give yours another name.',
  other: 'is another one here, of another directory. Give yours another name.',
};

function notYours(name: string, refused: ReportRefusal): ApiError {
  return new ApiError(409, 'lease_lost', `The campaign ${JSON.stringify(name)} ${WHY_REFUSED[refused]}`);
}
