/** Writes that should not have been: done twice, to rows of others, or by a request that was refused. */

import type { WatchedStatement } from '../../targets/statements.ts';
import type { Effect } from '../effects.ts';
import type { Cause, RecordedRequest } from '../findings.ts';
import { isRead } from '../probes.ts';
import { rowMaker } from '../row-maker.ts';
import { asked, givenIds, told } from '../said.ts';
import { hasWritten, isSameStatement, statementsOf, writeOf } from '../transactions.ts';
import type { Rule } from './rule.ts';

/** It was refused, and something of it was committed. */
export const keptRefusal: Rule = ({ suspects, recording, effects }) => {
  for (const request of suspects) {
    if (request.reply?.outcome !== 'refused') continue;
    const all = effects.of(request);
    // It may have tidied up what others had left, before it was refused.
    const tidies = all.some((each) => rowMaker(each, request, recording.requests, effects));
    const wrong = tidies ? all.filter((each) => isOwn(each, request)) : all;
    const [effect] = wrong;
    if (!effect) continue;
    const write = writeOf(effect.by, effect.table, effect.columns);
    return {
      kind: 'kept-refusal',
      request,
      read: null,
      write,
      sentence: `${asked(request)} was answered "${told(request.reply)}", and what it had written was committed: ${changed(effect)}.`,
      conclusion: ['Nothing rolls back what a refused request has written.'],
      marks: new Map([[write.id, 'stays, though refused']]),
      wrong,
      isUsual: tidies,
    };
  }
  return null;
};

/** A request that was done before had its effect again, or another answer. */
export const doubleEffect: Rule = ({ suspects, recording, effects, accused }) => {
  for (const request of suspects) {
    const first = recording.requests.find(
      (each) =>
        each.index < request.index &&
        // Who asks for the same in an operation of its own means it.
        each.n === request.n &&
        effects.of(each).length > 0 &&
        each.reply?.outcome !== 'refused',
    );
    if (!first) continue;
    const effect = effects.of(request).find((each) => isAgain(each, effects.of(first)));
    const read = vainLook(first, request);
    if (effect) {
      const write = writeOf(effect.by, effect.table, effect.columns);
      return {
        kind: 'double-effect',
        request,
        read,
        write,
        sentence: `${asked(request)} was asked before and had taken effect; asked again it wrote once more: ${changed(effect)}.`,
        conclusion: ['A repeat has an effect of its own.'],
        marks: new Map([[write.id, 'once more']]),
        wrong: effects.of(request),
      };
    }
    if (request !== accused || !isOtherAnswer(first, request)) continue;
    const original = effects.of(first)[0] as Effect;
    const done = writeOf(original.by, original.table, original.columns);
    return {
      kind: 'double-effect',
      request,
      read,
      write: done,
      sentence: `${asked(request)} was asked before and had taken effect; asked again it was answered "${told(request.reply)}".`,
      conclusion: ['A repeat is treated as a request of its own.'],
      marks: new Map([[done.id, 'the effect of the first']]),
    };
  }
  return null;
};

/** It changed what another request had made, and what its call does not name. */
export const wrongWrite: Rule = ({ suspects, recording, effects }) => {
  for (const request of suspects) {
    for (const effect of effects.of(request)) {
      const owner = effect.before && makerOf(effect, request, recording.requests);
      if (!owner) continue;
      const write = writeOf(effect.by, effect.table, effect.columns);
      return {
        kind: 'wrong-write',
        request,
        read: null,
        write,
        sentence: `${asked(request)} changed what ${asked(owner)} had made: ${changed(effect)}.`,
        conclusion: ['Its call does not name that row.'],
        marks: new Map([[write.id, `changes a row of ${asked(owner)}`]]),
        wrong: effects
          .of(request)
          .filter((each) => each.before && makerOf(each, request, recording.requests) !== null),
      };
    }
  }
  return null;
};

/** The same of a row that callers know by a name of their own: tidying up does so, too, so it is told only where it is shown. */
export const foreignWrite: Rule = ({ suspects, recording, effects, unusual }) => {
  for (const request of suspects) {
    const all = effects.of(request);
    for (const effect of all.toSorted((a, b) => Number(b === unusual) - Number(a === unusual))) {
      const maker = rowMaker(effect, request, recording.requests, effects);
      if (!maker) continue;
      // What it did beside for itself is not the other's.
      const wrong = all.filter((each) => !isOwn(each, request));
      return { ...foreignCause(request, effect, maker), wrong, isUsual: true };
    }
  }
  return null;
};

/** What it changed of another's. */
export function foreignCause(request: RecordedRequest, effect: Effect, maker: RecordedRequest): Cause {
  const write = writeOf(effect.by, effect.table, effect.columns);
  return {
    kind: 'wrong-write',
    request,
    read: null,
    write,
    sentence: `${asked(request)} changed what ${asked(maker)} had made: ${changed(effect)}.`,
    conclusion: ['Its call does not name that row.'],
    marks: new Map([[write.id, `changes a row of ${asked(maker)}`]]),
  };
}

const RELATIVE = /\bset\s+"?(\w+)"?\s*=\s*(?:\w+\.)?"?\1"?\s*([-+])\s*(?:\$(\d+)|(\d+))/i;

