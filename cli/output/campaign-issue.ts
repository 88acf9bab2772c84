/** What a campaign found as the text of an issue, for trackers that read Markdown. */
import {
  type Campaign,
  type Finding,
  formatSignature,
  reproduceCommand,
} from '../../server/contract/index.ts';
import type { ToldFinding } from '../campaign/findings.ts';
import { counted, formatNumber } from '../run/format.ts';
import { seatsOf } from '../run/why-seats.ts';
import { codeSpan, fence } from './markdown.ts';
import { WHY_COLUMNS } from './report/why-text.ts';
import { styleFor } from './style.ts';
import { whyText } from './why.ts';

/** A failure with all that is known of it. */
export interface Told extends ToldFinding {
  campaign: Campaign;
  /** A baseline has it. */
  isKnown: boolean;
}

/** The whole of it, with a heading. */
export function issueMarkdown(told: Told): string {
  const { finding, run, isKnown } = told;
  const heading = `## ${codeSpan(formatSignature(finding.signature))}${isKnown ? ' (known)' : ''}`;
  return [
    heading,
    '',
    ...fence(whatBroke(told), 'text'),
    ...(told.why === null && run !== null
      ? ['', `It is not explained yet: ${codeSpan(`simcity explain ${run.number}`)} finds out why.`]
      : []),
    '',
    `**Reproduce**${sizeText(finding)}`,
    '',
    ...fence([commandOf(told)]),
    '',
    ...factsOf(told).map((fact) => `- ${fact}`),
  ].join('\n');
}

function whatBroke({ finding, run, why }: Told): string[] {
  if (why === null) return [finding.message];
  const seats = run?.failForensic ? seatsOf(run.failForensic) : null;
  return whyText(why, styleFor(false), WHY_COLUMNS, { seats }).split('\n');
}

function sizeText({ smallest, operations }: Finding): string {
  if (smallest === null) return '';
  return `, by ${formatNumber(smallest)} of ${formatNumber(operations)} operations`;
}

function commandOf({ campaign: { scenario, target, config }, finding, run }: Told): string {
  const { reproduce, seed } = finding;
  return reproduce ?? run?.failForensic?.reproduce ?? reproduceCommand({ scenario, target, seed, config });
}

function factsOf({ campaign, finding, run }: Told): string[] {
  const { seeds, firstSeed, seed, operations } = finding;
  const { name, scenario, target, seedsThrough, version, generation } = campaign;
  const share = seedsThrough === 0 ? '' : ` (${((100 * seeds) / seedsThrough).toPrecision(2)} %)`;
  return [
    `${formatNumber(seeds)} of ${counted(seedsThrough, 'seed fails', 'seeds fail')} so${share}; the first is ${firstSeed}, the soonest ${seed}, after ${formatNumber(operations)} operations.`,
    `Found by campaign ${codeSpan(name)}: ${codeSpan(scenario)} on ${codeSpan(target)}${run === null ? '' : `, recorded as run ${run.number}`}.`,
    `Executed by SimCity ${codeSpan(version ?? 'of a version that is not known')}${generation === null ? '' : `, generation ${generation}`}.`,
  ];
}
