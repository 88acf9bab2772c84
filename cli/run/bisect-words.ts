/** What came of a search through commits, alike on the page, on the terminal and in lines. Safe to print. */
import type { Bisected, Commit, RevisionVerdict, Tried } from '../../server/contract/bisected.ts';
import { counted, formatNumber, formatSeconds } from './format.ts';
import { safeText } from './sanitize.ts';

const SHORT_ID = 10;
const VERDICTS: Record<RevisionVerdict, string> = { good: 'passes', bad: 'fails', skip: 'skipped' };

/** `The first bad commit: 5d41402abc Cache the seats that are left (Ada, 2026-11-03).`, and what it took. */
export function bisectedLines(bisected: Bisected): string[] {
  const { first, among, tried, commits, executed, executions, seconds } = bisected;
  const by = executed === 'smallest' ? 'the smallest reproduction' : 'its whole seed';
  const cost = `${counted(tried.length, 'revision', 'revisions')} of ${formatNumber(commits)} tried by ${by}, ${counted(executions, 'execution', 'executions')} in ${formatSeconds(seconds)}.`;
  if (first !== null) return [`The first bad commit: ${commitText(first)}.`, cost];
  return [
    `The first bad commit is one of these ${formatNumber(among.length)}, some of which cannot be tested:`,
    ...among.map((commit) => `  ${commitText(commit)}`),
    cost,
  ];
}

/** `fails    5d41402abc  Cache the seats that are left: fails the same way, by 1 execution` */
export function triedLine({ commit, verdict, why }: Tried): string {
  const short = safeText(commit.id.slice(0, SHORT_ID));
  return `${VERDICTS[verdict].padEnd(7)}  ${short}  ${safeText(commit.subject)}: ${safeText(why)}`;
}

function commitText({ id, subject, author, date }: Commit): string {
  return `${safeText(id.slice(0, SHORT_ID))} ${safeText(subject)} (${safeText(author)}, ${safeText(date.slice(0, 10))})`;
}
