/** Why a claimant may not work for a campaign, in words. */
import { type ClaimedWork, ENGINE_GENERATION } from '../../server/contract/index.ts';
import { simcityOf } from '../hosting/generation.ts';
import { VERSION } from '../process/version.ts';
import { safeText } from '../run/sanitize.ts';

/** A sentence with what to do; safe to print. */
export function refusedText({ campaign, why, generation, version }: ClaimedWork['refused'][number]): string {
  const name = `the campaign ${safeText(campaign)}`;
  if (why === 'code') {
    return `${name} is not executed here: it needs files or commands that this command line does not give, or gives otherwise. Give the same --exec, --gate, --adapter and modules, with the same contents.`;
  }
  const here = `this is generation ${ENGINE_GENERATION} of SimCity ${VERSION}`;
  const other = simcityOf({ generation, version });
  const which = version === VERSION ? `${other} of another build` : other;
  return `${name} is not executed here: it was started by ${which}, and ${here}. Use the same build for all claimants, or start a new campaign with this one.`;
}
