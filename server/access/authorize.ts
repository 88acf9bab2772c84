/** The middleware before all routes: asks for a token where one is needed, and keeps the limits. */
import type { Context, MiddlewareHandler } from 'hono';
import type { Scope } from '../contract/index.ts';
import { ApiError } from '../errors.ts';
import { isForeign } from '../guard.ts';
import type { ServerEnv } from '../server-env.ts';
import { type Access, addressOf, bearer, type Credentials } from './access.ts';
import { limit } from './rate-limit.ts';
import { isStream, needOf } from './rules.ts';
import { hashOf, looksLikeIngestToken } from './token.ts';

/** Not `no-cors` safe: a form or an image of another site cannot make a request with this type. */
const JSON_TYPE = /^application\/json\s*(;|$)/i;

export function authorize(access: Access): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    const { method, path } = c.req;
    const need = needOf(method, path);
    if (need === 'open') return next();
    if (need === 'ingest') {
      await refuseOthersTokens(c, access);
      limitSender(c, access);
      return next();
    }
    const caller = access.required ? await admit(c, access, need) : null;
    if (caller !== null) limit(access.requests, caller.id);
    if (isStream(method, path)) takePlace(c, access, caller?.id ?? null);
    else if (caller !== null && need === 'read') await access.turns.take(caller.id, c.env.outgoing);
    c.set('caller', caller?.name ?? null);
    return next();
  };
}

/** A token counts for itself once it was real; until then it has to be looked up, and counts for its address. */
function limitSender(c: Context<ServerEnv>, access: Access): void {
  const secret = bearer(c);
  const hash = secret === null ? null : hashOf(secret);
  if (hash !== null && access.ingestTokens.isKnown(hash)) limit(access.ingest, hash.toString('base64'));
  else limit(access.strangers, addressOf(c));
}

/** @throws ApiError 401 without a valid token, 403 for one that may not. */
async function admit(c: Context<ServerEnv>, access: Access, scope: Scope) {
  const address = addressOf(c);
  const credentials = await access.credentials(c);
  const { identity } = credentials;
  if (identity === null) {
    if (credentials.by === 'token' && looksLikeIngestToken(credentials.secret))
      throw forbidden(scope, 'ingest');
    // Told before the failure is counted, so that a valid token is never shut out by the wrong ones of others.
    limit(access.failures, address);
    throw unauthorized(credentials);
  }
  if (credentials.by === 'cookie') refuseForgery(c);
  if (!identity.scopes.includes(scope)) throw forbidden(scope, identity.scopes.join(' and '));
  return identity;
}

/** A token of the API is no token of a run: said before the run's own check, which would speak of a lost lease. */
async function refuseOthersTokens(c: Context<ServerEnv>, access: Access): Promise<void> {
  const secret = bearer(c);
  if (secret === null || looksLikeIngestToken(secret)) return;
  const identity = access.tokens.any ? await access.tokens.find(secret) : null;
  if (identity) throw forbidden('ingest', identity.scopes.join(' and '));
}

/**
 * A browser adds the cookie to what any page makes it send. `SameSite=Strict` and the check of Origin in the
 * guard hold that off; here an unsafe request must say where it comes from, and be of a type that a form has not.
 */
function refuseForgery(c: Context): void {
  const { method } = c.req;
  const foreign = isForeign(c.req.header('sec-fetch-site'));
  const unsafe = method !== 'GET' && method !== 'HEAD';
  const unsaid = unsafe && c.req.header('origin') === undefined;
  if (foreign || unsaid) {
    throw new ApiError(
      403,
      'forbidden',
      'A request with the cookie of a session must come from a page of this server, and say so in its Origin header. Programs send Authorization: Bearer <token>.',
    );
  }
  if (unsafe && !JSON_TYPE.test(c.req.header('content-type') ?? '')) {
    throw new ApiError(
      415,
      'unsupported_media_type',
      'A request with the cookie of a session must have the content type application/json.',
    );
  }
}

function takePlace(c: Context<ServerEnv>, access: Access, tokenId: string | null): void {
  const { outgoing } = c.env;
  if (!outgoing) return;
  const taken = access.places.take(tokenId, outgoing);
  if (taken === 'token-full') {
    throw new ApiError(
      429,
      'too_many_requests',
      'This token has as many streams open as it may. Close some, use another token, or raise SIMCITY_STREAMS_PER_TOKEN.',
    ).with({ 'Retry-After': '5' });
  }
  if (taken === 'server-full') {
    throw new ApiError(
      503,
      'unavailable',
      'This server has as many streams open as it may. Use another server, or raise SIMCITY_STREAMS.',
    ).with({ 'Retry-After': '5' });
  }
}

const REALM = 'Bearer realm="simcity"';

function unauthorized(credentials: Credentials): ApiError {
  const message = {
    nothing:
      'This server needs a token: send Authorization: Bearer <token>. Its operator makes one with simcity token create.',
    token: 'The token is unknown, expired or revoked. Ask the operator for another.',
    cookie: 'The session is over. Sign in again.',
  }[credentials.by];
  const challenge = credentials.by === 'token' ? `${REALM}, error="invalid_token"` : REALM;
  return new ApiError(401, 'unauthorized', message).with({ 'WWW-Authenticate': challenge });
}

function forbidden(scope: Scope | 'ingest', has: string): ApiError {
  const needed =
    scope === 'ingest' ? "the token of the run's own harness" : `a token with the scope ${scope}`;
  return new ApiError(403, 'forbidden', `This needs ${needed}, and yours is for ${has}.`).with({
    'WWW-Authenticate': `${REALM}, error="insufficient_scope", scope="${scope}"`,
  });
}
