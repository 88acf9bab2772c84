/** A run at a glance: whether all holds, how far it was tested, and what the city was put through, in a few words each. */
import { type Outcome, outcomeOf } from '../../server/contract/run-values.ts';
import { isQueuedAgain, waitingText } from './attempts.ts';
import { checkRows, faultRows, sometimesRows } from './checks.ts';
import { formatCompact, formatNumber } from './format.ts';
import { brokenOf } from './picture.ts';
import type { RunData } from './run-data.ts';
import { safeText } from './sanitize.ts';

/** Something that is said, the longest wording first. Safe to print. */
export interface Said {
  wordings: readonly string[];
  /** What goes first where there is no room: the highest. */
  drop: number;
  tone?: 'good' | 'bad' | 'warn';
}

export interface Health {
  /** `HEALTHY` while nothing broke, `BROKEN`, or how the run stands or ended. */
  word: string;
  tone: 'good' | 'bad' | 'warn' | 'wait';
  said: readonly Said[];
}

const WORDS: Partial<Record<Outcome, string>> = {
  QUEUED: 'WAITING',
  RUNNING: 'HEALTHY',
  STOPPING: 'STOPPING',
};

/** Whether all holds. */
export function healthOf(data: RunData): Health {
  const outcome = outcomeOf(data.status, data.end?.failure ?? data.run.failForensic);
  const broken = brokenOf(data);
  if (broken !== null) {
    const found = foundAfter(data);
    return {
      word: data.end === null ? 'BROKEN' : outcome,
      tone: 'bad',
      said: [
        { wordings: [safeText(broken.invariant ?? 'an invariant')], drop: 1, tone: 'bad' },
        ...(found === null ? [] : [{ wordings: [found], drop: 2 }]),
        { wordings: invariantsWordings(data), drop: 3 },
      ],
    };
  }
  if (isQueuedAgain(data))
    return {
      word: 'WAITING',
      tone: 'wait',
      said: [{ wordings: [safeText(waitingText(data.run).replace(/^waiting /, ''))], drop: 1 }],
    };
  if (outcome === 'QUEUED')
    return { word: 'WAITING', tone: 'wait', said: [{ wordings: ['for a runner'], drop: 1 }] };
  if (outcome === 'RUNNING' && Object.keys(data.metrics).length === 0)
    return { word: 'STARTING', tone: 'wait', said: [] };
  const tone = outcome === 'RUNNING' || outcome === 'PASS' ? 'good' : 'warn';
  return {
    word: WORDS[outcome] ?? outcome,
    tone,
    said: [{ wordings: invariantsWordings(data), drop: 1 }, ...reachedOf(data)],
  };
}

/** `9 of 9 invariants hold (21,400 checks)`. Without the count where the stream was not seen from its beginning. */
function invariantsWordings(data: RunData): string[] {
  const rows = checkRows(data);
  const holding = rows.filter(({ state }) => state === 'holds').length;
  const waiting = rows.filter(({ state }) => state === 'waiting').length;
  const open = waiting === 0 ? '' : `, ${waiting} not checked${data.end === null ? ' yet' : ''}`;
  const isWhole = data.tally.since === 0 && data.tally.passedOver === 0;
  const checks = rows.reduce((sum, { count }) => sum + (count ?? 0), 0);
  const counted = isWhole ? ` (${formatNumber(checks)} ${checks === 1 ? 'check' : 'checks'})` : '';
  const held = `${holding} of ${rows.length}`;
  return [
    `${held} invariants hold${open}${counted}`,
    `${held} invariants hold${open}`,
    `${held} hold${open}`,
  ];
}

/** What a run has to reach, once all of that is known. */
function reachedOf(data: RunData): Said[] {
  if (data.tally.closing === null && data.reached === null) return [];
  const rows = sometimesRows(data);
  const missing = rows.filter(({ count }) => count === 0);
  if (rows.length === 0) return [];
  const text = `${rows.length - missing.length} of ${rows.length} reached`;
  const first = missing[0];
  if (first === undefined) return [{ wordings: [text], drop: 2 }];
  const more = missing.length === 1 ? '' : ` and ${missing.length - 1} more`;
  if (data.end === null) return [{ wordings: [`${text}${notYet(first.name)}${more}`, text], drop: 2 }];
  return [{ wordings: [`${text}, never: ${safeText(first.name)}${more}`, text], drop: 2, tone: 'warn' }];
}

/** `a deadlock was broken` as `: no deadlock was broken yet`. */
function notYet(name: string): string {
  const what = safeText(name);
  return /^an? /.test(what) ? `: ${what.replace(/^an? /, 'no ')} yet` : `, not yet: ${what}`;
}

/** Above it, the number of operations is no limit that anybody set. */
export const NO_LIMIT = 100_000_000;

/** `found after 52 of 2,000 operations`; null while nothing tells how many there were. */
export function foundAfter({ metrics, run }: Pick<RunData, 'metrics' | 'run'>): string | null {
  const operations = metrics['operations'];
  if (operations === undefined) return null;
  return `found after ${plannedText(operations, run.config.operations)} operations`;
}

/** `52 of 2,000`: no more than were planned, for repeats are counted too. */
export function plannedText(operations: number, planned: number): string {
  if (planned >= NO_LIMIT) return formatNumber(operations);
  return `${formatNumber(Math.min(operations, planned))} of ${formatNumber(planned)}`;
}

/** What the city was put through, and how it answered. */
export function trafficOf(data: RunData): Said[] {
  const { ok = 0, refused = 0, unknown = 0 } = data.metrics;
  const all = ok + refused + unknown;
  const share = (count: number) => `${Math.round((count * 100) / Math.max(1, all))} %`;
  const struck = faultRows(data).filter(({ count }) => count > 0);
  const faults = data.metrics['faults'] ?? struck.reduce((sum, { count }) => sum + count, 0);
  const rate = data.end === null ? (data.changes['operations'] ?? 0) : averageRate(data);
  return [
    ...(rate > 0 ? [{ wordings: [`${formatNumber(Math.round(rate))} operations/s`], drop: 1 }] : []),
    ...(all === 0
      ? []
      : [
          {
            wordings: [`ok ${share(ok)}  refused ${share(refused)}  no answer ${share(unknown)}`],
            drop: 2,
          },
        ]),
    { wordings: faultWordings(faults, struck), drop: 3 },
  ];
}

function averageRate({ metrics, end }: RunData): number {
  const seconds = end?.durationSecondsActual ?? 0;
  return seconds > 0 ? (metrics['operations'] ?? 0) / seconds : 0;
}

/** With every kind, with fewer, and the number alone. */
function faultWordings(faults: number, struck: readonly { name: string; count: number }[]): string[] {
  if (faults === 0) return ['no faults'];
  const counted = `${formatNumber(faults)} ${faults === 1 ? 'fault' : 'faults'}`;
  const kinds = struck.map(({ name, count }) => `${safeText(name)} ${formatCompact(count)}`);
  const some = [kinds.length, 4, 3, 2, 1].filter((most, i) => i === 0 || most < kinds.length);
  return [
    ...some.flatMap((most) =>
      most === 0
        ? []
        : [
            `${counted}: ${kinds.slice(0, most).join(', ')}${most < kinds.length ? ` and ${kinds.length - most} more kinds` : ''}`,
          ],
    ),
    ...(kinds.length > 0 ? [`${counted} of ${kinds.length} ${kinds.length === 1 ? 'kind' : 'kinds'}`] : []),
    counted,
  ];
}