/** One statement counted a number up or down twice in a transaction: told only where all is well with once. */
export const countedTwice: Rule = ({ suspects, effects }) => {
  for (const request of suspects) {
    for (const effect of effects.of(request)) {
      const { before, after, columns } = effect;
      const counting = statementsOf(effect.by).filter(({ text }) =>
        columns.includes(RELATIVE.exec(text)?.[1] ?? ''),
      );
      const again = countedAgain(counting);
      const [, column = '', sign, at, constant] = RELATIVE.exec(again?.text ?? '') ?? [];
      const by = Number(constant ?? again?.values[Number(at) - 1]) * (sign === '-' ? -1 : 1);
      if (!again || !before || !after || !Number.isFinite(by) || by === 0) continue;
      return {
        kind: 'wrong-value',
        request,
        read: null,
        write: again,
        sentence: `${asked(request)} counted one change twice: ${changed(effect)}.`,
        conclusion: ['The same statement was executed before, with the same values.'],
        marks: new Map([[again.id, 'counts it once more']]),
        wrong: [
          { ...effect, columns: [column], before: { ...before, [column]: Number(after[column]) - by } },
        ],
        isShownOnly: true,
      };
    }
  }
  return null;
};

/** The first statement that counts a number up or down as one before it did, with the same values; null: none does. */
export function countedAgain(statements: readonly WatchedStatement[]): WatchedStatement | null {
  const counting = statements.filter((each) => hasWritten(each) && RELATIVE.test(each.text));
  const isRepeat = (one: WatchedStatement) =>
    counting.some((each) => each.id < one.id && isSameStatement(each, one));
  return counting.find(isRepeat) ?? null;
}

/** It was answered ok, and its write changed no row. */
export const voidWrite: Rule = ({ suspects, recording, effects }) => {
  for (const request of suspects) {
    if (request.reply?.outcome !== 'ok' || effects.of(request).length > 0) continue;
    // What requests of all kinds write is nobody's own: they tidy up by it.
    const others = new Set(
      recording.requests
        .filter(({ call }) => call.operation !== request.call.operation)
        .flatMap(({ statements }) => statements.map(({ text }) => text)),
    );
    const write = request.statements.findLast(
      ({ tag, count, text }) => count === 0 && (tag === 'UPDATE' || tag === 'DELETE') && !others.has(text),
    );
    if (!write) continue;
    return {
      kind: 'void-write',
      request,
      read: null,
      write,
      sentence: `${asked(request)} was answered ok, and its write changed no row.`,
      conclusion: ['Nobody looks at how many rows were changed.'],
      marks: new Map([[write.id, 'changes nothing']]),
    };
  }
  return null;
};

/** It was cut off when a part of its change was committed. */
export const tornWrite: Rule = ({ suspects, effects }) => {
  for (const request of suspects) {
    const [effect] = effects.of(request);
    if (request.reply !== null || !effect) continue;
    const write = writeOf(effect.by, effect.table, effect.columns);
    return {
      kind: 'torn-write',
      request,
      read: null,
      write,
      sentence: `${asked(request)} was cut off when it had committed a part of its change: ${changed(effect)}.`,
      conclusion: ['What it does is more than one transaction, and nobody does the rest.'],
      marks: new Map([[write.id, 'stays half done']]),
      wrong: effects.of(request),
    };
  }
  return null;
};

/** What both looked up and neither found: what was to say that it is done. */
function vainLook(first: RecordedRequest, second: RecordedRequest): WatchedStatement | null {
  const asks = ({ text, values }: WatchedStatement) => JSON.stringify([text, values]);
  const before = new Set(first.statements.map(asks));
  return (
    second.statements.find((each) => isRead(each) && each.rows?.length === 0 && before.has(asks(each))) ??
    null
  );
}

/** The first changed the same of this row, or put one into the table, too. */
function isAgain({ table, key, before, columns }: Effect, first: readonly Effect[]): boolean {
  return first.some((each) => {
    if (each.table !== table) return false;
    if (each.before === null) return before === null || each.key === key;
    return each.key === key && columns.some((name) => each.columns.includes(name));
  });
}

function isOtherAnswer(first: RecordedRequest, second: RecordedRequest): boolean {
  // One that is still at it may come to another end, and nothing is done yet.
  if (!first.reply || !second.reply || second.reply.outcome === 'failed') return false;
  if (first.reply.outcome === 'failed') return second.reply.outcome === 'refused';
  return JSON.stringify(first.reply) !== JSON.stringify(second.reply);
}

/** It put the row there, or its own name into it. */
function isOwn({ before, after }: Effect, { call }: RecordedRequest): boolean {
  if (before === null) return true;
  const named = new Set(Object.values(call).filter((value) => typeof value === 'string' && /\d/.test(value)));
  const of = (row: Effect['after']) => Object.values(row ?? {}).some((value) => named.has(value));
  return of(after) && !of(before);
}

/** Whose row it is: of a request with another call, whose answer named it by an id that this one's call does not name. */
function makerOf(
  { before }: Effect,
  request: RecordedRequest,
  all: readonly RecordedRequest[],
): RecordedRequest | null {
  const values = new Set(Object.values(before ?? {}).map(String));
  const named = new Set(Object.values(request.call).map(String));
  const maker = all.find(
    (each) => each.call.operation !== request.call.operation && givenIds(each).some((id) => values.has(id)),
  );
  if (!maker || givenIds(maker).some((id) => named.has(id))) return null;
  return maker;
}

function changed({ table, before, after, columns }: Effect): string {
  if (!before) return `a row was added to ${table}`;
  if (!after) return `a row was removed from ${table}`;
  const shown = columns
    .slice(0, 2)
    .map((name) => `${table}.${name} from ${JSON.stringify(before[name])} to ${JSON.stringify(after[name])}`);
  return shown.join(', ');
}
