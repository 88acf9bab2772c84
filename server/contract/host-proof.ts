/**
 * How a server proves that it is the one that a data directory names, before it is sent a token: whoever asks sends a
 * challenge, and only who knows the secret of the host can answer it. Only for processes, not for pages.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export const CHALLENGE_HEADER = 'simcity-challenge';
export const PROOF_HEADER = 'simcity-proof';

/** What no earlier answer fits. */
export function newChallenge(): string {
  return randomBytes(16).toString('base64url');
}

/**
 * The answer to `challenge` of a server whose host has the secret `token`. `host`: by which name and port it was
 * asked, so that a stranger cannot send who asks there.
 */
export function proofOf(token: string, challenge: string, host: string): string {
  // The prefix keeps this apart from all else that the token might be used to sign.
  return createHmac('sha256', token).update(`simcity-host:${host}:${challenge}`).digest('base64url');
}

/** True when `proof` is the answer to `challenge` of who knows `token`. */
export function isProof(proof: string, token: string, challenge: string, host: string): boolean {
  const [given, right] = [Buffer.from(proof), Buffer.from(proofOf(token, challenge, host))];
  return given.length === right.length && timingSafeEqual(given, right);
}
