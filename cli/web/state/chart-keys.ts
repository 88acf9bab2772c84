/** What a key means where charts are. */
import type { Binding } from './keys.ts';

export type ChartIntent = 'zoom-in' | 'zoom-out' | 'zoom-whole' | 'zoom-back' | 'zoom-on';

export const CHART_KEYS: readonly Binding<ChartIntent>[] = [
  { intent: 'zoom-in', keys: ['z'], label: 'z', help: 'Zoom in around the cursor' },
  { intent: 'zoom-out', keys: ['Z'], label: 'Z', help: 'Zoom out' },
  { intent: 'zoom-whole', keys: ['0'], label: '0', help: 'The whole run, as after a double click' },
  { intent: 'zoom-back', keys: ['<'], label: '<', help: 'The part before' },
  { intent: 'zoom-on', keys: ['>'], label: '>', help: 'The part after' },
];
