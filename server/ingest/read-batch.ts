/** Reads the body of a batch: checked, with every refusal naming the event or snapshot that it is about. */
import { type RunEvent, type Snapshot, telemetryBatchSchema } from '../contract/index.ts';
import { ApiError, invalidRequest } from '../errors.ts';
import { decodeUtf8, parseJson } from '../request.ts';
import { assertStorable, maySpellUnstorable } from '../runs/storable-text.ts';
import { validate } from '../validate.ts';
import {
  type Batch,
  blockOf,
  type EventRow,
  eventJsonOf,
  eventRow,
  ingestedEvents,
  type SnapshotRow,
  snapshotJsonOf,
  snapshotRow,
} from './batch.ts';
import { scanEvents } from './scan-events.ts';

/** What one event or snapshot may take as JSON in UTF-8. */
export const ITEM_LIMIT_BYTES = 1024 * 1024;

/** Levels of objects and lists in the data of an event; PostgreSQL and V8 both give up some way beyond. */
const MAX_DEPTH = 500;

type Checked = ReturnType<typeof telemetryBatchSchema.parse>;

/** @throws ApiError that names the item: 400 malformed, 413 too large, 422 not storable. */
export function readBatch(body: Buffer, runId: string): Batch {
  return scannedBatch(body, runId) ?? parsedBatch(body, runId);
}

/**
 * The batch without its events being parsed; null when they are not in the form in which a harness sends
 * them, or when anything else of it is wrong, large or last: then `parsedBatch` tells.
 */
export function scannedBatch(body: Buffer, runId: string): Batch | null {
  const events = scanEvents(body, runId);
  if (events === null) return null;
  const { block, longest, end } = events;
  const rest = restOf(body, end);
  if (rest === null || Math.max(longest, body.length - end) > ITEM_LIMIT_BYTES) return null;
  const { count, json, spans } = block;
  return {
    ...rest,
    count,
    block,
    // The commas between them are as they must be.
    eventsJson: () => (count === 0 ? '[]' : `[${json.toString('utf8', spans[0], spans[2 * count - 1])}]`),
    end: undefined,
    bytes: body.length,
  };
}

/** What comes behind the list of events, when that is as it should be and no end. */
function restOf(body: Buffer, from: number): Pick<Batch, 'snapshots' | 'live'> | null {
  const text = body.toString('utf8', from);
  if (text === '}') return { snapshots: [], live: undefined };
  if (!text.startsWith(',') || maySpellUnstorable(text)) return null;
  try {
    const rest = JSON.parse(`{${text.slice(1)}`) as object;
    if (Object.hasOwn(rest, 'events')) return null;
    const { snapshots, live, end } = check(rest);
    if (end !== undefined || !isAscending(snapshots)) return null;
    return { snapshots: snapshots.map(snapshotRow), live };
  } catch {
    return null;
  }
}

/** @throws ApiError as `readBatch` */
export function parsedBatch(body: Buffer, runId: string): Batch {
  const text = decodeUtf8(body);
  const { events, snapshots, live, end } = check(parseJson(text));
  const rows = events.map(shallowRow);
  if (end !== undefined) assertShallow(end, 'end');
  if (maySpellUnstorable(text)) {
    for (const event of events) assertStorable(event, `Event ${event.index}: event`);
    for (const snapshot of snapshots) assertStorable(snapshot, `Snapshot ${snapshot.index}: snapshot`);
    assertStorable(live, 'live');
    assertStorable(end, 'end');
  }
  assertEndIsLast(events, end !== undefined);
  const shown = snapshots.map(snapshotRow);
  if (body.length > ITEM_LIMIT_BYTES) assertSizes(rows, shown);
  const isPlain = end === undefined && isGapless(events) && isAscending(snapshots);
  return {
    count: rows.length,
    block: isPlain ? blockOf(runId, rows) : null,
    eventsJson: () => ingestedEvents(rows),
    snapshots: shown,
    live,
    end,
    bytes: body.length,
  };
}

