/** What an event of the type `statement` says: SQL, its values, what was answered, and whether it waited. */
import { safeText } from './sanitize.ts';

type Data = Readonly<Record<string, unknown>>;

/** All of it on one line. */
export function statementDetail(data: Data): string {
  const rows = text(data['answer']);
  const answered = answerOf(data);
  const said = answered === '' ? '' : `→ ${answered}${rows === '' ? '' : ` ${rows}`}`;
  return joined([text(data['text']), text(data['values']), said, ...marksOf(data)]);
}

export interface StatementParts {
  readonly sql: string;
  readonly values: string;
  /** What was answered, in short, and whether it waited. */
  readonly answer: string;
}

/** For whoever has little room, where the answer stays and the SQL gives way. */
export function statementParts(data: Data): StatementParts {
  const answer = joined([shortAnswer(data), ...marksOf(data)]);
  return { sql: text(data['text']), values: text(data['values']), answer };
}

/** `SELECT 1`, or the error. */
function answerOf({ error, tag, count }: Data): string {
  if (text(error) !== '') return `error ${text(error)}`;
  return [text(tag), text(tag) !== '' && typeof count === 'number' ? String(count) : '']
    .filter(Boolean)
    .join(' ');
}

/** A single value is shown itself; the end of a transaction says nothing that its text does not. */
function shortAnswer(data: Data): string {
  const value = singleValue(data['answer']);
  if (value !== null) return `→ ${value}`;
  const { count, error } = data;
  if (typeof count === 'number' && text(error) === '') return `→ ${count} ${count === 1 ? 'row' : 'rows'}`;
  const answered = text(error) || answerOf(data);
  return answered === '' || answered === text(data['text']).toUpperCase() ? '' : `→ ${answered}`;
}

/** Of one row with one column; null: it is not just that. */
function singleValue(answer: unknown): string | null {
  if (typeof answer !== 'string' || !answer.startsWith('[{') || answer.length > 100) return null;
  try {
    const rows = JSON.parse(answer) as Record<string, unknown>[];
    const values = Object.values(rows[0] ?? {});
    return rows.length === 1 && values.length === 1 ? safeText(String(values[0])) : null;
  } catch {
    // It was cut in the middle.
    return null;
  }
}

function marksOf({ waitedFor, takenBack }: Data): string[] {
  const times = typeof takenBack === 'number' ? takenBack : 0;
  return [
    Array.isArray(waitedFor) ? 'waited' : '',
    times === 0 ? '' : `taken back ${times === 1 ? 'once' : `${times} times`}`,
  ];
}

function text(value: unknown): string {
  return typeof value === 'string' ? safeText(value) : '';
}

const joined = (parts: readonly string[]) => parts.filter((part) => part !== '').join('  ');
