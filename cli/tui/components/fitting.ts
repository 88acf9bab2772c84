/** What of a line is said where there is not room for all of it. */
import { textWidth } from '../../terminal/columns.ts';

/** Something that is said: the longest wording first, and what goes first where there is no room has the highest `drop`. */
interface Piece {
  wordings: readonly string[];
  drop: number;
}

/** What fits into `width` columns with `gap` between, in its order: shorter wordings are taken first, then something is left out. */
export function fitting<Each extends Piece>(
  pieces: readonly Each[],
  width: number,
  gap: number,
): (Each & { text: string })[] {
  const kept = pieces.map((piece) => ({ piece, at: 0 }));
  const textOf = ({ piece, at }: (typeof kept)[number]) => piece.wordings[at] ?? '';
  const used = () => kept.reduce((sum, each) => sum + textWidth(textOf(each)) + gap, -gap);
  while (kept.length > 0 && used() > width) {
    const longer = kept
      .filter(({ at, piece }) => at < piece.wordings.length - 1)
      .sort((a, b) => b.piece.drop - a.piece.drop)[0];
    if (longer !== undefined) longer.at++;
    else if (kept.length === 1) break;
    else {
      const worst = Math.max(...kept.map(({ piece }) => piece.drop));
      kept.splice(
        kept.findIndex(({ piece }) => piece.drop === worst),
        1,
      );
    }
  }
  return kept.map((each) => ({ ...each.piece, text: textOf(each) }));
}
