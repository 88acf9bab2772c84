/** The API of the Docker Engine by plain HTTP over its socket: a client library takes 19 MB for these few calls. */
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import type { Duplex } from 'node:stream';

const API = '/v1.41';
const ANSWER_LIMIT_MS = 30_000;
const MAX_ANSWER_CHARACTERS = 1024 * 1024;

export class DockerEngine {
  readonly #where: Pick<RequestOptions, 'socketPath' | 'host' | 'port'>;

  /** @throws Error for what is neither a socket nor a plain TCP address. */
  constructor(host: string) {
    const url = URL.parse(host);
    if (url?.protocol === 'unix:') this.#where = { socketPath: url.pathname };
    else if (url?.protocol === 'tcp:' || url?.protocol === 'http:')
      this.#where = { host: url.hostname, port: url.port || 2375 };
    else throw new Error(`DOCKER_HOST is ${JSON.stringify(host)}, but must be unix:///… or tcp://HOST:PORT`);
  }

  /** The answer's JSON. `limitMs` 0: as long as it takes. @throws Error with what the engine said. */
  call(method: string, path: string, body?: unknown, limitMs = ANSWER_LIMIT_MS): Promise<unknown> {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { ...this.#where, agent: false, method, path: API + path, headers },
        (incoming) => {
          readAnswer(incoming)
            .then((answer) => resolve(answerOf(incoming, answer, path)), reject)
            .catch(reject);
        },
      );
      outgoing.on('error', (error) => reject(unreachable(error)));
      if (limitMs > 0)
        outgoing.setTimeout(limitMs, () => outgoing.destroy(new Error(`no answer in ${limitMs} ms`)));
      outgoing.end(text);
    });
  }

  attach(id: string): Promise<{ socket: Duplex; head: Buffer }> {
    const path = `${API}/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`;
    const headers = { connection: 'Upgrade', upgrade: 'tcp' };
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { ...this.#where, agent: false, method: 'POST', path, headers },
        (incoming) => {
          incoming.resume();
          reject(new Error(`the Docker Engine did not attach: ${incoming.statusCode}`));
        },
      );
      outgoing.on('upgrade', (_, socket, head) => resolve({ socket, head }));
      outgoing.on('error', (error) => reject(unreachable(error)));
      outgoing.end();
    });
  }
}

async function readAnswer(incoming: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) {
    if (text.length < MAX_ANSWER_CHARACTERS) text += chunk;
  }
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function answerOf({ statusCode = 0 }: IncomingMessage, answer: unknown, path: string): unknown {
  if (statusCode < 300) return answer;
  const { message = '' } = (answer ?? {}) as { message?: string };
  throw new Error(`the Docker Engine refused ${path.split('?')[0]}: ${statusCode} ${message}`.trim());
}

function unreachable(error: NodeJS.ErrnoException): Error {
  return new Error(`the Docker Engine cannot be reached: ${error.code ?? error.message}`, { cause: error });
}
