/** What the routes of campaigns and of their work share: names, and masking. */
import { createRedactor, LONGEST_CAMPAIGN_NAME, type Tally } from '../contract/index.ts';
import { ApiError, invalidRequest } from '../errors.ts';
import { assertStorable } from '../runs/storable-text.ts';

/** Whoever executes masks what it knows to be secret; what looks like a secret is masked here once more. */
const byForm = createRedactor([]);

export function maskText(text: string): string {
  return byForm.text(text);
}

export function maskTally(tally: Tally): Tally {
  return {
    ...tally,
    failures: tally.failures.map((failure) => ({ ...failure, message: maskText(failure.message) })),
  };
}

/** @throws ApiError for a name that no campaign can have. */
export function campaignNameOf(name: string): string {
  assertStorable(name, 'the name');
  if (name.length > LONGEST_CAMPAIGN_NAME) {
    throw invalidRequest(`The name of a campaign is at most ${LONGEST_CAMPAIGN_NAME} characters long.`);
  }
  return name;
}

export function unknownCampaign(name: string): ApiError {
  return new ApiError(
    404,
    'not_found',
    `There is no campaign ${JSON.stringify(name)} here. GET /api/ops/simcity/campaigns lists those there are.`,
  );
}
