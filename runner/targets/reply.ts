/** Holds what a service answers to the contract of replies, so that a wrong one is named where it was given. */
import { AdapterError } from '../modules/adapter-error.ts';
import type { Call, Reply } from '../service/call.ts';
import { inShort } from '../service/in-short.ts';

/** @throws AdapterError that quotes the answer and says what would be right. */
export function checkedReply(call: Call, reply: unknown): Reply {
  if (isReply(reply)) return reply;
  throw brokenContract(
    `The service answered ${inShort(call)} with ${inShort(reply)}, which is no reply. Answer ` +
      "{ outcome: 'ok', value: {…} }, { outcome: 'refused', reason: '…' } or { outcome: 'failed', error: '…' }.",
  );
}

/** A service that does not do as services have to: an error of its file's, not a wrong answer. */
export function brokenContract(message: string): AdapterError {
  return new AdapterError(message, { phase: 'mapping', role: 'target' });
}

function isReply(reply: unknown): reply is Reply {
  if (typeof reply !== 'object' || reply === null) return false;
  const { outcome, value, reason, error } = reply as Record<string, unknown>;
  if (outcome === 'ok') return typeof value === 'object' && value !== null;
  return outcome === 'refused'
    ? typeof reason === 'string'
    : outcome === 'failed' && typeof error === 'string';
}
