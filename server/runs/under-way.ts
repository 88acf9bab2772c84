/** Of a history that is folded: the operations without an answer, with their calls, and what they are about. */
import type { JsonObject } from '../contract/index.ts';

/** An answer. */
export interface Completion {
  index: number;
  actor: string;
  /** What the event's type begins with, such as `book`. */
  operation: string;
  phase: 'ok' | 'refused';
  data: JsonObject;
}

interface Begun {
  /** Index of the invocation. */
  at: number;
  call: JsonObject;
  /** Names of the objects. */
  objects: readonly string[];
}

export class UnderWay {
  #begun = new Map<number, Begun>();

  /** How many it remembers, for bounds. */
  get size(): number {
    return this.#begun.size;
  }

  begin(call: JsonObject, at: number, objects: readonly string[]): void {
    const { op } = call;
    if (typeof op === 'number' && objects.length > 0) this.#begun.set(op, { at, call, objects });
  }

  /** The operation has an answer. An acknowledgement says that the attempts before it have nothing more to do. */
  settle({ op }: JsonObject, isAcknowledged: boolean): Begun | undefined {
    const begun = this.#take(op);
    let before = begun;
    while (isAcknowledged && before !== undefined) before = this.#take(before.call['retryOf']);
    return begun;
  }

  /** By object, how many of its operations have no answer. */
  counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { objects } of this.#begun.values())
      for (const object of objects) counts.set(object, (counts.get(object) ?? 0) + 1);
    return counts;
  }

  /** The calls without an answer. */
  calls(): readonly JsonObject[] {
    return [...this.#begun.values()].map(({ call }) => call);
  }

  /** One that goes on by itself from here. */
  copy(): UnderWay {
    const copy = new UnderWay();
    copy.#begun = new Map(this.#begun);
    return copy;
  }

  #take(op: unknown): Begun | undefined {
    const begun = typeof op === 'number' ? this.#begun.get(op) : undefined;
    if (begun !== undefined) this.#begun.delete(op as number);
    return begun;
  }
}
