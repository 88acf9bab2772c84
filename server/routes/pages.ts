/** The pages for browsers: mission control and its files. They hold no data; all of that comes by the API. */
import { type Context, Hono } from 'hono';
import {
  ADMIN_BASE,
  ASSETS_PATH,
  CAMPAIGNS_PATH,
  MISSION_CONTROL_PATH,
  RUNNERS_PATH,
} from '../contract/index.ts';
import { ApiError } from '../errors.ts';
import { type Asset, readAssets } from '../pages/assets.ts';
import type { ServerEnv } from '../server-env.ts';

/** Nothing from elsewhere, nothing inline, nothing that becomes code, and in nobody's frame. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

const SECURITY_HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
};

/** A file's name holds a hash of what is in it, so it never changes. */
const FOREVER = 'public, max-age=31536000, immutable';

export interface Pages {
  routes: Hono<ServerEnv>;
  /** What a browser is shown where nothing is; null for who asks for something else than a page. */
  missing(c: Context): Response | null;
}

export function createPages(): Pages {
  const routes = new Hono<ServerEnv>();
  let assets: ReadonlyMap<string, Asset> | null = null;
  const assetsOrNull = () => {
    assets ??= readAssets();
    return assets;
  };
  const find = (name: string) => {
    const built = assetsOrNull();
    if (built === null) {
      throw new ApiError(503, 'unavailable', 'The pages are not built: run npm run build, and try again.');
    }
    return built.get(name);
  };
  const page = (c: Context) => serve(c, find('index.html') as Asset, 'no-cache');

  for (const path of ['/', ADMIN_BASE, `${ADMIN_BASE}/`]) {
    routes.get(path, (c) => c.redirect(MISSION_CONTROL_PATH, 302));
  }
  routes.get(MISSION_CONTROL_PATH, page);
  routes.get(`${MISSION_CONTROL_PATH}/`, (c) => c.redirect(MISSION_CONTROL_PATH, 302));
  routes.get(`${MISSION_CONTROL_PATH}/runs/:runId`, page);
  routes.get(CAMPAIGNS_PATH, page);
  routes.get(`${CAMPAIGNS_PATH}/:name`, page);
  routes.get(RUNNERS_PATH, page);
  routes.get(`${MISSION_CONTROL_PATH}/compare`, page);
  routes.get(`${ASSETS_PATH}/:name`, (c) => {
    const name = c.req.param('name');
    const asset = name.endsWith('.html') ? undefined : find(name);
    if (!asset) {
      throw new ApiError(404, 'not_found', `There is no file ${JSON.stringify(name)}. Load the page again.`);
    }
    return serve(c, asset, FOREVER);
  });
  const missing = (c: Context) => {
    const isAsked = ['GET', 'HEAD'].includes(c.req.method) && c.req.header('accept')?.includes('text/html');
    const asset = isAsked ? assetsOrNull()?.get('not-found.html') : undefined;
    return asset === undefined ? null : serve(c, asset, 'no-store', 404);
  };
  return { routes, missing };
}

function serve(c: Context, { type, etag, forms }: Asset, caching: string, status: 200 | 404 = 200): Response {
  const coding = codingFor(c.req.header('accept-encoding') ?? '');
  const tag = `"${etag}${coding === '' ? '' : `-${coding}`}"`;
  const headers = { ...SECURITY_HEADERS, ETag: tag, 'Cache-Control': caching, Vary: 'Accept-Encoding' };
  if (status === 200 && namesTag(c.req.header('if-none-match'), tag)) return c.body(null, 304, headers);
  return c.body(new Uint8Array(forms[coding]), status, {
    ...headers,
    'Content-Type': type,
    ...(coding === '' ? {} : { 'Content-Encoding': coding }),
  });
}

/** The smallest form that the browser takes. */
function codingFor(accepted: string): keyof Asset['forms'] {
  const takes = (coding: string) =>
    accepted.split(',').some((each) => {
      const [name, ...parameters] = each.split(';').map((part) => part.trim().toLowerCase());
      return name === coding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    });
  return takes('br') ? 'br' : takes('gzip') ? 'gzip' : '';
}

function namesTag(header: string | undefined, tag: string): boolean {
  return (header ?? '').split(',').some((each) => each.trim().replace(/^W\//, '') === tag);
}
