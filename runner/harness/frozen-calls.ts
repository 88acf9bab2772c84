/**
 * Calls as another execution of the seed has asked them: in another order of the steps the plan would draw others, and
 * nothing could be said of the order. What the service named then, by an identifier of its own, is named as it names it now.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Call, Reply } from '../service/call.ts';
import type { RecordedCall } from './trace.ts';

/** Where an identifier stands in an answer: of which request, under which names. */
interface Source {
  readonly n: number;
  readonly request: string;
  readonly path: readonly string[];
}

/** Numbers are taken for identifiers only where they are called one: counts and prices are equal by chance. */
const CALLED_IDENTIFIER = /(^|_)id$|Id$/;

export class FrozenCalls {
  readonly #calls: ReadonlyMap<number, RecordedCall>;
  /** Values that answers were the first to tell, with the places where they stood; the best first. */
  readonly #sources = new Map<string | number, Source[]>();

  constructor(calls: readonly RecordedCall[]) {
    this.#calls = new Map(calls.map((call) => [call.n, call]));
    for (const call of calls) this.#noteAnswers(call);
    for (const sources of this.#sources.values()) sources.sort((a, b) => a.path.length - b.path.length);
  }

  /**
   * The call of the planned operation `n`, or null when it was never recorded. `asked`: what this execution has asked
   * by now, by planned operation; what it has not answered yet leaves an identifier as it was.
   */
  callOf(n: number, asked: ReadonlyMap<number, RecordedCall> | null): { actor: string; call: Call } | null {
    const recorded = this.#calls.get(n);
    if (!recorded) return null;
    const { actor, call } = recorded;
    const arguments_ = Object.entries(call).map(([name, value]) => [
      name,
      name === 'operation' ? value : this.#mapped(n, name, value, asked),
    ]);
    return { actor, call: Object.fromEntries(arguments_) as Call };
  }

  /**
   * Whether an execution asked these calls, where it came to them. One that names what this execution only answered
   * later, under another name, has asked something else.
   */
  areAskedIn(executed: readonly RecordedCall[]): boolean {
    const asked = new Map(executed.map((call) => [call.n, call]));
    return executed.every(({ n, actor, call }) => {
      const known = this.callOf(n, asked);
      return known === null || (known.actor === actor && isDeepStrictEqual(known.call, call));
    });
  }

  #mapped(n: number, name: string, value: unknown, asked: ReadonlyMap<number, RecordedCall> | null): unknown {
    if (typeof value !== 'string' && typeof value !== 'number') return value;
    for (const source of this.#sources.get(value) ?? []) {
      if (source.n === n) continue;
      const last = source.path.at(-1) ?? '';
      if (typeof value === 'number' && last !== name && !CALLED_IDENTIFIER.test(last)) continue;
      const answer = asked?.get(source.n)?.answers[source.request];
      const now = answer && valueAt(answer, source.path);
      if (typeof now === typeof value) return now;
    }
    return value;
  }

  /** An answer that says again what its own call named has not made that up. */
  #noteAnswers({ n, actor, call, answers }: RecordedCall): void {
    const known = new Set<unknown>([actor, ...Object.values(call)]);
    for (const [request, answer] of Object.entries(answers)) {
      for (const { path, value } of leavesOf(answer)) {
        if (known.has(value)) continue;
        const sources = this.#sources.get(value) ?? [];
        sources.push({ n, request, path });
        this.#sources.set(value, sources);
      }
    }
  }
}

/** Strings and numbers at the top of an answer's value, and one level below it. */
function* leavesOf(answer: Reply): Generator<{ path: string[]; value: string | number }> {
  if (answer.outcome !== 'ok') return;
  for (const [name, value] of Object.entries(answer.value)) {
    if (typeof value === 'string' || typeof value === 'number') yield { path: [name], value };
    else if (typeof value === 'object' && value !== null) {
      for (const [inner, each] of Object.entries(value)) {
        if (typeof each === 'string' || typeof each === 'number') yield { path: [name, inner], value: each };
      }
    }
  }
}

function valueAt(answer: Reply, path: readonly string[]): unknown {
  if (answer.outcome !== 'ok') return undefined;
  let at: unknown = answer.value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}
