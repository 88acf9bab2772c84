/** `simcity campaign report` and `baseline`: what a campaign found, for trackers and for the nights to come. */
import { formatSignature } from '../../server/contract/index.ts';
import { type Baseline, baselineOf, compareWith, signaturesOf } from '../campaign/baseline.ts';
import { knownOf, tellFinding } from '../campaign/findings.ts';
import { type LookUp, lookedUp, lookUpCampaigns } from '../campaign/look-up.ts';
import { readBaseline } from '../campaign/read-baseline.ts';
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
  const found = await lookUpCampaigns(context, flags);
  const campaign = await lookedUp(found, name);
  // What the campaign itself was held against, where nothing else is named.
  const baseline = flags.baseline === undefined ? null : await baselineIn(context, found, flags);
  const known = baseline === null ? campaign.known : signaturesOf(baseline);
  const { fresh, notSeen } = compareWith(known, campaign.findings);
  const findings = flags.onlyNew ? fresh : campaign.findings;
  const told: Told[] = [];
  for (const finding of findings)
    told.push({ campaign, ...(await tellFinding(found.api, finding)), isKnown: !fresh.includes(finding) });
  await found.close();
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
  const found = await lookUpCampaigns(context, flags);
  const campaign = await lookedUp(found, name);
  const { known } = await baselineIn(context, found, flags);
  const findings = [];
  for (const finding of campaign.findings)
    findings.push(knownOf(campaign, finding, (await tellFinding(found.api, finding)).why));
  await found.close();
  await context.out(`${safeJson(baselineOf([...known, ...findings]), 2)}\n`);
  return EXIT.pass;
}

async function baselineIn(context: Context, found: LookUp, { baseline }: FindingsFlags): Promise<Baseline> {
  return baseline === undefined ? baselineOf([]) : await readBaseline(context, baseline, found.campaign);
}
