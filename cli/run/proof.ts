/** How often a seed was executed again, and whether that was the same, in lines that are safe to print. */
import type { Proof } from '../../server/contract/gate.ts';
import type { JsonObject } from '../../server/contract/run.ts';
import type { RunEvent } from '../../server/contract/telemetry.ts';
import type { Verified } from '../../server/contract/verified.ts';
import { detailOf, objectOf } from './describe-event.ts';
import { formatNumber } from './format.ts';
import { safeText } from './sanitize.ts';

/** Of a statement and its values shown. */
const LONGEST = 200;

/**
 * `replayed 5 of 5 times, identical (trace 3f2a…)`, or where the first that is not parts, and what to do; empty when
 * `told`, the data of an end or a bundle, says nothing of it.
 */
export function proofLines(told: JsonObject | null | undefined): string[] {
  const proof = told?.['proof'];
  if (!isProof(proof) || proof.executions === 0) return [];
  const { executions, identical, trace, parting, renamed } = proof;
  const times = `${formatNumber(identical)} of ${formatNumber(executions)} times`;
  const by = `trace ${safeText(trace)}…${renamedText(renamed)}`;
  if (parting === null) return [`replayed ${times}, identical (${by})`];
  return [
    `replayed ${times} identical (${by}); line ${formatNumber(parting.line)} is the first that differs: ${safeText(parting.class)}`,
    `  - ${short(parting.first)}`,
    `  + ${short(parting.other)}`,
    `  ${safeText(parting.advice)}`,
  ];
}

/** The same of the execution that somebody asked for: of its whole history. */
export function verifiedLines({
  identical,
  common,
  endedBy,
  parting,
  renamed,
  difference,
}: Verified): string[] {
  if (identical || parting === null) {
    const until = endedBy === null ? '' : ` up to where ${safeText(endedBy)}`;
    return [`executed again, identical: ${formatNumber(common)} events${until}${renamedText(renamed)}`];
  }
  const { index, left, right } = parting;
  const kind = difference === null ? '' : `: ${safeText(difference.class)}`;
  return [
    `executed again, not identical; event ${formatNumber(index)} is the first that differs${kind}`,
    `  - ${eventText(left)}`,
    `  + ${eventText(right)}`,
    ...(difference === null ? [] : [`  ${safeText(difference.advice)}`]),
  ];
}

function eventText(event: RunEvent | null): string {
  if (event === null) return 'has ended';
  const parts = [event.type, event.actor, objectOf(event) ?? '', detailOf(event)];
  return short(parts.filter(Boolean).join(' '));
}

/** What is stored is foreign. A page reads this as well, so that no schema is loaded for it. */
function isProof(value: unknown): value is Proof {
  const has = (of: unknown, type: string, ...names: string[]) =>
    names.every((name) => typeof (of as Record<string, unknown>)[name] === type);
  if (typeof value !== 'object' || value === null) return false;
  const { renamed, parting } = value as Record<string, unknown>;
  if (!has(value, 'number', 'executions', 'identical') || !has(value, 'string', 'trace')) return false;
  if (typeof renamed !== 'object' || renamed === null || !has(renamed, 'number', 'uuids', 'timestamps'))
    return false;
  if (parting === null) return true;
  if (typeof parting !== 'object') return false;
  return has(parting, 'number', 'line') && has(parting, 'string', 'first', 'other', 'class', 'advice');
}

/** `, 2 UUIDs and 1 timestamp renamed one to one`; empty where none was. */
export function renamedText(renamed: Proof['renamed'] | null): string {
  const { uuids, timestamps } = renamed ?? { uuids: 0, timestamps: 0 };
  const parts = [
    ...(uuids === 0 ? [] : [`${formatNumber(uuids)} ${uuids === 1 ? 'UUID' : 'UUIDs'}`]),
    ...(timestamps === 0
      ? []
      : [`${formatNumber(timestamps)} ${timestamps === 1 ? 'timestamp' : 'timestamps'}`]),
  ];
  return parts.length === 0 ? '' : `, ${parts.join(' and ')} renamed one to one`;
}

function short(text: string): string {
  const safe = safeText(text);
  return safe.length <= LONGEST ? safe : `${safe.slice(0, LONGEST)}…`;
}
