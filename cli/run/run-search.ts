/**
 * Which runs a filter means: one of the states, and what is typed: words that must all be found, some of them in one
 * field (`bug:phantom`).
 */
import type { Run } from '../../server/contract/run.ts';
import { reasonOf, runOutcome } from './outcome.ts';
import { isActive } from './run-list.ts';
import { runName } from './run-name.ts';

/** What runs are told apart by, as plain text; not safe to print. */
const FIELDS = {
  state: (run: Run) => runOutcome(run),
  scenario: ({ scenario }: Run) => scenario,
  target: ({ target }: Run) => target,
  bug: (run: Run) => bugText(run),
  faults: (run: Run) => faultsText(run),
  seed: ({ seed }: Run) => String(seed),
  campaign: ({ campaign }: Run) => campaign ?? '',
  why: (run: Run) => reasonOf(run),
} as const satisfies Record<string, (run: Run) => string>;

export const RUN_FIELDS = Object.keys(FIELDS) as (keyof typeof FIELDS)[];

/** `check-then-insert`; '' for none. Not safe to print. */
export function bugText({ config }: Run): string {
  return config.bug ?? '';
}

/** The profile, and the rates that differ from it: `rough drop-response=0.02`. Not safe to print. */
export function faultsText({ config }: Run): string {
  const rates = Object.entries(config.faultRates).map(([name, rate]) => `${name}=${rate}`);
  return [config.faults, ...rates].join(' ');
}

/** The states that a list can be narrowed to. */
export const FILTERS = ['ALL', 'ACTIVE', 'PASS', 'FAIL', 'LOST', 'ADAPTER ERROR', 'STOPPED'] as const;
export type Filter = (typeof FILTERS)[number];

/** The runs that a filter means, in their order; all for one that says nothing. */
export function filterRuns(runs: readonly Run[], text: string, filter: Filter = 'ALL'): readonly Run[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && filter === 'ALL') return runs;
  return runs.filter((run) => isInState(run, filter) && words.every((word) => isFoundIn(run, word)));
}

function isInState(run: Run, filter: Filter): boolean {
  if (filter === 'ALL') return true;
  return filter === 'ACTIVE' ? isActive(run) : runOutcome(run) === filter;
}

function isFoundIn(run: Run, word: string): boolean {
  const [, name = '', value = ''] = /^([a-z]+):(.*)$/.exec(word) ?? [];
  if (name in FIELDS) return FIELDS[name as keyof typeof FIELDS](run).toLowerCase().includes(value);
  if (word.startsWith('#')) return runName(run).startsWith(word);
  const all = [runName(run), run.id, ...RUN_FIELDS.map((field) => FIELDS[field](run))];
  return all.some((each) => each.toLowerCase().includes(word));
}
