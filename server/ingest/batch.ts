/** A batch of telemetry as it is stored: rows whose JSON is text already, made once for the database and the streams. */
import type { EndReport, RunEvent, Snapshot } from '../contract/index.ts';
import { type EventBlock, toEventBytes } from './event-block.ts';

export interface EventRow {
  index: number;
  at: string;
  virtualMs: number;
  type: string;
  actor: string;
  /** JSON text. */
  data: string;
}

export interface SnapshotRow {
  index: number;
  at: string;
  /** JSON text. */
  metrics: string;
}

export interface Batch {
  /** Of events. */
  count: number;
  /** Ready to be stored together with others; null for what only simcity_ingest_batch stores: see `isPlain`. */
  block: EventBlock | null;
  /** The events as simcity_ingest_batch takes them: a list as JSON, with all of their time. */
  eventsJson(): string;
  snapshots: SnapshotRow[];
  live: { metrics: Record<string, number>; eventsPerSecond: number } | undefined;
  end: EndReport | undefined;
  /** Of the body: what the batch holds in memory, about. */
  bytes: number;
}

/** @throws RangeError when the data is nested so deeply that JSON.stringify gives up. */
export function eventRow({ index, at, virtualMs, type, actor, data }: RunEvent): EventRow {
  return { index, at: storedTime(at), virtualMs, type, actor, data: JSON.stringify(data) };
}

export function snapshotRow({ index, at, metrics }: Snapshot): SnapshotRow {
  return { index, at: storedTime(at), metrics: JSON.stringify(metrics) };
}

/**
 * A time of the contract as PostgreSQL keeps it: to the microsecond, the rest cut off, with the
 * milliseconds that the API answers always there.
 */
export function storedTime(at: string): string {
  if (at.length === 24) return at;
  const fraction = /\.(\d+)Z$/.exec(at)?.[1] ?? '';
  const seconds = new Date(at).toISOString().slice(0, 19);
  return `${seconds}.${fraction.slice(0, 6).padEnd(3, '0')}Z`;
}

/** What the API answers for an event: the same text as when it is read from the database. */
export function eventJsonOf(row: EventRow): string {
  const { index, at, virtualMs, data } = row;
  return `{"index":${index},"at":"${at.slice(0, 23)}Z","virtualMs":${virtualMs},"type":${JSON.stringify(row.type)},"actor":${JSON.stringify(row.actor)},"data":${data}}`;
}

/** Likewise for a snapshot. */
export function snapshotJsonOf({ index, at, metrics }: SnapshotRow): string {
  return `{"index":${index},"at":"${at.slice(0, 23)}Z","metrics":${metrics}}`;
}

/** As simcity_ingest_batch takes an event: with all of its time. */
function ingestedEvent(row: EventRow): string {
  return `{"index":${row.index},"at":"${row.at}","virtualMs":${row.virtualMs},"type":${JSON.stringify(row.type)},"actor":${JSON.stringify(row.actor)},"data":${row.data}}`;
}

/** Likewise a snapshot. */
export function ingestedSnapshot({ index, at, metrics }: SnapshotRow): string {
  return `{"index":${index},"at":"${at}","metrics":${metrics}}`;
}

/** Events as a list of JSON, as simcity_ingest_batch takes them. */
export function ingestedEvents(events: readonly EventRow[]): string {
  return `[${events.map(ingestedEvent).join(',')}]`;
}

/** Events that follow one another, ready to be stored and sent on. */
export function blockOf(runId: string, events: readonly EventRow[]): EventBlock {
  const bytes = toEventBytes(events.map((row) => ({ index: row.index, json: eventJsonOf(row) })));
  return { ...bytes, firstAt: events[0]?.at ?? '', rows: Buffer.from(copyEvents(runId, events)) };
}

/** Rows of simcity_run_events in the text format of COPY. */
export function copyEvents(runId: string, events: readonly EventRow[]): string {
  let text = '';
  for (const { index, at, virtualMs, type, actor, data } of events) {
    text += `${runId}\t${index}\t${at}\t${virtualMs}\t${copyText(type)}\t${copyText(actor)}\t${copyText(data)}\n`;
  }
  return text;
}

/** Rows of simcity_run_snapshots, likewise. */
export function copySnapshots(runId: string, snapshots: readonly SnapshotRow[]): string {
  let text = '';
  for (const { index, at, metrics } of snapshots) {
    text += `${runId}\t${index}\t${at}\t${copyText(metrics)}\n`;
  }
  return text;
}

const COPY_SPECIAL = /[\\\t\n\r]/;
const COPY_ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function copyText(text: string): string {
  if (!COPY_SPECIAL.test(text)) return text;
  return text.replaceAll(/[\\\t\n\r]/g, (character) => COPY_ESCAPES[character] as string);
}
