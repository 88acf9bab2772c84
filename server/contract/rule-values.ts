/** The rules of a run without their schema: what a browser needs of them. */
import type { RULES } from './names.ts';

/** As an adapter or a flag writes them; every one may be left out. `declaredRulesSchema` says what each means. */
export interface DeclaredRules {
  keys?: boolean | undefined;
  keyTtl?: { seconds: number } | { keys: number } | null | undefined;
  holdTtl?: { seconds: number } | null | undefined;
  capacity?: number | [least: number, most: number] | undefined;
  buffer?: boolean | undefined;
  onePerCitizen?: boolean | undefined;
  secondCancel?: 'ok' | 'refused' | undefined;
  closing?: boolean | undefined;
  cancelsBy?: 'booking' | 'citizen' | undefined;
  ownCancelOnly?: boolean | undefined;
  reads?: { read?: { staleMs: number } | undefined; list?: { staleMs: number } | undefined } | undefined;
  errors?: number | undefined;
}
export type RuleName = keyof DeclaredRules;

/** All rules of a run. */
export interface ServiceRules {
  keys: boolean;
  keyTtl: { seconds: number } | { keys: number } | null;
  holdTtl: { seconds: number } | null;
  capacity: { least: number; most: number };
  buffer: boolean;
  onePerCitizen: boolean;
  secondCancel: 'ok' | 'refused';
  closing: boolean;
  /** `nobody`: there is no cancel, and the API shows no ids. Never declared, only learned. */
  cancelsBy: 'booking' | 'citizen' | 'nobody';
  ownCancelOnly: boolean;
  reads: { read: { staleMs: number }; list: { staleMs: number } };
  errors: number;
}

/** Where a rule comes from. */
export type RuleSource = 'flag' | 'adapter' | 'learned' | 'contract';

/** The booking contract's rules. `secondCancel` differs between services of the contract, and is learned. */
export const CONTRACT_RULES: Readonly<ServiceRules> = {
  keys: true,
  keyTtl: null,
  holdTtl: null,
  capacity: { least: 1, most: 5 },
  buffer: true,
  onePerCitizen: true,
  secondCancel: 'refused',
  closing: true,
  cancelsBy: 'booking',
  ownCancelOnly: false,
  reads: { read: { staleMs: 0 }, list: { staleMs: 0 } },
  errors: 0.2,
};

/** The rules that are declared, over those in `base`. */
export function withDeclared(base: Readonly<ServiceRules>, declared: DeclaredRules): ServiceRules {
  const { capacity, reads, ...others } = declared;
  const given = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined));
  const [least, most] = typeof capacity === 'number' ? [capacity, capacity] : (capacity ?? []);
  return {
    ...base,
    ...given,
    capacity: least === undefined || most === undefined ? base.capacity : { least, most },
    reads: { read: reads?.read ?? base.reads.read, list: reads?.list ?? base.reads.list },
  };
}

/** What is wrong with rules together, as a sentence; null: nothing. */
export function contradictionIn(declared: DeclaredRules): string | null {
  return contradictionOf(withDeclared(CONTRACT_RULES, declared));
}

/** The same of all rules of a run. */
export function contradictionOf({
  cancelsBy,
  onePerCitizen,
  capacity,
}: Pick<ServiceRules, 'cancelsBy' | 'onePerCitizen' | 'capacity'>): string | null {
  if (cancelsBy !== 'citizen' || onePerCitizen || capacity.most === 1) return null;
  return 'The rule cancelsBy=citizen needs onePerCitizen=yes or capacity=1: it does not say which of several bookings of a citizen is cancelled. Declare one of these, or cancelsBy=booking.';
}

/** A rule as flags name it: `read` and `list` are the two of `reads`. */
export type RuleFlag = (typeof RULES)[number]['name'];

/** The values of the rules that have few. */
export const RULE_CHOICES: { readonly [Name in RuleFlag]?: readonly string[] } = {
  keys: ['yes', 'no'],
  buffer: ['yes', 'no'],
  onePerCitizen: ['yes', 'no'],
  secondCancel: ['ok', 'refused'],
  closing: ['yes', 'no'],
  cancelsBy: ['booking', 'citizen'],
  ownCancelOnly: ['yes', 'no'],
};

/** Rules over rules: those of `over` hold where both say something. */
export function mergedRules(under: DeclaredRules, over: DeclaredRules): DeclaredRules {
  const reads = { ...under.reads, ...over.reads };
  return { ...under, ...over, ...(Object.keys(reads).length === 0 ? {} : { reads }) };
}

/** What the event `note` with `what: 'rules'` tells. */
export interface ToldRules {
  rules: ServiceRules;
  sources: Partial<Record<RuleName, RuleSource>>;
  /** Why a rule is as it is, for those that were learned. */
  learned: Partial<Record<RuleName, string>>;
  /** Those that the run's scenario depends on; left out: all. */
  concerns?: readonly RuleName[];
}
