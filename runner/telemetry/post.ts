/** Posts one batch of telemetry over a kept-alive connection, and says what the answer means. */
import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import {
  apiErrorSchema,
  retryAfterMs,
  type TelemetryAnswer,
  telemetryAnswerSchema,
} from '../../server/contract/index.ts';

/** What became of one request. Everything that may pass by itself is `retry`; `afterMs` is what the server asks for. */
export type PostOutcome =
  | { kind: 'accepted'; answer: TelemetryAnswer }
  | { kind: 'retry'; why: string; afterMs: number | null }
  | { kind: 'lease-lost'; message: string }
  | { kind: 'refused'; status: number; code: string; message: string; expected: number | null };

export interface Poster {
  post(body: string, signal: AbortSignal): Promise<PostOutcome>;
  /** Closes the idle connection. */
  close(): void;
}

interface Reply {
  status: number;
  retryAfter: string | undefined;
  text: string;
}

const LEASE_CODES = new Set(['lease_lost', 'run_ended', 'unauthorized', 'forbidden']);
// An answer is a few dozen bytes; whatever is longer than this comes from something that is no SimCity.
const MAX_ANSWER_CHARACTERS = 64 * 1024;

/** Creates the poster for `url`, with `token` as Bearer token; an unanswered request ends after `timeoutMs`. */
export function createPoster(url: string, token: string, timeoutMs: number): Poster {
  const target = new URL(url);
  const secure = target.protocol === 'https:';
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, maxSockets: 1 })
    : new HttpAgent({ keepAlive: true, maxSockets: 1 });
  const send = secure ? httpsRequest : httpRequest;
  const options: RequestOptions = { method: 'POST', agent };
  return {
    async post(body, signal) {
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      };
      try {
        return interpret(await exchange({ ...options, headers, signal, timeout: timeoutMs }, body));
      } catch (error) {
        return { kind: 'retry', why: reasonOf(error), afterMs: null };
      }
    },
    close: () => agent.destroy(),
  };

  function exchange(requestOptions: RequestOptions, body: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const outgoing = send(target, requestOptions, (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          if (text.length < MAX_ANSWER_CHARACTERS) text += chunk;
        });
        incoming.on('error', reject);
        incoming.on('close', () => {
          if (!incoming.complete) reject(new Error('the answer was cut off'));
          else
            resolve({ status: incoming.statusCode ?? 0, retryAfter: incoming.headers['retry-after'], text });
        });
      });
      outgoing.on('error', reject);
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer in ${timeoutMs} ms`)));
      outgoing.end(body);
    });
  }
}

function interpret(reply: Reply): PostOutcome {
  if (reply.status >= 200 && reply.status < 300) {
    const answer = telemetryAnswerSchema.safeParse(parseJson(reply.text));
    if (answer.success) return { kind: 'accepted', answer: answer.data };
    return {
      kind: 'retry',
      why: `an answer that is no SimCity server's: ${quote(reply.text)}`,
      afterMs: null,
    };
  }
  const parsed = apiErrorSchema.safeParse(parseJson(reply.text));
  const error = parsed.success ? parsed.data.error : null;
  const why = error
    ? `${reply.status} ${error.code}: ${error.message}`
    : `${reply.status} ${quote(reply.text)}`;
  if (reply.status >= 500 || reply.status === 408 || reply.status === 425 || reply.status === 429) {
    return { kind: 'retry', why, afterMs: retryAfterMs(reply.retryAfter) };
  }
  if (error && LEASE_CODES.has(error.code)) return { kind: 'lease-lost', message: error.message };
  return {
    kind: 'refused',
    status: reply.status,
    code: error?.code ?? `http_${reply.status}`,
    message: error?.message ?? quote(reply.text),
    expected: error?.expected ?? null,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

/** An aggregate (both address families refused) has no message of its own, only a code. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String((error as NodeJS.ErrnoException).code ?? error.name);
}
