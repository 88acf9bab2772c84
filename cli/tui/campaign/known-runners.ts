/** The runners of the server, for a screen that is drawn more often than they are worth asking for. */
import type { Runner } from '../../../server/contract/index.ts';
import type { Api } from '../../client/api.ts';

const ASK_EVERY_MS = 1_000;

/** Answers those that are known; asks for them anew from time to time. None while the server does not answer. */
export function knownRunners(api: Api): () => Promise<readonly Runner[]> {
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let answer: Promise<readonly Runner[]> = Promise.resolve([]);
  return () => {
    if (performance.now() - askedAtMs < ASK_EVERY_MS) return answer;
    askedAtMs = performance.now();
    answer = api.runners().then(
      ({ runners }) => runners,
      () => [],
    );
    return answer;
  };
}
