/** Sorts waiting batches by run: what of them follows where the run stands, as one transaction stores it. */
import type { CopyRows, LockedRun, MovedRun } from '../db/copy-client.ts';
import { epochOf } from '../db/epochs.ts';
import type { Ingested } from '../db/events.ts';
import { type Batch, copySnapshots, type SnapshotRow } from './batch.ts';
import type { EventBlock, EventBytes } from './event-block.ts';

/** A batch and whom to tell what became of it. */
export interface Waiting {
  runId: string;
  tokenHash: Buffer;
  batch: Batch;
  resolve(stored: Ingested): void;
  reject(error: unknown): void;
}

/** What a commit added to a run's history. */
export interface Addition {
  runId: string;
  /** Batches of the run before these, and after them: whoever knows `before` has missed nothing. */
  before: number;
  after: number;
  /** In which the events were stored. */
  epoch: string;
  /** In order, without a gap between them. */
  events: readonly EventBytes[];
  snapshots: readonly SnapshotRow[];
}

/** The batches of one run that go into one transaction. */
export interface RunGroup extends Addition {
  first: number;
  next: number;
  events: EventBlock[];
  snapshots: SnapshotRow[];
  late: SnapshotRow[];
  live: Batch['live'];
  parts: { waiting: Waiting; next: number }[];
  stopRequested: boolean;
  stopReason: string | null;
}

/** For COPY; snapshots of the event before `first` are stored otherwise, as `late`. */
export function rowsOf(runs: readonly RunGroup[]): CopyRows {
  const snapshots = runs.map((run) => copySnapshots(run.runId, run.snapshots.slice(run.late.length)));
  return {
    events: runs.flatMap((run) => run.events.map((block) => block.rows)),
    snapshots: snapshots.filter((rows) => rows !== '').map((rows) => Buffer.from(rows)),
  };
}

/** The first batch of each run. Those of one run with another token are left for later: simcity_ingest_batch tells who may. */
export function onePerRun(group: readonly Waiting[]): Waiting[] {
  const runs = new Map<string, Waiting>();
  for (const waiting of group) if (!runs.has(waiting.runId)) runs.set(waiting.runId, waiting);
  return [...runs.values()];
}

/** The batches that follow one another from where the run stands, in the order in which they came. */
export function place(locked: LockedRun, group: readonly Waiting[]): RunGroup {
  const { runId, next, batches, stopRequested, stopReason } = locked;
  const run: RunGroup = {
    runId,
    before: batches,
    after: batches + 1,
    epoch: '',
    first: next,
    next,
    events: [],
    snapshots: [],
    late: [],
    live: undefined,
    parts: [],
    stopRequested,
    stopReason,
  };
  let token: Buffer | null = null;
  for (const waiting of group) {
    if (waiting.runId !== runId) continue;
    token ??= waiting.tokenHash;
    if (!token.equals(waiting.tokenHash) || !append(run, waiting.batch)) break;
    run.epoch = epochOf(token);
    run.parts.push({ waiting, next: run.next });
  }
  return run;
}

/** False: the batch repeats something, leaves a gap, or holds a snapshot out of its place. */
function append(run: RunGroup, { block, snapshots, live }: Batch): boolean {
  if (block === null || (block.count > 0 && block.first !== run.next)) return false;
  const next = run.next + block.count;
  const newest = run.snapshots.at(-1)?.index ?? -1;
  const lowest = Math.max(run.next - 1, newest + 1);
  for (const { index } of snapshots) if (index < lowest || index >= next) return false;
  run.next = next;
  if (block.count > 0) run.events.push(block);
  for (const snapshot of snapshots) {
    run.snapshots.push(snapshot);
    if (snapshot.index < run.first) run.late.push(snapshot);
  }
  run.live = live ?? run.live;
  return true;
}

/** What simcity_ingest_finish takes for a run. */
export function moved({ runId, first, next, events, live, late }: RunGroup): MovedRun {
  return {
    run: runId,
    first,
    next,
    started: first === 0 ? (events[0]?.firstAt ?? null) : null,
    live: live ?? null,
    late:
      late.length === 0
        ? null
        : late.map(({ index, at, metrics }) => ({ index, at, metrics: JSON.parse(metrics) as unknown })),
  };
}
