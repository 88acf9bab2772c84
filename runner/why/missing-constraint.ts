/**
 * A second row of what must be one, where no read was stale: told only when a unique index makes the same requests pass, and
 * no run that passes ever had two such rows.
 */
import type {
  Cause,
  Commit,
  Findings,
  FoundCause,
  Laboratory,
  RecordedRequest,
  Recording,
} from './findings.ts';
import type { PassingRuns } from './passing.ts';
import { isScalar, type Scalar, type Stored, storedAfter } from './rows.ts';
import { sceneOf } from './rules/scene.ts';
import { asked } from './said.ts';
import { OneAtATime } from './serial.ts';
import { writeOf } from './transactions.ts';
import { UniqueIndex, type Uniqueness } from './unique-index.ts';

/** Indexes that are tried, at most. */
const MOST_TRIED = 4;
/** Rows that passing runs must have put into the table: fewer show nothing. */
const ENOUGH_ROWS = 10;

interface Second extends Uniqueness {
  readonly request: RecordedRequest;
  readonly commit: Commit;
  readonly first: Stored;
}

/** Null: there is none, or it is not shown. */
export async function missingConstraintIn(
  { serial }: Findings,
  accused: RecordedRequest | null,
  passing: PassingRuns,
  lab: Laboratory,
): Promise<FoundCause | null> {
  const recording = serial.failing;
  if (recording === null) return null;
  const runs = await passing.some();
  const seconds = secondRows(recording, accused, changedColumns([recording, ...runs]));
  for (const second of seconds.filter((each) => isKeptBy(runs, each)).slice(0, MOST_TRIED)) {
    if (lab.spent) return null;
    if (await passesWith(second, serial.order, lab)) return { cause: causeOf(second), recording };
  }
  return null;
}

/** Rows that a request put beside another's that has the same of what it was asked for. */
function secondRows(
  recording: Recording,
  accused: RecordedRequest | null,
  changed: ReadonlySet<string>,
): Second[] {
  const { suspects, effects } = sceneOf(recording, accused);
  return suspects.flatMap((request) => {
    const named = new Set(Object.values(request.call).map(String));
    return effects.of(request).flatMap(({ table, before, after, by: commit }): Second[] => {
      if (before !== null || after === null) return [];
      const others = storedAfter(recording.commits.slice(0, commit.index));
      return others.flatMap((first): Second[] => {
        if (first.table !== table || first.commit.request === request) return [];
        const equal = Object.entries(after).filter(
          (entry): entry is [string, Scalar] => isScalar(entry[1]) && entry[1] === first.row[entry[0]],
        );
        const columns = equal.flatMap(([name, value]) =>
          value !== null && named.has(String(value)) ? [name] : [],
        );
        // What says whether a row still counts: it changes, and has nothing to do with what was asked for.
        const where = equal.filter(([name]) => !columns.includes(name) && changed.has(`${table}.${name}`));
        if (columns.length === 0) return [];
        return [{ table, columns, where: Object.fromEntries(where), request, commit, first }];
      });
    });
  });
}

/** Columns that change in rows that stay. */
function changedColumns(recordings: readonly Recording[]): ReadonlySet<string> {
  const changes = recordings.flatMap(({ commits }) => commits.flatMap((commit) => commit.changes ?? []));
  return new Set(
    changes.flatMap(({ table, before, after, columns }) =>
      before && after ? columns.map((name) => `${table}.${name}`) : [],
    ),
  );
}

/** None of these runs, which pass, ever had two: so it may be what the service means. */
function isKeptBy(runs: readonly Recording[], { table, columns, where }: Uniqueness): boolean {
  let rows = 0;
  for (const { commits } of runs) {
    for (const { index, changes } of commits) {
      if (!changes?.some((change) => change.table === table && change.after !== null)) continue;
      rows += changes.filter((change) => change.table === table && change.before === null).length;
      const counting = storedAfter(commits.slice(0, index + 1)).filter(
        (stored) =>
          stored.table === table &&
          Object.entries(where).every(([name, value]) => stored.row[name] === value),
      );
      const keys = counting.map(({ row }) => JSON.stringify(columns.map((name) => row[name])));
      if (new Set(keys).size < keys.length) return false;
    }
  }
  return rows >= ENOUGH_ROWS;
}

/** With the index the same requests pass in the same order, because it refused a row. */
async function passesWith(
  second: Second,
  order: readonly string[] | null,
  lab: Laboratory,
): Promise<boolean> {
  lab.stage(`trying a unique index on ${second.table} (${second.columns.join(', ')})`);
  const index = new UniqueIndex(second);
  try {
    const guide = new OneAtATime(order ?? []);
    const { fails, gaveWay } = await lab.run({ guide, statements: index });
    return fails === 'no' && gaveWay === 0 && index.refused > 0;
  } finally {
    await index.dropped();
  }
}

function causeOf({ table, columns, where, request, commit, first }: Second): Cause {
  const write = writeOf(commit, table);
  const before = first.commit.request;
  const of = `${table} (${columns.join(', ')})`;
  const only = Object.entries(where).map(([name, value]) => `${name} is ${value}`);
  const marks = new Map([[write.id, 'a second one']]);
  if (before) marks.set(writeOf(first.commit, table).id, 'the first');
  return {
    kind: 'missing-constraint',
    request,
    read: null,
    write,
    sentence: `${asked(request)} put a second row into ${table}${before ? `, beside that of ${asked(before)}` : ''}, with the same ${columns.join(' and ')}.`,
    conclusion: [
      'No read of it was stale, and nothing refuses the row.',
      `Passes with a unique index on ${of}${only.length > 0 ? ` where ${only.join(' and ')}` : ''}: it refuses the second one.`,
    ],
    marks,
  };
}
