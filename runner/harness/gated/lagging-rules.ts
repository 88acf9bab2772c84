/** Reads that may lag behind, in a run whose time is virtual: how they are judged, and when they are strong. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceRules } from '../../../server/contract/index.ts';

/** A lag is of the service's clock, which no virtual time measures: any state since the start will do. */
const ANY_TIME_MS = 1e12;
/** So much longer than reads may lag is waited before the whole city is looked at, in ms. */
const MARGIN_MS = 100;

/** How long a read may lag behind, in ms; 0: all are strong. */
export function longestLagMs({ reads }: Readonly<ServiceRules>): number {
  return Math.max(reads.read.staleMs, reads.list.staleMs);
}

/** The rules by which single reads are judged. */
export function judgedRules(rules: Readonly<ServiceRules>): ServiceRules {
  const judged = ({ staleMs }: { staleMs: number }) => ({ staleMs: staleMs > 0 ? ANY_TIME_MS : 0 });
  const { read, list } = rules.reads;
  return { ...rules, reads: { read: judged(read), list: judged(list) } };
}

/** Resolves once no read lags behind any more, since nothing happens meanwhile. */
export async function restUntilStrong(rules: Readonly<ServiceRules>): Promise<void> {
  const lagMs = longestLagMs(rules);
  if (lagMs > 0) await delay(lagMs + MARGIN_MS);
}
