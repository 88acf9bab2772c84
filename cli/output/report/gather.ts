/** Reads from a server what a report is made of. */
import {
  type CityState,
  type EventPage,
  type Explanation,
  eventSchema,
  isServiceTarget,
  type Run,
  type RunEvent,
  type Snapshot,
  type SnapshotPage,
  type Why,
} from '../../../server/contract/index.ts';
import { chartsOfStart, usualCharts } from '../../run/chart-choice.ts';
import { tellsRules } from '../../run/rules.ts';
import { brokeAtOf, type ReportData } from './data.ts';

/** The calls of the API that a report is read by. */
export interface ReportSource {
  events(runId: string, query: { from: number; limit: number }): Promise<EventPage>;
  snapshots(runId: string, query: { from: number; limit: number; every: number }): Promise<SnapshotPage>;
  state(runId: string, at: number): Promise<CityState>;
  /** Null: nobody has asked why it broke. */
  task(runId: string, kind: 'explain'): Promise<Explanation | null>;
}

/** Points of a chart: more than its pixels would show nothing more. */
const MOST_SNAPSHOTS = 600;
const LAST_EVENTS = 50;
const PAGE = 1_000;

/** With `history` also what is drawn: metrics over time, the last events, the city. */
export async function gatherReport(api: ReportSource, run: Run, history: boolean): Promise<ReportData> {
  const [why, told] = await Promise.all([whyOf(api, run), toldOf(api, run)]);
  if (!history)
    return { run, snapshots: [], charts: [], lastEvents: [], city: null, lost: null, why, ...told };
  const [snapshots, start, lastEvents, city] = await Promise.all([
    thinnedSnapshots(api, run),
    api.events(run.id, { from: 0, limit: 1 }),
    lastEventsOf(api, run),
    // A report without it is better than none.
    run.live.eventIndex < 0
      ? null
      : api.state(run.id, brokeAtOf(run) ?? run.live.eventIndex).catch(() => null),
  ]);
  const charts = chartsOfStart(start.events[0]?.data ?? {}) ?? usualCharts(run.live.metrics);
  return { run, snapshots, charts, lastEvents, city, lost: null, why, ...told };
}

/** The rules are told before the first operation. */
const FIRST_EVENTS = 500;

/** What only runs against a service at a URL tell: its rules, and how far it was tested. */
export async function toldOf(api: ReportSource, run: Run): Promise<Pick<ReportData, 'closing' | 'rules'>> {
  if (!isServiceTarget(run.target) || run.live.eventIndex < 0) return { closing: null, rules: null };
  const [first, last] = await Promise.all([
    run.failForensic?.rules ? null : api.events(run.id, { from: 0, limit: FIRST_EVENTS }),
    api.events(run.id, { from: run.live.eventIndex, limit: 1 }),
  ]);
  return {
    rules: run.failForensic?.rules ?? first?.events.find(tellsRules)?.data ?? null,
    closing: last.events.find(({ type }) => type === 'end')?.data ?? null,
  };
}

/** Of a run that failed, once it is found. */
async function whyOf(api: ReportSource, run: Run): Promise<Why | null> {
  if (run.failForensic === null || run.status !== 'FAIL') return null;
  // A report without it is better than none.
  const explanation = await api.task(run.id, 'explain').catch(() => null);
  return explanation?.state === 'ready' ? explanation.result : null;
}

async function thinnedSnapshots(api: ReportSource, run: Run): Promise<Snapshot[]> {
  const stored = (run.live.eventIndex + 1) / run.config.snapshotEvery;
  const every = Math.max(1, Math.ceil(stored / MOST_SNAPSHOTS));
  const found: Snapshot[] = [];
  let from: number | null = 0;
  while (from !== null && found.length < 2 * MOST_SNAPSHOTS) {
    const page: SnapshotPage = await api.snapshots(run.id, { from, limit: PAGE, every });
    found.push(...page.snapshots);
    from = page.snapshots.length === 0 ? null : page.next;
  }
  return found;
}

/** The bundle's, which end where it broke; without a failure the newest. */
async function lastEventsOf(api: ReportSource, run: Run): Promise<RunEvent[]> {
  const told = (run.failForensic?.lastEvents ?? []).flatMap((event) => {
    const parsed = eventSchema.safeParse(event);
    return parsed.success ? [parsed.data] : [];
  });
  if (told.length > 0) return told;
  const from = Math.max(0, run.live.eventIndex - LAST_EVENTS + 1);
  return (await api.events(run.id, { from, limit: LAST_EVENTS })).events;
}
