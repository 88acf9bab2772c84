/** The help overlay, drawn from the key table. */
import { framed, innerSize } from '../components/frame.ts';
import type { Scope } from '../input/binding.ts';
import { bindingsOf } from '../input/keymap.ts';
import { BOLD, fitLine, type Line, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import type { Place } from '../paint/surface.ts';

const LABEL = 12;
/** A column of keys wants that much. */
const COLUMN = 62;
/** A column that stands alone takes the longest help. */
const WIDE_COLUMN = 90;

/** Where the help lies in `area`. */
export function helpPlace(scope: Scope, area: Place): Place {
  const columns = columnsFor(scope, area);
  const width = Math.min(area.width, (columns === 1 ? WIDE_COLUMN : columns * COLUMN) + 4);
  const height = Math.min(area.height, Math.ceil(bindingsOf(scope).length / columns) + 2);
  return {
    x: area.x + Math.floor((area.width - width) / 2),
    y: area.y + Math.floor((area.height - height) / 2),
    width,
    height,
  };
}

function columnsFor(scope: Scope, area: Place): number {
  // Better a sentence that is cut than a key that is not there.
  return bindingsOf(scope).length + 2 <= area.height ? 1 : 2;
}

export const HelpPane = pane<{ scope: Scope; title: string }>(
  'HelpPane',
  ({ scope, title }, { width, height }) => {
    const inner = innerSize(width, height);
    const bindings = bindingsOf(scope);
    const columns = bindings.length > inner.height ? 2 : 1;
    const each = Math.floor(inner.width / columns);
    const perColumn = Math.ceil(bindings.length / columns);
    const lines = Array.from(
      { length: Math.min(perColumn, inner.height) },
      (_, row): Line =>
        Array.from({ length: columns }, (__, column) => bindings[column * perColumn + row]).flatMap(
          (binding) =>
            binding === undefined
              ? []
              : fitLine([span(binding.label.padEnd(LABEL), BOLD), span(binding.help)], each - 1).concat(
                  span(' '),
                ),
        ),
    );
    return framed({ title: `Keys of ${title}`, aside: '? closes', width, height, color: 'cyan' }, lines);
  },
  2,
);
