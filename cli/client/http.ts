/** One HTTP exchange by Node's own client, which is there at once: the global fetch takes 30 ms to load. */
import type { IncomingMessage } from 'node:http';

export interface HttpRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  headers?: Readonly<Record<string, string>>;
  body?: string;
  signal?: AbortSignal;
}

/** An answer whose body has not been read yet. */
export interface HttpAnswer {
  status: number;
  headers: IncomingMessage['headers'];
  body: IncomingMessage;
}

const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Sends a request and follows redirects. @throws what went wrong with the connection, or the signal's reason. */
export async function send(url: URL, request: HttpRequest = {}): Promise<HttpAnswer> {
  let to = url;
  let what = request;
  for (let redirects = 0; ; redirects++) {
    const answer = await sendOnce(to, what);
    const { location } = answer.headers;
    if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
    answer.body.resume();
    if (redirects === MOST_REDIRECTS) throw new Error(`it redirects more than ${MOST_REDIRECTS} times`);
    const next = new URL(location, to);
    what = redirected(what, answer.status, next.origin === to.origin);
    to = next;
  }
}

/** As browsers do it: another origin gets no token, and only 307 and 308 repeat a body. */
function redirected(request: HttpRequest, status: number, isSameOrigin: boolean): HttpRequest {
  const headers = { ...request.headers };
  if (!isSameOrigin) delete headers['authorization'];
  if (status === 307 || status === 308) return { ...request, headers };
  delete headers['content-type'];
  return { headers, ...(request.signal === undefined ? {} : { signal: request.signal }) };
}

function sendOnce(url: URL, request: HttpRequest): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body, signal } = request;
  signal?.throwIfAborted();
  // An import of these modules would read all that they export, and with it load what fetch is made of.
  const { request: start } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
  return new Promise((resolve, reject) => {
    const sent = start(url, { method, headers, ...(signal === undefined ? {} : { signal }) });
    sent.once('error', (error: NodeJS.ErrnoException) => {
      // The server may close an idle connection in the very moment in which it is used again.
      const isStale = sent.reusedSocket && error.code === 'ECONNRESET' && !signal?.aborted;
      if (isStale && method !== 'POST') resolve(sendOnce(url, request));
      else reject(signal?.aborted ? signal.reason : error);
    });
    sent.once('response', (response) =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response }),
    );
    sent.end(body);
  });
}

/** The whole body as text. @throws what cut it short, or the reason of `signal`, which the request got as well. */
export async function textOf({ body }: HttpAnswer, signal?: AbortSignal): Promise<string> {
  body.setEncoding('utf8');
  let text = '';
  try {
    for await (const chunk of body) text += chunk;
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  }
  return text;
}
