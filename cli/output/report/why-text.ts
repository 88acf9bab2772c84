/** Why it broke, for reports that are text. */
import { seatsOf } from '../../run/why-seats.ts';
import { styleFor } from '../style.ts';
import { whyText } from '../why.ts';
import type { ReportData } from './data.ts';

/** Of a report: as wide as readers show it without wrapping. */
export const WHY_COLUMNS = 100;

/** Why it broke, with its lanes, as a terminal without colours shows it, a line each; empty: it is not known. */
export function whyAsText({ why, run }: ReportData): string[] {
  if (why === null) return [];
  const seats = run.failForensic === null ? null : seatsOf(run.failForensic);
  return whyText(why, styleFor(false), WHY_COLUMNS, { seats }).split('\n');
}
