/** `simcity campaign report` and `baseline`: what a campaign found, for trackers and for the nights to come. */
import { formatSignature } from '../../server/contract/index.ts';
import { type Baseline, baselineOf, compareWith, signaturesOf } from '../campaign/baseline.ts';
import { findCampaign, knownOf, tellFinding } from '../campaign/findings.ts';
import { readBaseline } from '../campaign/read-baseline.ts';
import type { Api } from '../client/api.ts';
import { connectForReading } from '../hosting/connect.ts';
import { issueMarkdown, type Told } from '../output/campaign-issue.ts';
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { findingTitle } from '../run/finding-title.ts';
import { safeJson, safeText } from '../run/sanitize.ts';

interface FindingsFlags {
  baseline?: string;
  server?: string;
  dataDir?: string;
}

interface ReportFlags extends FindingsFlags {
  format: 'markdown' | 'json';
  onlyNew?: true;
}

/** The text of an issue for each failure. `name` left out: of the newest campaign. */
export async function campaignReport(
  context: Context,
  name: string | undefined,
  flags: ReportFlags,
): Promise<number> {
  const { api, hosted } = await connectForReading(context, flags);
  const campaign = await findCampaign(api, name);
  // What the campaign itself was held against, where nothing else is named.
  const baseline = flags.baseline === undefined ? null : await baselineIn(context, api, flags);
  const known = baseline === null ? campaign.known : signaturesOf(baseline);
  const { fresh, notSeen } = compareWith(known, campaign.findings);
  const findings = flags.onlyNew ? fresh : campaign.findings;
  const told: Told[] = [];
  for (const finding of findings)
    told.push({ campaign, ...(await tellFinding(api, finding)), isKnown: !fresh.includes(finding) });
  await hosted?.close();
  for (const signature of notSeen)
    context.err(`simcity: known, and not seen any more: ${safeText(signature)}\n`);
  if (told.length === 0)
    context.err(
      `simcity: campaign ${safeText(campaign.name)} has no ${flags.onlyNew ? 'new ' : ''}failure.\n`,
    );
  if (flags.format === 'json') await context.out(`${safeJson(told.map(issueJson), 2)}\n`);
  else if (told.length > 0) await context.out(`${told.map(issueMarkdown).join('\n\n')}\n`);
  return EXIT.pass;
}

/** What `gh issue create` and the like take, and what tells one failure from another. */
function issueJson(told: Told) {
  const { finding, run, why, isKnown } = told;
  const { signature, seeds, firstSeed, seed, operations, reproduce } = finding;
  return {
    signature: formatSignature(signature),
    title: findingTitle(finding, why),
    body: issueMarkdown(told),
    ...{ known: isKnown, seeds, firstSeed, seed, operations, run: run?.number ?? null, reproduce },
  };
}

/** A baseline of what a campaign found, together with what was known before. */
export async function campaignBaseline(
  context: Context,
  name: string | undefined,
  flags: FindingsFlags,
): Promise<number> {
  const { api, hosted } = await connectForReading(context, flags);
  const campaign = await findCampaign(api, name);
  const { known } = await baselineIn(context, api, flags);
  const found = [];
  for (const finding of campaign.findings)
    found.push(knownOf(campaign, finding, (await tellFinding(api, finding)).why));
  await hosted?.close();
  await context.out(`${safeJson(baselineOf([...known, ...found]), 2)}\n`);
  return EXIT.pass;
}

async function baselineIn(context: Context, api: Api, { baseline }: FindingsFlags): Promise<Baseline> {
  if (baseline === undefined) return baselineOf([]);
  return await readBaseline(context, baseline, (named) => api.campaign(named));
}
