/** Any JSON value as a tree that folds: the lines that are shown, and no others are made. */
import { safeJson, safeText } from './sanitize.ts';

export interface TreeLine {
  /** Names the node; children add `/` and their key. */
  path: string;
  depth: number;
  /** Safe to print. */
  name: string;
  /** The value in short; safe to print. */
  value: string;
  isBranch: boolean;
  isUnfolded: boolean;
}

/** More lines than that are not shown at once; a branch that is folded makes room. */
const MOST_LINES = 5_000;

/** The lines of `root` with these paths unfolded, the root itself left out. */
export function shownTree(root: unknown, unfolded: ReadonlySet<string>): TreeLine[] {
  const lines: TreeLine[] = [];
  addChildren(lines, root, '', 0, unfolded);
  return lines;
}

function addChildren(
  lines: TreeLine[],
  value: unknown,
  path: string,
  depth: number,
  unfolded: ReadonlySet<string>,
): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (lines.length >= MOST_LINES) return;
    const own = `${path}/${key}`;
    const isBranch = typeof child === 'object' && child !== null && Object.keys(child).length > 0;
    const isUnfolded = isBranch && unfolded.has(own);
    lines.push({
      path: own,
      depth,
      name: safeText(key),
      value: isUnfolded ? '' : shortOf(child),
      isBranch,
      isUnfolded,
    });
    if (isUnfolded) addChildren(lines, child, own, depth + 1, unfolded);
  }
}

/** Long enough for any terminal, short enough to be made for every line. */
const LONGEST = 300;

function shortOf(value: unknown): string {
  if (typeof value === 'string') return safeText(value.slice(0, LONGEST));
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${value.length}]  ${preview(value)}`;
  return preview(value);
}

function preview(value: unknown): string {
  return (safeJson(value ?? null) ?? '').slice(0, LONGEST);
}
