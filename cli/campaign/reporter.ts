/** What a campaign says while it goes on: as lines on stderr here, on the screen in mission control. */
import { type Campaign, type Finding, formatSignature } from '../../server/contract/index.ts';
import type { Api } from '../client/api.ts';
import { progressLine } from '../output/progress-line.ts';
import { styleFor } from '../output/style.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { safeText } from '../run/sanitize.ts';
import { progressText } from './progress-text.ts';

export interface CampaignReporter {
  /** A sentence; safe to print. */
  say(message: string): void;
  /** How the campaign stands. */
  stands(campaign: Campaign): void;
  /** What is done besides, in the place of what was said of it before; safe to print. */
  progress(text: string): void;
  /** A failure that is unlike those before. */
  found(failure: Finding): void;
  /** What `progress` said is over. */
  clear(): void;
  /** Why it is not known how the campaign stands; it is asked again. Safe to print. Over with the next `stands`. */
  away(why: string): void;
  /** A server was reached, which will have the recorded runs. */
  connected?(api: Api): void;
}

/** Lines on stderr. */
export function lineReporter(context: Context): CampaignReporter {
  const line = progressLine(context);
  let isAway = false;
  const say = (message: string) => {
    line.clear();
    context.err(`simcity: ${message}\n`);
  };
  return {
    say,
    away(why) {
      if (!isAway) say(`${why} Asking again.`);
      isAway = true;
    },
    stands(campaign) {
      isAway = false;
      // Before that there is neither a rate nor a time left to tell.
      if (campaign.state === 'running' && campaign.seedsThrough > 0) line.show(progressText(campaign));
    },
    progress: (text) => line.show(text),
    found({ signature, message, firstSeed }) {
      line.clear();
      const { red } = styleFor(wantsColor(context, 'stderr'));
      const what = `${safeText(formatSignature(signature))}: ${safeText(message)}`;
      context.err(`${red('found')}  seed ${firstSeed}  ${what}\n`);
    },
    clear: () => line.clear(),
  };
}
