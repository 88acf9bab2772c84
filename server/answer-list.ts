/** Answers with a list that may be large, such as of bundles of failures, without holding up whoever else is served. */
import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Context } from 'hono';

const AT_ONCE_CHARACTERS = 256 * 1024;

/** `{"<name>":[…],"next":…}`. */
export async function answerList(
  c: Context,
  name: string,
  items: readonly unknown[],
  next: string | null,
): Promise<Response> {
  const texts: string[] = [];
  let characters = 0;
  for (const item of items) {
    const text = JSON.stringify(item);
    texts.push(text);
    characters += text.length;
    if (characters < AT_ONCE_CHARACTERS) continue;
    characters = 0;
    await othersTurn();
  }
  const body = `{"${name}":[${texts.join(',')}],"next":${JSON.stringify(next)}}`;
  return c.body(body, 200, { 'Content-Type': 'application/json' });
}
