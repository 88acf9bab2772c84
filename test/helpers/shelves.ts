/** Histories of shelves with things on them, some taken from several shelves at once or not at all, from a seed. */
import { HistoryChecker } from '../../runner/checkers/history-checker.ts';
import type { SequentialModel } from '../../runner/checkers/model.ts';
import type { ModelPart } from '../../runner/scenarios/scenario.ts';
import type { Prng } from '../../runner/sim/prng.ts';

/** The share of a request that concerns one shelf. With a key it is done once, however often it is asked. */
export type ShelfCall =
  | { readonly kind: 'take' | 'put'; readonly count: number; readonly key: string }
  | { readonly kind: 'look' };

export type ShelfAnswer =
  | { readonly outcome: 'ok'; readonly count?: number }
  | { readonly outcome: 'refused' };

interface Shelf {
  readonly count: number;
  readonly made: readonly string[];
}

export interface Request {
  /** Each of another shelf; all at one instant. */
  readonly parts: readonly { readonly object: string; readonly call: ShelfCall }[];
}

/** `refused` has no counts; of looks there is one for each part. */
export type Answer = { readonly outcome: 'ok'; readonly counts: readonly number[] } | { outcome: 'refused' };

export type ShelfStep =
  | { readonly kind: 'invoke'; readonly id: number; readonly request: Request }
  | { readonly kind: 'complete'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'unknown'; readonly id: number }
  | { readonly kind: 'expire'; readonly id: number };

export interface ShelfShape {
  readonly shelves: readonly string[];
  /** On each shelf at the start. */
  readonly stock: number;
  readonly operations: number;
  /** Open at once, at most. */
  readonly concurrency: number;
  /** Share of the operations that get no answer. */
  readonly lossRate: number;
  /** Share of the requests that are of several shelves. */
  readonly tiedShare: number;
  readonly remembersRefusals: boolean;
}

type ShelfModel = SequentialModel<Shelf, ShelfCall, ShelfAnswer>;

/** One shelf; `hasHints` says whether the checker is told more than it needs. */
export function shelfModel(hasHints: boolean, repeats: boolean): ShelfModel {
  const changed = (state: Shelf, call: Exclude<ShelfCall, { kind: 'look' }>): Shelf | null => {
    const count = state.count + (call.kind === 'put' ? call.count : -call.count);
    return count < 0 ? null : { count, made: [...state.made, call.key].sort() };
  };
  return {
    initial: (_object, world) => ({ count: (world as { stock: number }).stock, made: [] }),
    apply(state, call, answer) {
      if (call.kind === 'look') return answer.outcome === 'ok' && answer.count === state.count ? state : null;
      if (state.made.includes(call.key)) return answer.outcome === 'ok' ? state : null;
      const after = changed(state, call);
      if (answer.outcome === 'ok') return after;
      return after === null ? state : null;
    },
    effects(state, call) {
      if (call.kind === 'look' || state.made.includes(call.key)) return [];
      const after = changed(state, call);
      return after ? [{ state: after, outcome: 'done' }] : [];
    },
    confirm: (state, _call, _outcome, answer) => (answer.outcome === 'ok' ? state : null),
    key: ({ count, made }) => `${count} ${made.join()}`,
    describe: (state, call) => [call.kind === 'look' ? `${state.count}` : 'done'],
    ...(hasHints && {
      observes: (call: ShelfCall, answer: ShelfAnswer | undefined) =>
        call.kind === 'look' || answer?.outcome === 'refused',
      changes: (call: ShelfCall, answer: ShelfAnswer | undefined) =>
        call.kind === 'look' || answer?.outcome === 'refused' ? [] : [call.key],
      spent: (state: Shelf, call: ShelfCall) => call.kind === 'look' || state.made.includes(call.key),
      relevant: (_state: Shelf, pending: ShelfCall, _a: unknown, target: ShelfCall) =>
        pending.kind !== 'look' || target.kind !== 'look',
      likeness: (_state: Shelf, call: ShelfCall) => (call.kind === 'look' ? 'look' : null),
      hopeless: (state: Shelf, call: ShelfCall, answer: ShelfAnswer, open: readonly { call: ShelfCall }[]) =>
        call.kind === 'look' &&
        answer.outcome === 'ok' &&
        answer.count !== state.count &&
        open.every((one) => one.call.kind === 'look'),
    }),
    ...(repeats && {
      repeats: {
        identity: (what: unknown) => (what as { key?: string }).key ?? null,
        refusals: [{ outcome: 'refused' as const }],
        refusalIndex: (answer: ShelfAnswer) => (answer.outcome === 'refused' ? 0 : -1),
        mayRefuseAgain: (state: Shelf, call: ShelfCall) =>
          call.kind !== 'look' && !state.made.includes(call.key),
      },
    }),
  };
}

export function randomShelves(prng: Prng): ShelfShape {
  return {
    shelves: ['a', 'b', 'c'].slice(0, 2 + prng.below(2)),
    stock: 1 + prng.below(2),
    operations: 3 + prng.below(8),
    concurrency: 1 + prng.below(4),
    lossRate: prng.pick([0, 0.15, 0.4]),
    tiedShare: prng.pick([0.2, 0.5, 0.9]),
    remembersRefusals: prng.chance(0.5),
  };
}

