/**
 * Cookies of the citizens, a jar each. All requests go to one origin, so that of RFC 6265 only names, paths and
 * deletion are needed; a library would bring the list of all public suffixes with it.
 */
import type { HttpAnswer } from './api.ts';

interface Cookie {
  readonly value: string;
  readonly path: string;
}

export class CookieJars {
  readonly #jars = new Map<string, Map<string, Cookie>>();

  /** The header `cookie` for a request of this jar; null: it has none for the path. */
  of(jar: string, path: string): string | null {
    const [asked = '/'] = path.split('?');
    const cookies = [...(this.#jars.get(jar) ?? [])].filter(([, cookie]) => isWithin(asked, cookie.path));
    return cookies.length === 0 ? null : cookies.map(([name, { value }]) => `${name}=${value}`).join('; ');
  }

  /** Keeps what the answer sets. `jar` undefined: nothing is kept. */
  keep(jar: string | undefined, { headers }: Pick<HttpAnswer, 'headers'>): void {
    const given = headers['set-cookie'];
    if (jar === undefined || given === undefined) return;
    const cookies = this.#jars.get(jar) ?? new Map<string, Cookie>();
    this.#jars.set(jar, cookies);
    for (const line of [given].flat()) keepOne(cookies, line, dateOf(headers['date']));
  }
}

function keepOne(cookies: Map<string, Cookie>, line: string, nowMs: number): void {
  const [pair = '', ...attributes] = line.split(';');
  const at = pair.indexOf('=');
  if (at < 1) return;
  const name = pair.slice(0, at).trim();
  const told = new Map(attributes.map((attribute) => attributeOf(attribute)));
  const maxAge = told.get('max-age');
  const isOver = maxAge === undefined ? Date.parse(told.get('expires') ?? '') <= nowMs : Number(maxAge) <= 0;
  const path = told.get('path') ?? '';
  if (isOver) cookies.delete(name);
  else cookies.set(name, { value: pair.slice(at + 1).trim(), path: path.startsWith('/') ? path : '/' });
}

function attributeOf(text: string): [string, string] {
  const [name = '', ...value] = text.split('=');
  return [name.trim().toLowerCase(), value.join('=').trim()];
}

/** The service's own time, by which it says that a cookie is over; 0 when it does not tell. */
function dateOf(header: string | string[] | undefined): number {
  return Date.parse(String(header)) || 0;
}

function isWithin(path: string, base: string): boolean {
  return path === base || path.startsWith(base.endsWith('/') ? base : `${base}/`);
}
