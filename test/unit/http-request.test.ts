/** The requests of adapters, and their cookies, as they go to the wire. */
import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../runner/targets/http/api.ts';
import { CookieJars } from '../../runner/targets/http/cookies.ts';
import { wireRequestOf } from '../../runner/targets/http/request.ts';

const post = (more: Partial<HttpRequest>) => wireRequestOf({ method: 'POST', path: '/x', ...more }, null);

describe('a request of an adapter', () => {
  it.each([
    [{}, null, undefined],
    [{ json: { a: [1] } }, '{"a":[1]}', 'application/json'],
    [{ form: { a: 'x y', b: 2 } }, 'a=x+y&b=2', 'application/x-www-form-urlencoded'],
    [{ text: 'é' }, 'é', 'text/plain; charset=utf-8'],
    [{ text: '<a/>', type: 'text/xml' }, '<a/>', 'text/xml'],
    [{ bytes: Uint8Array.of(0, 255) }, Uint8Array.of(0, 255), 'application/octet-stream'],
    [
      { json: 1, headers: { 'Content-Type': 'application/merge-patch+json' } },
      '1',
      'application/merge-patch+json',
    ],
  ])('of %j has its body and type', (more, body, type) => {
    const request = post(more);
    expect(request.body).toEqual(body);
    expect(request.headers['content-type']).toBe(type);
  });

  it.each([
    [{ json: 1, text: '' }, 'one body; POST /x has json and text'],
    [{ method: 'BOOK' }, 'an HTTP method'],
    [{ path: 'x' }, 'begins with "/"'],
    [{ path: '/a b' }, 'encodeURIComponent'],
    [{ path: '/x\r\nHost: y' }, 'encodeURIComponent'],
    [{ headers: { 'Content-Length': '3' } }, "content-length is SimCity's own"],
    [{ headers: { Cookie: 'a=b' } }, '`jar`'],
    [{ headers: { a: 'b\r\nc: d' } }, 'Invalid character'],
    [{ bytes: 'text' as unknown as Uint8Array }, 'Uint8Array'],
  ])('of %j is refused', (more, why) => {
    expect(() => post(more)).toThrow(why);
  });
});

describe('cookies', () => {
  const answered = (...cookies: string[]) => ({
    headers: { 'set-cookie': cookies, date: 'Sat, 28 Nov 2026 22:00:00 GMT' },
  });

  it('are kept for each citizen, and sent where their path says', () => {
    const jars = new CookieJars();
    jars.keep('citizen-001', answered('session=1; HttpOnly; Path=/', 'deep=2; path=/v2'));
    jars.keep('citizen-002', answered('session=3'));
    jars.keep(undefined, answered('nobody=4'));
    const cookie = (jar: string, path: string) =>
      wireRequestOf({ method: 'GET', path, jar }, jars).headers['cookie'];
    expect(cookie('citizen-001', '/v2/slots?x=/v1')).toBe('session=1; deep=2');
    expect(cookie('citizen-001', '/v21')).toBe('session=1');
    expect(cookie('citizen-002', '/v2')).toBe('session=3');
    expect(cookie('citizen-003', '/')).toBeUndefined();
    expect(wireRequestOf({ method: 'GET', path: '/' }, jars).headers).toEqual({});
  });

  it.each([
    ['session=; Max-Age=0', null],
    ['session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT', null],
    ['session=; Expires=Sat, 28 Nov 2026 22:00:00 GMT', null],
    ['session=2; Expires=Sat, 28 Nov 2026 23:00:00 GMT', 'session=2'],
    ['session=2; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'session=2'],
    ['a=b=c', 'session=1; a=b=c'],
    ['nonsense', 'session=1'],
  ])('after %j', (line, left) => {
    const jars = new CookieJars();
    jars.keep('x', answered('session=1'));
    jars.keep('x', answered(line));
    expect(jars.of('x', '/')).toBe(left);
  });
});
