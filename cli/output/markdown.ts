/** Markdown of which no foreign text is more than text. */
import { safeLines, safeText } from '../run/sanitize.ts';

export function table(title: string, rows: readonly (readonly [string, string])[]): string[] {
  if (rows.length === 0) return [];
  return [
    `| ${title} | |`,
    '| --- | --- |',
    ...rows.map(([name, value]) => `| ${inline(name)} | ${inline(value)} |`),
  ];
}

/** Longer than every run of backticks inside, so that nothing ends the block early. */
export function fence(lines: readonly string[], language = 'sh'): string[] {
  const content = lines.map((line) => safeLines(line)).join('\n');
  const ticks = '`'.repeat(Math.max(3, longestTicks(content) + 1));
  return [`${ticks}${language}`, content, ticks];
}

/** Foreign text in one line of code: there nobody is mentioned, and no number or hash becomes a link. */
export function codeSpan(text: string): string {
  const content = safeText(text).trim() || '(empty)';
  const ticks = '`'.repeat(longestTicks(content) + 1);
  // A space that is added on both sides is taken away again where it is shown.
  return content.includes('`') ? `${ticks} ${content} ${ticks}` : `${ticks}${content}${ticks}`;
}

function longestTicks(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
}

/** Foreign text as itself: no markup, no link, no mention. */
export function inline(text: string): string {
  return safeText(text)
    .replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character] ?? character)
    .replace(/[\\`*_{}[\]()#+!|~]/g, '\\$&')
    .replaceAll('@', '&#64;')
    .replace(/:\/\//g, '&#58;//');
}
