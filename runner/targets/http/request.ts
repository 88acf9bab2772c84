/** The requests of an adapter as they go to the wire, and the answers as an adapter sees them. */
import { METHODS, validateHeaderName, validateHeaderValue } from 'node:http';
import type { HttpAnswer, HttpRequest } from './api.ts';
import type { CookieJars } from './cookies.ts';
import type { Answer, WireRequest } from './wire.ts';

const BODIES = ['json', 'form', 'text', 'bytes'] as const;
/** What the connection is framed by is not for an adapter to say. */
const OURS = ['content-length', 'transfer-encoding', 'connection', 'host', 'expect', 'upgrade', 'cookie'];

/**
 * The request with its body, its content type and the cookies of its jar.
 * @throws Error when it is no request: then the adapter is wrong.
 */
export function wireRequestOf(request: HttpRequest, jars: CookieJars | null): WireRequest {
  const { method, path } = checked(request);
  const { body, type } = bodyOf(request);
  const cookies = request.jar === undefined || jars === null ? null : jars.of(request.jar, path);
  return {
    method,
    path,
    headers: {
      ...(type === null ? {} : { 'content-type': type }),
      ...headersOf(request),
      ...(cookies === null ? {} : { cookie: cookies }),
    },
    body,
  };
}

/** The answer with its body as JSON, when it is any. */
export function answerOf({ status, headers, body }: Answer): HttpAnswer {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    json = undefined;
  }
  return { status, headers, text: body, json };
}

function checked(request: HttpRequest): { method: string; path: string } {
  if (typeof request !== 'object' || request === null) {
    throw new Error(`A request is an object with method and path, not ${String(request)}.`);
  }
  const { path } = request;
  const method = typeof request.method === 'string' ? request.method.toUpperCase() : '';
  if (!METHODS.includes(method) || method === 'CONNECT') {
    throw new Error(`A request needs an HTTP method such as "POST", not ${JSON.stringify(request.method)}.`);
  }
  if (typeof path !== 'string' || !path.startsWith('/')) {
    throw new Error(
      `A request needs a path that begins with "/", behind the URL of --target, not ${JSON.stringify(path)}.`,
    );
  }
  if (!/^[\x21-\x7e]+$/.test(path)) {
    throw new Error(
      `The path ${JSON.stringify(path)} has characters that no URL has. Use encodeURIComponent().`,
    );
  }
  return { method, path };
}

function headersOf({ headers = {} }: HttpRequest): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const lower = name.toLowerCase();
      if (lower === 'cookie')
        throw new Error('A request names a `jar` for its cookies, instead of the header cookie.');
      if (OURS.includes(lower)) throw new Error(`The header ${lower} is SimCity's own: leave it out.`);
      validateHeaderName(name);
      validateHeaderValue(name, value);
      return [lower, String(value)];
    }),
  );
}

function bodyOf(request: HttpRequest): { body: WireRequest['body']; type: string | null } {
  const given = BODIES.filter((kind) => request[kind] !== undefined);
  if (given.length > 1) {
    throw new Error(`A request has one body; ${request.method} ${request.path} has ${given.join(' and ')}.`);
  }
  const { json, form, text, bytes, type } = request;
  if (json !== undefined) return { body: JSON.stringify(json), type: type ?? 'application/json' };
  if (form !== undefined) {
    const fields = Object.entries(form).map(([name, value]): [string, string] => [name, String(value)]);
    return {
      body: new URLSearchParams(fields).toString(),
      type: type ?? 'application/x-www-form-urlencoded',
    };
  }
  if (text !== undefined) return { body: String(text), type: type ?? 'text/plain; charset=utf-8' };
  if (bytes === undefined) return { body: null, type: null };
  if (!(bytes instanceof Uint8Array)) throw new Error('`bytes` of a request is a Uint8Array.');
  return { body: bytes, type: type ?? 'application/octet-stream' };
}
