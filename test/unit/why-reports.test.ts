/** Why it broke, in every format of a report: the lanes in HTML, the words elsewhere, and text of a run as text. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { summaryMarkdown } from '../../cli/output/github.ts';
import type { ReportData } from '../../cli/output/report/data.ts';
import { htmlReport } from '../../cli/output/report/html.ts';
import { jsonReport } from '../../cli/output/report/json.ts';
import { junitReport } from '../../cli/output/report/junit.ts';
import { type Why, whySchema } from '../../server/contract/index.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';
import { recordedRun } from '../helpers/recorded-run.ts';

const WHY = whySchema.parse(
  JSON.parse(readFileSync(new URL('../fixtures/why.json', import.meta.url), 'utf8')),
);
const EVIL = '</td><script>alert(1)</script>\u001b[2J\u202e" onload="x" ]]> | `x` ::error::';

function dataWith(why: Why | null): ReportData {
  const run = recordedRun({ status: 'FAIL', pass: false, failForensic: recordedForensic() });
  const nothing = { snapshots: [], charts: [], lastEvents: [], city: null, lost: null };
  return { run, ...nothing, closing: null, rules: null, why };
}

/** The same story in which every text is `text`. */
function saying(text: string): Why {
  return {
    ...WHY,
    ...{ name: text, sentence: text, conclusion: [text] },
    lanes: WHY.lanes.map((lane) => ({ ...lane, name: text, operation: text, words: text })),
    steps: WHY.steps.map((step) => ({ ...step, text, values: text, answer: text, mark: text, error: text })),
    cures: WHY.cures.map((cure) => ({ ...cure, what: text })),
  };
}

describe('why it broke in a report', () => {
  it('comes first in HTML, as lanes with each step and the wait as a bar', () => {
    const page = htmlReport(dataWith(WHY));
    expect(page.indexOf('Why it broke')).toBeLessThan(page.indexOf('What broke'));
    expect(page.match(/<td class="why-bar why-bar-(begins|goes-on|ends)/g)).toHaveLength(4 + 4);
    expect(page).toContain('<span class="why-mark">◀ does not see b-1</span>');
    expect(page).toContain('waits for A');
    expect(page).toContain('5 steps folded');
    expect(page).toContain('16 of 16 pass, 9 retries');
    expect(page).not.toMatch(/ style="|<script/);
    // Of the object's history what carries the failure stands there, and how full it was.
    expect(page).toMatch(/<g class="row broken"><title>operation 450,/);
    expect(page).toContain('2 operations folded');
    expect(page).toContain('3 at the end');
    expect(htmlReport(dataWith(null))).not.toContain('Why it broke');
  });

  it('is told with its lanes in the failure of JUnit and in the summary of a job, and in words in JSON', () => {
    const xml = junitReport(dataWith(WHY));
    expect(xml).toMatch(/<failure [^>]*>[^<]*WHY {2}book citizen-021 counted the seats of slot-007 \(13\)/);
    // Sentences point to steps, so that these are there.
    expect(xml).toMatch(/^13 .*select count\(\*\)/m);
    const document = JSON.parse(jsonReport(dataWith(WHY)));
    expect(document.why).toEqual(WHY);
    expect(document.explanation[0]).toContain('(G2, phantom)');
    const summary = summaryMarkdown(dataWith(WHY));
    expect(summary).toContain('```text\nWHY  book citizen-021 counted the seats');
    expect(summary).toContain('◀ does not see b-1');
    expect(summary).toMatch(/16\s+of\s+16/);
    expect(JSON.parse(jsonReport(dataWith(null)))).toMatchObject({ why: null, explanation: [] });
    expect(junitReport(dataWith(null))).not.toContain('WHY');
    expect(summaryMarkdown(dataWith(null))).not.toContain('WHY');
  });

  it('never makes markup, a command or an escape sequence of its text', () => {
    const tagsOf = (page: string) => [...page.matchAll(/<\/?[a-zA-Z!][^\s>]*/g)].map(([tag]) => tag);
    const page = htmlReport(dataWith(saying(EVIL)));
    expect(tagsOf(page)).toEqual(tagsOf(htmlReport(dataWith(saying('harmless')))));
    const all = [page, junitReport(dataWith(saying(EVIL))), summaryMarkdown(dataWith(saying(EVIL)))];
    for (const text of [...all, jsonReport(dataWith(saying(EVIL)))])
      expect(text).not.toMatch(/[\u001b\u202e]/);
    const [markup] = summaryMarkdown(dataWith(saying(EVIL))).split('\n```');
    expect(markup).not.toMatch(/<(?!\/?(details|summary)>)/);
  });
});
