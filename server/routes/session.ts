/** Signing in from a browser: a token once, for a cookie that scripts cannot read. */
import { type Context, Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { addressOf } from '../access/access.ts';
import { limit } from '../access/rate-limit.ts';
import { SESSION_COOKIE, SESSION_SECONDS } from '../access/sessions.ts';
import { SCOPES, SESSION_PATH, type Session, signInSchema } from '../contract/index.ts';
import { ApiError } from '../errors.ts';
import { parseJson, readBodyText } from '../request.ts';
import type { ServerEnv } from '../server-env.ts';
import type { Services } from '../services.ts';
import { validate } from '../validate.ts';

/** A token and what is around it: anybody may send this. */
const SIGN_IN_LIMIT_BYTES = 4 * 1024;

export function sessionRoutes({ access }: Services): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>();

  routes.get(SESSION_PATH, async (c) => {
    c.header('Cache-Control', 'no-store');
    const { identity } = await access.credentials(c);
    const session: Session = {
      required: access.required,
      name: identity?.name ?? null,
      scopes: identity ? [...identity.scopes] : access.required ? [] : [...SCOPES],
    };
    return c.json(session);
  });

  routes.post(SESSION_PATH, async (c) => {
    const { token } = validate(
      signInSchema,
      parseJson(await readBodyText(c, SIGN_IN_LIMIT_BYTES)),
      'the body',
    );
    const identity = await access.tokens.find(token);
    if (identity === null) {
      limit(access.failures, addressOf(c));
      throw new ApiError(401, 'unauthorized', 'The token is unknown, expired or revoked.').with({
        'WWW-Authenticate': 'Bearer realm="simcity", error="invalid_token"',
      });
    }
    setCookie(c, SESSION_COOKIE, await access.sessions.begin(identity.id), {
      ...cookieOptions(c),
      maxAge: SESSION_SECONDS,
    });
    c.header('Cache-Control', 'no-store');
    return c.json({ required: access.required, name: identity.name, scopes: identity.scopes }, 201);
  });

  routes.delete(SESSION_PATH, async (c) => {
    const cookie = getCookie(c, SESSION_COOKIE);
    if (cookie) {
      access.limitStranger(c, cookie);
      await access.sessions.end(cookie);
    }
    deleteCookie(c, SESSION_COOKIE, cookieOptions(c));
    return c.body(null, 204);
  });

  return routes;
}

/** Behind a proxy that ends TLS, the browser's own Origin tells that its side is encrypted. */
function cookieOptions(c: Context) {
  const secure =
    /^https:/i.test(c.req.header('origin') ?? '') || c.req.header('x-forwarded-proto') === 'https';
  return { httpOnly: true, sameSite: 'Strict', path: '/', secure } as const;
}
