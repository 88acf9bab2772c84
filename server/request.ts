/** Reads requests: bodies of JSON within a limit, and run ids as people give them. */
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { BodyBudget } from './body-budget.ts';
import { ApiError, invalidRequest } from './errors.ts';

const BODY_LIMIT_BYTES = 4 * 1024 * 1024;

/** Of the whole process: a body that is held back keeps what it has sent so far in memory. */
const budget = new BodyBudget();

/**
 * The text of a JSON body; '' when there is none.
 * @throws ApiError for another content type, a body over the limit, or bytes that are no UTF-8.
 */
export async function readBodyText(c: Context, limitBytes = BODY_LIMIT_BYTES): Promise<string> {
  return decodeUtf8(await readBody(c, limitBytes));
}

/**
 * The bytes of a JSON body; none when there is no body.
 * @throws ApiError for another content type, a body over the limit, or more bodies at once than the server holds.
 */
export async function readBody(c: Context, limitBytes = BODY_LIMIT_BYTES): Promise<Buffer> {
  const declared = Number(c.req.header('content-length') ?? 0);
  if (declared > limitBytes) throw tooLarge(limitBytes);
  const chunks: Buffer[] = [];
  const held = budget.begin();
  // As node reads it: the stream of the web that Hono makes of it costs as much as all the rest of a request.
  const { incoming } = c.env as HttpBindings;
  try {
    // Not destroyed when reading stops halfway: the answer that says why goes over the same connection.
    for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      held.add(chunk.byteLength);
      if (held.bytes > limitBytes) throw tooLarge(limitBytes);
      chunks.push(chunk);
    }
  } finally {
    held.release();
  }
  if (held.bytes === 0) return Buffer.alloc(0);
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new ApiError(
      415,
      'unsupported_media_type',
      `The content type is ${type === '' ? 'missing' : JSON.stringify(type)}, but must be application/json.`,
    );
  }
  const [only] = chunks;
  return chunks.length === 1 && only ? only : Buffer.concat(chunks, held.bytes);
}

/** @throws ApiError `unstorable_text` */
export function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ApiError(422, 'unstorable_text', 'The body is not valid UTF-8. Send JSON in UTF-8.');
  }
}

/** @throws ApiError `invalid_request` with the place at which the text is no JSON. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') throw invalidRequest('The body is empty, but must be a JSON object.');
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw invalidRequest(`The body is no JSON: ${why}.`);
  }
}

function tooLarge(limitBytes: number): ApiError {
  const most = limitBytes < 1024 * 1024 ? `${limitBytes / 1024} KiB` : `${limitBytes / (1024 * 1024)} MiB`;
  return new ApiError(
    413,
    'too_large',
    `The body is larger than ${limitBytes} bytes (${most}). Send less at a time.`,
  );
}
