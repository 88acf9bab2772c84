/** Asks a server whether it is the one that the note in a data directory names, before it is sent the token in it. */
import { CHALLENGE_HEADER, isProof, newChallenge, PROOF_HEADER } from '../../server/contract/host-proof.ts';
import { send } from '../client/http.ts';

const PROBE_MS = 2_000;

/** True when the server at `url` knows `token`, which it is not sent. */
export async function provesItself(url: string, token: string, signal?: AbortSignal): Promise<boolean> {
  const challenge = newChallenge();
  const timeout = AbortSignal.timeout(PROBE_MS);
  try {
    const at = new URL(`${url}/healthz`);
    const { body, headers } = await send(at, {
      headers: { [CHALLENGE_HEADER]: challenge },
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    body.resume();
    const proof = headers[PROOF_HEADER];
    return typeof proof === 'string' && isProof(proof, token, challenge, at.host);
  } catch {
    return false;
  }
}
