/** A client that comes again where it is told to, and takes no other error of the server's. */
import { setTimeout as delay } from 'node:timers/promises';
import { API_BASE, type Launch, runSchema } from '../../../server/contract/index.ts';
import { SEED } from './seed.ts';

const MOST_TIMES = 60;

export class MannerlyClient {
  /** Answers that told it to come again. */
  refused = 0;
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** The answer that is no 503. @throws Error for another 5xx, and for a 503 that does not say when to come again. */
  async ask(method: string, path: string, body: unknown = null): Promise<{ status: number; text: string }> {
    const given = { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    for (let time = 0; time < MOST_TIMES; time++) {
      const answer = await fetch(`${this.#url}${path}`, { method, ...(body === null ? {} : given) });
      const { status } = answer;
      const text = await answer.text();
      if (status < 500) return { status, text };
      const again = answer.headers.get('retry-after');
      if (status !== 503 || again === null)
        throw new Error(`${method} ${path} was answered ${status}: ${text}`);
      this.refused += 1;
      await delay(Number(again) * 1_000);
    }
    throw new Error(`${method} ${path} was answered 503 for ${MOST_TIMES} times`);
  }

  /** Answers the id of the run. */
  async launch(given: Launch): Promise<string> {
    const { status, text } = await this.ask('POST', `${API_BASE}/runs`, { seed: SEED, ...given });
    if (status !== 201) throw new Error(`the launch was answered ${status}: ${text}`);
    return runSchema.parse(JSON.parse(text)).id;
  }
}
