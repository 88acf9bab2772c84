/** The text of an issue: whatever a service, a scenario or a person put into it stays text, and reaches nobody. */
import { describe, expect, it } from 'vitest';
import { issueMarkdown, type Told } from '../../cli/output/campaign-issue.ts';
import { codeSpan, fence } from '../../cli/output/markdown.ts';
import { findingTitle } from '../../cli/run/finding-title.ts';
import { type Campaign, type Finding, runConfigSchema } from '../../server/contract/index.ts';

const EVIL = '@octocat fixes #1 and me/it#2 `x` ```\n# Big\n<img src=x> [a](b) \u001b[2J\u202e ```` end';

function told(text: string): Told {
  const finding: Finding = {
    signature: { kind: 'invariant', invariant: text, operation: null },
    ...{ message: text, seeds: 12, firstSeed: 3, seed: 7, operations: 40, smallest: 4, why: '' },
    ...{ reproduce: text, run: null },
  } as Finding;
  const campaign = {
    ...{ name: text, scenario: text, target: text, config: runConfigSchema.parse({}) },
    ...{ seedsThrough: 1_000, version: text, generation: 2 },
  } as Campaign;
  return { finding, campaign, run: null, why: null, isKnown: false };
}

/** What a reader of Markdown sees as more than code: without fenced blocks and without spans of code. */
function outsideCode(markdown: string): string {
  const open = /^(`{3,})\w*\n[\s\S]*?\n\1$/gm;
  return markdown.replace(open, '').replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, '');
}

it('has what broke, how to see it again, and how often it was seen', () => {
  const markdown = issueMarkdown(told('no-overbooking'));
  expect(markdown).toContain('## `invariant/no-overbooking`\n');
  expect(markdown).toContain('**Reproduce**, by 4 of 40 operations\n\n```sh\nno-overbooking\n```');
  expect(markdown).toContain('12 of 1,000 seeds fail so (1.2 %); the first is 3, the soonest 7, after 40');
});

it('has foreign text in code alone, where nobody is mentioned and nothing becomes a link', () => {
  const markdown = issueMarkdown(told(EVIL));
  expect(markdown).not.toMatch(/[\u001b\u202e]/);
  const open = outsideCode(markdown);
  for (const foreign of ['octocat', '#1', 'it#2', 'Big', '<img', '[a]']) expect(open).not.toContain(foreign);
  // The test's own reading is held against text that is not in code.
  expect(outsideCode('a `b` @c')).toBe('a  @c');
});

describe('code', () => {
  it('is fenced by more backticks than it has', () => {
    expect(fence(['a ```` b'], 'text')).toEqual(['`````text', 'a ```` b', '`````']);
    expect(codeSpan('a `` b')).toBe('``` a `` b ```');
    expect(codeSpan('plain')).toBe('`plain`');
    expect(codeSpan(' ')).toBe('`(empty)`');
  });
});

it('has a title of one short line', () => {
  const title = findingTitle(told(`${EVIL}${'x'.repeat(400)}`).finding, null);
  expect(title.length).toBeLessThanOrEqual(200);
  expect(title).not.toMatch(/[\n\u001b\u202e]/);
});
