/** What a failure of a campaign is called, for trackers and for files that people read. */
import { type Finding, formatSignature, type Why } from '../../server/contract/index.ts';
import { safeText } from './sanitize.ts';

const LONGEST = 200;

/** One line of plain text: what broke, and why. `why` null: it is not known. */
export function findingTitle(
  { signature, message }: Pick<Finding, 'signature' | 'message'>,
  why: Why | null,
): string {
  const what = `${formatSignature(signature)}: ${why?.sentence ?? message}`;
  const title = safeText(what.replace(/\s+/g, ' '));
  return title.length <= LONGEST ? title : `${title.slice(0, LONGEST - 1)}…`;
}
