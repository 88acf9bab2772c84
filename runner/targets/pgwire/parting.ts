/** Where two executions of one seed part, what kind of difference that is, and what to do about it. */
import { shown, type TraceLine, type WireTrace } from './trace.ts';

export type PartingClass =
  | 'pool order'
  | "driver's timer"
  | 'background statement'
  | "the service's clock or chance"
  | 'unknown';

export interface Parting {
  /** The first line that differs, from 1. */
  readonly line: number;
  readonly first: string;
  readonly other: string;
  readonly class: PartingClass;
  readonly advice: string;
}

/** What takes place at another point is looked for within so many lines. */
const NEAR_LINES = 40;
const ENDED = '(the execution had ended)';

const ADVICE: Readonly<Record<PartingClass, string>> = {
  'pool order':
    'Requests that wait inside the service, for a connection or a lock of its own, went on in another order: let its pool have more connections, or say with --gate-pool how many it has.',
  "driver's timer":
    'A statement came earlier or later: a timer of the driver or of the service decided that. Open all connections at the start, and try --settle sleep.',
  'background statement':
    'A statement that no request asked for came at another time: switch the background job off while the service is tested.',
  "the service's clock or chance":
    'The service made another value by its clock or by chance: let it take a seed, or a fixed value, from its environment.',
  unknown: 'Try --settle sleep and --gate-service restart, and execute it again.',
};

export interface PartingOptions {
  /** False: values of statements, rows and bodies are left out of what is told. */
  readonly withValues?: boolean;
}

/** The first line in which they differ; null: they are the same. */
export function parting(
  a: WireTrace,
  b: WireTrace,
  { withValues = true }: PartingOptions = {},
): Parting | null {
  if (a.count === b.count && a.hash === b.hash) return null;
  const at = firstDifference(a.lines, b.lines);
  const first = a.lines[at];
  const other = b.lines[at];
  const kind = classOf(a.lines, b.lines, at);
  return {
    line: at + 1,
    first: first ? shown(first, withValues) : past(a, at),
    other: other ? shown(other, withValues) : past(b, at),
    class: kind,
    advice: ADVICE[kind],
  };
}

function past({ count }: WireTrace, at: number): string {
  return count > at ? '(a line that was not kept)' : ENDED;
}

function firstDifference(a: readonly TraceLine[], b: readonly TraceLine[]): number {
  let at = 0;
  for (; at < a.length && at < b.length; at++) {
    if (!isSame(a[at] as TraceLine, b[at] as TraceLine)) break;
  }
  return at;
}

function classOf(a: readonly TraceLine[], b: readonly TraceLine[], at: number): PartingClass {
  const first = a[at];
  const other = b[at];
  if (first?.owner === 'background' || other?.owner === 'background') return 'background statement';
  if (!first || !other) return 'unknown';
  if (first.owner === other.owner && first.kind === other.kind) {
    // The same statement or answer with another value in it.
    if (first.text === other.text || first.kind === 'answer') return "the service's clock or chance";
    if (isSame(digitless(first), digitless(other))) return "the service's clock or chance";
  }
  const comesLater = isNear(first, b, at);
  const cameLater = isNear(other, a, at);
  if (comesLater && cameLater) return first.owner === other.owner ? "driver's timer" : 'pool order';
  if (comesLater || cameLater) return "driver's timer";
  return 'unknown';
}

function isNear(line: TraceLine, lines: readonly TraceLine[], at: number): boolean {
  return lines.slice(at, at + NEAR_LINES).some((each) => isSame(each, line));
}

function isSame(a: TraceLine, b: TraceLine): boolean {
  return a.kind === b.kind && a.owner === b.owner && a.text === b.text && a.values === b.values;
}

/** Values that are written into a text differ in it. */
function digitless(line: TraceLine): TraceLine {
  return { ...line, text: line.text.replace(/'(?:[^']|'')*'|\d+(?:\.\d+)?/g, '?'), values: '' };
}