/** The batch by the contract. */
function check(body: unknown): Checked {
  let batch: Checked;
  try {
    batch = validate(telemetryBatchSchema, body, 'the body');
  } catch (error) {
    throw error instanceof ApiError ? withIndex(error, body) : error;
  }
  for (const { index, at } of batch.events) assertTime(at, `Event ${index}`);
  for (const { index, at } of batch.snapshots) assertTime(at, `Snapshot ${index}`);
  return batch;
}

/** The place in the list is the sender's; the index is what it can look up. */
function withIndex(error: ApiError, body: unknown): ApiError {
  const [, list, place] = /^(events|snapshots)\[(\d+)\]/.exec(error.message) ?? [];
  if (list === undefined) return error;
  const item = (body as Record<string, unknown[]>)[list]?.[Number(place)];
  const index = typeof item === 'object' && item !== null ? (item as Partial<RunEvent>).index : undefined;
  if (!Number.isSafeInteger(index)) return error;
  const what = list === 'events' ? 'Event' : 'Snapshot';
  return new ApiError(error.status, error.code, `${what} ${index}: ${error.message}`);
}

/** Year 0 is a year of ISO 8601, but not of PostgreSQL. */
function assertTime(at: string, what: string): void {
  if (!at.startsWith('0000')) return;
  throw invalidRequest(`${what}: at is ${JSON.stringify(at)}, but must be a time of the year 1 or later.`);
}

/** The event of type `end` is the last of a history, and comes together with the report of the end. */
function assertEndIsLast(events: readonly RunEvent[], hasReport: boolean): void {
  const position = events.findIndex(({ type }) => type === 'end');
  if (position === -1) return;
  const index = events[position]?.index;
  if (position !== events.length - 1) {
    throw invalidRequest(
      `Event ${index} is of type end, but is followed by others. It must be the last of a run.`,
    );
  }
  if (!hasReport) {
    throw invalidRequest(
      `Event ${index} is of type end, but the batch has no field "end". Send both together.`,
    );
  }
}

function isGapless(events: readonly RunEvent[]): boolean {
  for (let i = 1; i < events.length; i++) if (events[i]?.index !== (events[0]?.index ?? 0) + i) return false;
  return true;
}

function isAscending(snapshots: readonly Snapshot[]): boolean {
  for (let i = 1; i < snapshots.length; i++) {
    if ((snapshots[i]?.index ?? 0) <= (snapshots[i - 1]?.index ?? 0)) return false;
  }
  return true;
}

function shallowRow(event: RunEvent): EventRow {
  let row: EventRow;
  try {
    row = eventRow(event);
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep(`Event ${event.index}: data`);
    throw error;
  }
  // So many levels take at least a bracket and its counterpart each.
  if (row.data.length > 2 * MAX_DEPTH) assertShallow(event.data, `Event ${event.index}: data`);
  return row;
}

function assertShallow(value: unknown, what: string): void {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw tooDeep(what);
    level = level.flatMap((inner) =>
      typeof inner === 'object' && inner !== null ? Object.values(inner) : [],
    );
  }
}

function tooDeep(what: string): ApiError {
  return new ApiError(
    422,
    'unstorable_text',
    `${what} is nested deeper than ${MAX_DEPTH} levels, which cannot be stored. Flatten it.`,
  );
}

function assertSizes(events: readonly EventRow[], snapshots: readonly SnapshotRow[]): void {
  for (const event of events) assertSize(eventJsonOf(event), `Event ${event.index}`);
  for (const snapshot of snapshots) assertSize(snapshotJsonOf(snapshot), `Snapshot ${snapshot.index}`);
}

function assertSize(json: string, what: string): void {
  const bytes = Buffer.byteLength(json);
  if (bytes <= ITEM_LIMIT_BYTES) return;
  throw new ApiError(
    413,
    'too_large',
    `${what} takes ${bytes} bytes of JSON, but at most ${ITEM_LIMIT_BYTES} (1 MiB) are taken. Shorten its data.`,
  );
}
