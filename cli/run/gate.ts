/** How a run is behind its gate, as its history tells it, in words that are safe to print. */
import type { JsonObject, RunEvent } from '../../server/contract/index.ts';
import { formatBytes, formatNumber } from './format.ts';
import { safeText } from './sanitize.ts';

/** True for the event that tells how the run is behind its gate. */
export function tellsGate({ type, data }: Pick<RunEvent, 'type' | 'data'>): boolean {
  return type === 'note' && data['what'] === 'gate';
}

/** On one line. What is not told, or odd, is left out. */
export function gateInShort(data: JsonObject): string {
  const { service, settle, pool, template, background, weaker } = data;
  return [
    ...(typeof service === 'string' ? [`service=${safeText(service)}`] : []),
    ...(typeof settle === 'string' ? [`settle=${safeText(settle)}`] : []),
    ...(typeof pool === 'number' ? [`pool=${formatNumber(pool)}`] : []),
    ...templateText(template),
    ...backgroundText(background),
    ...(typeof weaker === 'string' ? [`weaker guarantee: ${safeText(weaker)}`] : []),
  ].join('; ');
}

function templateText(template: unknown): string[] {
  if (typeof template !== 'object' || template === null) return [];
  const { bytes, how } = template as Record<string, unknown>;
  const size = typeof bytes === 'number' ? formatBytes(bytes) : '';
  const way = typeof how === 'string' ? safeText(how) : '';
  return [`template ${[size, way].filter((part) => part !== '').join(', ')}`.trimEnd()];
}

function backgroundText(background: unknown): string[] {
  const count = Array.isArray(background) ? background.length : background;
  if (typeof count !== 'number' || count === 0) return [];
  return [`${formatNumber(count)} background ${count === 1 ? 'statement' : 'statements'}`];
}
