/** A value as a tree that folds, with the keys that trees have. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { shownTree, type TreeLine } from '../../run/bundle-tree.ts';

interface BundleTreeProps {
  label: string;
  root: unknown;
}

export function BundleTree({ label, root }: BundleTreeProps) {
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  const [chosen, setChosen] = useState<string | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const isMoving = useRef(false);
  const lines = shownTree(root, unfolded);
  const at = Math.max(
    0,
    lines.findIndex(({ path }) => path === chosen),
  );

  useEffect(() => {
    if (!isMoving.current) return;
    isMoving.current = false;
    list.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  });

  const fold = (line: TreeLine, open: boolean) => {
    const next = new Set(unfolded);
    if (open) next.add(line.path);
    else next.delete(line.path);
    setUnfolded(next);
    setChosen(line.path);
  };
  const moveTo = (place: number) => {
    const line = lines[Math.max(0, Math.min(lines.length - 1, place))];
    if (line === undefined) return;
    isMoving.current = true;
    setChosen(line.path);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const line = lines[at];
    if (line === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = treeMove(event.key, lines, at);
    if (move === null) return;
    event.preventDefault();
    isMoving.current = true;
    if (move === 'fold' || move === 'unfold') fold(line, move === 'unfold');
    else moveTo(move);
  };

  return (
    <>
      <div class="actions">
        <button type="button" onClick={() => setUnfolded(allBranches(root))}>
          Unfold all
        </button>
        <button type="button" onClick={() => setUnfolded(new Set())}>
          Fold all
        </button>
      </div>
      <div class="tree" role="tree" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {lines.map((line, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the tree takes the keys for all its lines
          <div
            key={line.path}
            role="treeitem"
            class={`tree-line${line.isBranch ? ' tree-branch' : ''}`}
            style={{ paddingInlineStart: `${0.5 + line.depth * 1.1}rem` }}
            aria-level={line.depth + 1}
            aria-expanded={line.isBranch ? line.isUnfolded : undefined}
            aria-selected={i === at}
            tabIndex={i === at ? 0 : -1}
            onClick={() => (line.isBranch ? fold(line, !line.isUnfolded) : setChosen(line.path))}
          >
            <span class="tree-name">{line.name}</span> <span class="tree-value">{line.value}</span>
          </div>
        ))}
      </div>
    </>
  );
}

/** What a key means at a line; null when it means nothing. */
function treeMove(key: string, lines: readonly TreeLine[], at: number): number | 'fold' | 'unfold' | null {
  const line = lines[at];
  if (line === undefined) return null;
  switch (key) {
    case 'ArrowDown':
      return at + 1;
    case 'ArrowUp':
      return at - 1;
    case 'Home':
      return 0;
    case 'End':
      return lines.length - 1;
    case 'ArrowRight':
      return line.isBranch && !line.isUnfolded ? 'unfold' : at + 1;
    case 'ArrowLeft':
      return line.isUnfolded ? 'fold' : parentOf(lines, at);
    case 'Enter':
    case ' ':
      return line.isBranch ? (line.isUnfolded ? 'fold' : 'unfold') : null;
    default:
      return null;
  }
}

function parentOf(lines: readonly TreeLine[], at: number): number {
  const depth = lines[at]?.depth ?? 0;
  return Math.max(
    0,
    lines.findLastIndex((line, i) => i < at && line.depth < depth),
  );
}

/** Deeper than any bundle goes; a tree of hostile depth is unfolded by hand. */
const DEEPEST = 12;

function allBranches(root: unknown): Set<string> {
  const paths = new Set<string>();
  const visit = (value: unknown, path: string, depth: number) => {
    if (typeof value !== 'object' || value === null || depth > DEEPEST) return;
    for (const [key, child] of Object.entries(value)) {
      if (typeof child !== 'object' || child === null) continue;
      paths.add(`${path}/${key}`);
      visit(child, `${path}/${key}`, depth + 1);
    }
  };
  visit(root, '', 0);
  return paths;
}
