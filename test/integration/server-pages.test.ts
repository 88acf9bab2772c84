/** The pages for browsers as they are served: policies, caching, compression, size. */
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ASSETS_PATH,
  CAMPAIGNS_PATH,
  MISSION_CONTROL_PATH,
  RUNNERS_PATH,
} from '../../server/contract/index.ts';
import type { RunningServer } from '../../server/server.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { startTestServer } from '../helpers/server.ts';

/** Of all scripts that the first view needs, compressed by gzip, which every browser takes. */
const SCRIPT_LIMIT_BYTES = 95_000;

let database: TestPostgres;
let server: RunningServer;
beforeAll(async () => {
  database = await startTestPostgres();
  server = await startTestServer(await database.createDatabase());
});
afterAll(async () => {
  await server.stop();
  await database.close();
});

/** As it comes over the wire: fetch would take the compression off. */
async function get(path: string, headers: Record<string, string> = {}) {
  const { request } = await import('node:http');
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>(
    (resolve, reject) => {
      const sent = request(`${server.url}${path}`, { headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      });
      sent.on('error', reject).end();
    },
  );
}

async function assetsOfPage(): Promise<string[]> {
  const page = (await get(MISSION_CONTROL_PATH)).body.toString();
  return [...page.matchAll(/(?:src|href)="([^"#]+)"/g)].flatMap(([, path]) => (path ? [path] : []));
}

/** The scripts that the page names, with all that they import before they run. */
async function loadedAtOnce(): Promise<Set<string>> {
  const scripts = (await assetsOfPage()).filter((path) => path.endsWith('.js'));
  const found = new Set(scripts);
  for (const path of found) {
    const text = (await get(path)).body.toString();
    for (const [, name] of text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) {
      found.add(`${ASSETS_PATH}/${name}`);
    }
  }
  return found;
}

describe('the page of mission control', () => {
  it('comes with a policy that allows nothing but its own files, and is asked for anew each time', async () => {
    const { status, headers, body } = await get(MISSION_CONTROL_PATH);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['cache-control']).toBe('no-cache');
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
      ]),
    );
    expect(String(headers['content-security-policy'])).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
    // Something to see before the script has come.
    expect(body.toString()).toContain('<h1>Mission control</h1>');
    expect(body.toString()).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/);
  });

  it('is the same at the addresses of a run, a comparison, campaigns and runners, and the root leads to it', async () => {
    const page = await get(MISSION_CONTROL_PATH);
    const below = ['/runs/latest', '/compare?left=1&right=2'].map((path) => `${MISSION_CONTROL_PATH}${path}`);
    for (const path of [...below, CAMPAIGNS_PATH, `${CAMPAIGNS_PATH}/nightly`, RUNNERS_PATH]) {
      expect((await get(path)).body).toEqual(page.body);
    }
    for (const path of ['/', '/admin/simcity', '/admin/simcity/', `${MISSION_CONTROL_PATH}/`]) {
      expect(await get(path)).toMatchObject({ status: 302, headers: { location: MISSION_CONTROL_PATH } });
    }
  });

  it('is answered with 304 to a browser that has it', async () => {
    const { headers } = await get(MISSION_CONTROL_PATH);
    const again = await get(MISSION_CONTROL_PATH, { 'if-none-match': String(headers['etag']) });
    expect(again).toMatchObject({ status: 304 });
    expect(again.body).toHaveLength(0);
    const other = await get(MISSION_CONTROL_PATH, { 'if-none-match': '"other"' });
    expect(other.status).toBe(200);
  });
});

describe('its files', () => {
  it('are served compressed as the browser takes it, for ever under their names', async () => {
    const paths = await assetsOfPage();
    expect(paths.length).toBeGreaterThanOrEqual(4);
    for (const path of paths) {
      const plain = await get(path, { 'accept-encoding': 'br;q=0' });
      const br = await get(path, { 'accept-encoding': 'gzip, br' });
      const gzip = await get(path, { 'accept-encoding': 'gzip' });
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(br.headers).toMatchObject({ 'content-encoding': 'br', vary: 'Accept-Encoding' });
      expect(gzip.headers).toMatchObject({ 'content-encoding': 'gzip' });
      expect(brotliDecompressSync(br.body)).toEqual(plain.body);
      expect(gunzipSync(gzip.body)).toEqual(plain.body);
      expect(br.headers['cache-control']).toContain('immutable');
      expect(br.headers['etag']).not.toBe(gzip.headers['etag']);
    }
  });

  it(`hold less than ${SCRIPT_LIMIT_BYTES} bytes of script, compressed, and nothing that makes code of text`, async () => {
    const scripts = (await assetsOfPage()).filter((path) => path.endsWith('.js'));
    let bytes = 0;
    for (const path of scripts) {
      bytes += (await get(path, { 'accept-encoding': 'gzip' })).body.length;
      const text = (await get(path)).body.toString();
      expect(text).not.toMatch(/new Function\(|\beval\(|document\.write/);
    }
    expect(new Set(scripts)).toEqual(await loadedAtOnce());
    expect(bytes).toBeLessThan(SCRIPT_LIMIT_BYTES);
  });

  it('that are not there are answered with 404, also when the name leads out of the folder', async () => {
    for (const name of [
      'old-1234.js',
      'index.html',
      'not-found.html',
      '..%2f..%2fpackage.json',
      '%2e%2e%2fpackage.json',
    ]) {
      expect((await get(`${ASSETS_PATH}/${name}`)).status).toBe(404);
    }
  });
});

describe('an address of nothing', () => {
  const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
  const PATHS = ['/nothing', '/admin/simcity/mission-controll', `${MISSION_CONTROL_PATH}/runs/1/more`];

  it.each(PATHS)('%s is a page for browsers, under the same policy, with a way home', async (path) => {
    const { status, headers, body } = await get(path, { accept: HTML });
    expect(status).toBe(404);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    expect(body.toString()).toContain('There is nothing at this address');
    expect(body.toString()).toContain('<a href="/">');
    expect(body.toString()).not.toContain('{{');
  });

  it.each(PATHS)('%s is JSON for programs', async (path) => {
    for (const headers of [{}, { accept: 'application/json' }, { accept: '*/*' }]) {
      const answer = await get(path, headers as Record<string, string>);
      expect(answer).toMatchObject({
        status: 404,
        headers: { 'content-type': expect.stringContaining('json') },
      });
      expect(JSON.parse(answer.body.toString())).toMatchObject({ error: { code: 'not_found' } });
    }
  });
});
