/** Under the charts: where their cursor is, what of the run they show, and buttons to zoom without a mouse. */
import { formatClock, formatNumber } from '../../run/format.ts';
import type { ChartCursor } from '../state/chart-cursor.ts';
import { CHART_KEYS, type ChartIntent } from '../state/chart-keys.ts';
import { labelOf } from '../state/keys.ts';
import { useStore } from '../state/store.ts';
import type { ShownPoints } from '../state/zoomed-points.ts';

interface ChartFootProps {
  shown: ShownPoints;
  isZoomed: boolean;
  newest: number;
  cursor: ChartCursor;
  onAct: (intent: ChartIntent) => void;
}

const BUTTONS: readonly [intent: ChartIntent, text: string, name: string][] = [
  ['zoom-back', '◀', 'Show the part before'],
  ['zoom-on', '▶', 'Show the part after'],
  ['zoom-in', '+', 'Zoom in'],
  ['zoom-out', '−', 'Zoom out'],
  ['zoom-whole', 'Whole run', 'Whole run'],
];

export function ChartFoot({ shown, isZoomed, newest, cursor, onAct }: ChartFootProps) {
  return (
    <div class="chart-foot-line">
      <Here cursor={cursor} />
      <span class="dim">{isZoomed ? partText(shown, newest) : 'Drag over a chart to zoom in.'}</span>
      <div class="chart-buttons">
        {BUTTONS.map(([intent, text, name]) => (
          <button
            key={intent}
            type="button"
            title={labelOf(CHART_KEYS, intent)}
            aria-label={name}
            disabled={!isZoomed && intent !== 'zoom-in'}
            onClick={() => onAct(intent)}
          >
            {text}
          </button>
        ))}
      </div>
    </div>
  );
}

/** The event at the cursor, and its virtual time. */
function Here({ cursor }: { cursor: ChartCursor }) {
  const here = useStore(cursor);
  return (
    <span class="chart-here">
      {here !== null && `Event ${formatNumber(here.index)} at ${formatClock(here.virtualMs, 3)} virtual`}
    </span>
  );
}

function partText({ range, every }: ShownPoints, newest: number): string {
  const part = `Events ${formatNumber(range.from)} to ${formatNumber(range.to)} of ${formatNumber(newest)}`;
  return every === null ? part : `${part}, a point every ${formatNumber(every)}`;
}
