/** What an event says, in a few words: for the event log, log lines and the `events` command. */
import { CLOCK_EVENT, clockMoveText } from '../../server/contract/clock-move.ts';
import type { RunEvent } from '../../server/contract/telemetry.ts';
import { statementDetail } from './describe-statement.ts';
import { gateInShort, tellsGate } from './gate.ts';
import { rulesInShort, tellsRules } from './rules.ts';
import { safeJson, safeText } from './sanitize.ts';

/** The kinds that are drawn and coloured differently. */
export type EventKind =
  | 'invoke'
  | 'ok'
  | 'refused'
  | 'unknown'
  | 'fault'
  | 'violation'
  | 'statement'
  | 'mark';

/** The kind of an event by its type. */
export function kindOf(event: RunEvent): EventKind {
  const { type } = event;
  if (type === 'violation') return 'violation';
  if (type === 'fault' || type === 'statement') return type;
  if (type.endsWith('.ok')) return 'ok';
  if (type.endsWith('.refused')) return 'refused';
  if (type.endsWith('.unknown')) return 'unknown';
  if (type.endsWith('.invoke')) return 'invoke';
  return 'mark';
}

function text(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : safeText(value);
  return typeof value === 'number' ? String(value) : null;
}

/** The slot or other object that the event is about, or null. */
export function objectOf(event: RunEvent): string | null {
  return text(event.data['slot']);
}

/** The rest of what the event says. Always safe to print. */
export function detailOf(event: RunEvent): string {
  const { data } = event;
  switch (event.type) {
    case 'fault':
    case 'heal':
      return faultDetail(event);
    case 'violation':
      return [text(data['invariant']), text(data['message'])].filter(Boolean).join(': ');
    case 'end':
      return [text(data['status']), text(data['reason'])].filter(Boolean).join('  ') || shortJson(data);
    case CLOCK_EVENT:
      return clockMoveText(data);
    case 'note':
      if (tellsGate(event)) return `gate: ${gateInShort(data)}`;
      if (tellsRules(event)) return `rules: ${rulesInShort(data)}`;
      return text(data['message']) ?? text(data['status']) ?? shortJson(data);
    case 'start':
      return text(data['message']) ?? text(data['status']) ?? shortJson(data);
    case 'statement':
      return statementDetail(data);
    case 'wire':
      return wireDetail(data);
    default:
      return operationDetail(event);
  }
}

/** `leave POST /slots/slot-1/bookings`, `answer 201`, `cut: ECONNRESET`. */
function wireDetail(data: Record<string, unknown>): string {
  const what = text(data['what']) ?? '';
  if (what === 'cut') return `cut: ${text(data['cause']) ?? ''}  ${text(data['request']) ?? ''}`;
  return [what, text(data['status']), text(data['request'])].filter(Boolean).join(' ');
}

function faultDetail(event: RunEvent): string {
  const name = text(event.data['name']) ?? (event.type === 'heal' ? 'no more faults from here on' : 'fault');
  const operation = text(event.data['op']);
  return operation === null ? name : `${name} on op ${operation}`;
}

function operationDetail(event: RunEvent): string {
  const { data } = event;
  const parts: string[] = [];
  const booking = text(data['booking']);
  if (booking !== null) parts.push(booking);
  const why = text(data['reason']) ?? text(data['cause']);
  if (why !== null) parts.push(why);
  const latency = data['latencyMs'];
  if (typeof latency === 'number') parts.push(`${Math.round(latency * 10) / 10} ms`);
  return parts.join('  ');
}

function shortJson(data: Record<string, unknown>): string {
  return Object.entries(data)
    .filter(([, value]) => typeof value !== 'object')
    .map(
      ([key, value]) => `${safeText(key)}=${typeof value === 'string' ? safeText(value) : safeJson(value)}`,
    )
    .join(' ');
}