/** A history that right shelves gave, with its operations' instants drawn at random. */
export function rightShelves(prng: Prng, shape: ShelfShape): ShelfStep[] {
  const store = new Store(shape);
  const steps: ShelfStep[] = [];
  const requests: Request[] = [];
  let open: { id: number; request: Request; answer: Answer | null; lost: boolean }[] = [];
  let next = 1;
  while (next <= shape.operations || open.some((op) => !op.lost)) {
    const waiting = open.filter((op) => !op.lost).length;
    if (next <= shape.operations && waiting < shape.concurrency && prng.chance(0.4)) {
      const isRepeat = requests.length > 0 && prng.chance(0.2);
      const request = isRepeat ? prng.pick(requests) : randomRequest(prng, shape, next);
      requests.push(request);
      open.push({ id: next, request, answer: null, lost: false });
      steps.push({ kind: 'invoke', id: next++, request });
      continue;
    }
    if (open.length === 0) continue;
    const op = prng.pick(open);
    const end = (step: ShelfStep) => {
      steps.push(step);
      open = open.filter((other) => other !== op);
    };
    if (op.answer === null && prng.chance(op.lost ? 0.3 : 0.7)) op.answer = store.run(op.request);
    else if (op.lost) {
      if (prng.chance(0.2)) end({ kind: 'expire', id: op.id });
    } else if (prng.chance(shape.lossRate)) {
      if (prng.chance(0.5)) end({ kind: 'expire', id: op.id });
      else steps.push({ kind: 'unknown', id: op.id });
      op.lost = true;
    } else if (op.answer) end({ kind: 'complete', id: op.id, answer: op.answer });
  }
  return steps;
}

function randomRequest(prng: Prng, { shelves, tiedShare }: ShelfShape, id: number): Request {
  const isTied = prng.chance(tiedShare);
  const start = prng.below(shelves.length);
  const wanted = isTied ? 2 + prng.below(shelves.length - 1) : 1;
  const objects = shelves.map((_, i) => shelves[(start + i) % shelves.length] as string).slice(0, wanted);
  const kind = prng.pick(['take', 'take', 'put', 'look', 'move'] as const);
  const count = 1 + prng.below(2);
  return {
    parts: objects.map((object, i) => {
      if (kind === 'look') return { object, call: { kind: 'look' } };
      const isTaken = kind === 'move' ? i === 0 : kind === 'take';
      return { object, call: { kind: isTaken ? 'take' : 'put', count, key: `k${id}` } };
    }),
  };
}

/** The history with one or two answers falsified; often still right. */
export function falseShelves(prng: Prng, steps: readonly ShelfStep[]): ShelfStep[] {
  const changed = [...steps];
  for (let n = 1 + prng.below(2); n > 0; n--) {
    const index = prng.below(changed.length);
    const step = changed[index] as ShelfStep;
    if (step.kind !== 'complete') continue;
    const { answer } = step;
    const counts = answer.outcome === 'ok' ? answer.counts : [];
    const isLook = counts.length > 0;
    const other: Answer = isLook
      ? { outcome: 'ok', counts: counts.with(prng.below(counts.length), prng.below(4)) }
      : answer.outcome === 'ok'
        ? { outcome: 'refused' }
        : { outcome: 'ok', counts: [] };
    changed[index] = { ...step, answer: other };
  }
  return changed;
}

/** The first step at which the checker fails, -1 for none, -2 when it could not decide. */
export function checkedShelves(
  model: ShelfModel,
  shape: ShelfShape,
  steps: readonly ShelfStep[],
  foldEvery: number,
): number {
  const checker = new HistoryChecker(model as SequentialModel<unknown, unknown, unknown>, shape, {
    foldEvery,
  });
  const parts = new Map<number, readonly ModelPart[]>();
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'invoke') {
      const { parts: asked } = step.request;
      parts.set(
        step.id,
        asked.map((part) => ({ ...part, tied: true })),
      );
    }
    const of = parts.get(step.id) as readonly ModelPart[];
    if (step.kind === 'invoke') checker.invoke(step.id, of);
    else if (step.kind === 'unknown') checker.unknown(step.id, of);
    else {
      const wrong =
        step.kind === 'complete'
          ? checker.complete(step.id, of, answersOf(step.answer, of.length))
          : checker.expire(step.id, of);
      if (wrong) return index;
      if (checker.undecided.size > 0) return -2;
    }
  }
  return -1;
}

function answersOf(answer: Answer, parts: number): ShelfAnswer[] {
  return Array.from({ length: parts }, (_, i): ShelfAnswer => {
    if (answer.outcome === 'refused') return { outcome: 'refused' };
    const count = answer.counts[i];
    return count === undefined ? { outcome: 'ok' } : { outcome: 'ok', count };
  });
}

/** Right shelves, one request at a time. */
class Store {
  readonly #counts: Map<string, number>;
  readonly #made = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #remembers: boolean;

  constructor({ shelves, stock, remembersRefusals }: ShelfShape) {
    this.#counts = new Map(shelves.map((shelf) => [shelf, stock]));
    this.#remembers = remembersRefusals;
  }

  run({ parts }: Request): Answer {
    const counts = parts.map(({ object }) => this.#counts.get(object) as number);
    const [first] = parts;
    if (!first || first.call.kind === 'look') return { outcome: 'ok', counts };
    const { key } = first.call;
    if (this.#made.has(key)) return { outcome: 'ok', counts: [] };
    if (this.#remembers && this.#refused.has(key)) return { outcome: 'refused' };
    const after = parts.map(({ call }, i) => (counts[i] as number) + changeOf(call));
    if (after.some((count) => count < 0)) {
      this.#refused.add(key);
      return { outcome: 'refused' };
    }
    this.#made.add(key);
    for (const [i, { object }] of parts.entries()) this.#counts.set(object, after[i] as number);
    return { outcome: 'ok', counts: [] };
  }
}

export function changeOf(call: ShelfCall): number {
  if (call.kind === 'look') return 0;
  return call.kind === 'put' ? call.count : -call.count;
}
