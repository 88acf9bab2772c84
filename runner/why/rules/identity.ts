/** Rows that are taken for others: a key that is looked up too widely, an id that two have. */
import type { WatchedStatement } from '../../targets/statements.ts';
import type { RecordedRequest } from '../findings.ts';
import { asked, givenIds, isSameCall } from '../said.ts';
import { writeOf } from '../transactions.ts';
import type { Rule } from './rule.ts';

/** Who was answered this id before, to another call. */
function earlier(
  request: RecordedRequest,
  all: readonly RecordedRequest[],
): { id: string; other: RecordedRequest } | null {
  for (const id of givenIds(request)) {
    const other = all.find(
      (each) =>
        each.index < request.index &&
        each.n !== request.n &&
        !isSameCall(each.call, request.call) &&
        givenIds(each).includes(id),
    );
    if (other) return { id, other };
  }
  return null;
}

/** It was answered with what belongs to another request, which it had looked up. */
export const keyScope: Rule = ({ suspects, recording, effects }) => {
  for (const request of suspects) {
    const known = earlier(request, recording.requests);
    if (!known || effects.of(request).length > 0) continue;
    const read = request.statements.find((statement) => shows(statement, known.id));
    if (!read) continue;
    const differs = Object.keys(request.call).filter(
      (name) => JSON.stringify(request.call[name]) !== JSON.stringify(known.other.call[name]),
    );
    return {
      kind: 'key-scope',
      request,
      read,
      write: null,
      sentence: `${asked(request)} found ${known.id}, which was made by ${asked(known.other)}, and was answered with it.`,
      conclusion: [`The two differ in ${differs.join(' and ')}, and the look-up does not.`],
      marks: new Map([[read.id, `finds ${known.id} of another request`]]),
    };
  }
  return null;
};

/** Two rows were given one id. */
export const idClash: Rule = ({ suspects, recording, effects }) => {
  for (const request of suspects) {
    const known = earlier(request, recording.requests);
    const inserted =
      known &&
      effects
        .of(request)
        .find(({ before, after }) => !before && after && Object.values(after).includes(known.id));
    if (!known || !inserted) continue;
    const write = writeOf(inserted.by, inserted.table);
    return {
      kind: 'id-clash',
      request,
      read: null,
      write,
      sentence: `${asked(request)} was given the id ${known.id}, which ${asked(known.other)} had been given before.`,
      conclusion: ['The id is not unique over all that were ever given out.'],
      marks: new Map([[write.id, `${known.id} once more`]]),
    };
  }
  return null;
};

function shows({ rows }: WatchedStatement, id: string): boolean {
  return rows?.some((row) => Object.values(row).includes(id)) ?? false;
}
