/** Holds how executions of a plan failed against how it failed before: the same way, otherwise, or not at all. */
import { formatSignature, type Signature, sameSignature, timesOfEach } from '../../server/contract/index.ts';

export type Fails = 'same' | 'otherwise' | 'no';

/** How an execution failed (null: it did not), beside the failure that is looked for. */
export function compareFailure(looked: Signature, failed: Signature | null): Fails {
  if (!failed) return 'no';
  return sameSignature(failed, looked) ? 'same' : 'otherwise';
}

/** Counts executions by how they failed. */
export class FailureTally {
  readonly #looked: Signature;
  readonly #otherwise = new Map<string, number>();
  #executions = 0;
  #same = 0;

  /** `looked`: the failure that is looked for. */
  constructor(looked: Signature) {
    this.#looked = looked;
  }

  get executions(): number {
    return this.#executions;
  }

  /** Those that failed the same way. */
  get same(): number {
    return this.#same;
  }

  /** Those that failed otherwise, by signature; undefined when there are none. */
  get otherwise(): Record<string, number> | undefined {
    return this.#otherwise.size === 0 ? undefined : Object.fromEntries(this.#otherwise);
  }

  /** `; it fails otherwise: liveness/every-request-is-answered 2 times`, or nothing. */
  get otherwiseText(): string {
    return this.otherwise ? `; it fails otherwise: ${timesOfEach(this.otherwise)}` : '';
  }

  /** Counts one execution; `failed` is null when it did not fail. */
  count(failed: Signature | null): Fails {
    const fails = compareFailure(this.#looked, failed);
    this.#executions++;
    if (fails === 'same') this.#same++;
    if (failed && fails === 'otherwise') {
      const signature = formatSignature(failed);
      this.#otherwise.set(signature, (this.#otherwise.get(signature) ?? 0) + 1);
    }
    return fails;
  }
}
