/** One request to a service and its answer, as the scenario that asks and the target that carries them share them. */
import type { JsonObject } from '../../server/contract/index.ts';

/** One request as the target gets it: the operation's name and its arguments. Plain data. */
export interface Call {
  readonly operation: string;
  readonly [argument: string]: unknown;
}

/**
 * What the target answered. `failed` is an answer that does not say whether the request took effect (an
 * internal error, a 5xx): the operation's outcome is then unknown.
 */
export type Reply =
  | { readonly outcome: 'ok'; readonly value: JsonObject }
  | { readonly outcome: 'refused'; readonly reason: string }
  | { readonly outcome: 'failed'; readonly error: string };
