/** Tables in Markdown, and their places in a text. */

/** A table with a caption under it. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  caption: string,
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), '', caption, ''].join('\n');
}

/** The text with what stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->` replaced. */
export function between(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`The text has no ${begin} followed by ${end}.`);
  return `${text.slice(0, from + begin.length)}\n${content}${text.slice(to)}`;
}
