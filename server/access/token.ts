/** The form of tokens: a prefix that scanners of secrets know, a public part that names it, and the secret. */
import { createHash, randomBytes } from 'node:crypto';

const PREFIX = 'sct_';
/** Of the tokens that a runner makes for its harness at a claim; the runner writes it too. */
const INGEST_PREFIX = 'sci_';
const SECRET_BYTES = 32;
const ID_BYTES = 6;

/** SHA-256, which is enough for secrets of full entropy: there is nothing to guess. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

export interface NewToken {
  /** Public: names it in lists and logs. */
  id: string;
  /** All of it; shown once. */
  token: string;
  hash: Buffer;
}

export function newToken(): NewToken {
  const id = randomBytes(ID_BYTES).toString('hex');
  const token = `${PREFIX}${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { id, token, hash: hashOf(token) };
}

/** A secret for a cookie. */
export function newSessionSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

export function looksLikeIngestToken(token: string): boolean {
  return token.startsWith(INGEST_PREFIX);
}
