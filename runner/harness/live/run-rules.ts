/** The rules of a run against a service: what is declared over the contract's, and where each comes from. */
import {
  CONTRACT_RULES,
  type DeclaredRules,
  mergedRules,
  type RuleName,
  type RuleSource,
  type ServiceRules,
  type ToldRules,
  withDeclared,
} from '../../../server/contract/index.ts';
import { sourceOfLesson } from '../../scenarios/bookings/live/learn-rules.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { HttpApi } from '../../targets/http/api.ts';

export interface RunRules {
  /** Completed by what is learned. */
  readonly rules: ServiceRules;
  /** Of the rules that are declared. */
  readonly sources: Readonly<Partial<Record<RuleName, RuleSource>>>;
  /** The rules that are not to be learned. */
  readonly declared: ReadonlySet<RuleName>;
}

/** `flags` go before what the adapter declares. */
export function runRulesOf(api: Pick<HttpApi, 'rules' | 'isContract'>, flags: DeclaredRules): RunRules {
  const rules = withDeclared(CONTRACT_RULES, mergedRules(api.rules, flags));
  const sources = { ...from('adapter', api.rules), ...from('flag', flags) };
  // What the contract leaves open is learned; of an adapter's service all that is not declared.
  const settled = api.isContract ? Object.keys(rules).filter((name) => name !== 'secondCancel') : [];
  return { rules, sources, declared: new Set([...Object.keys(sources), ...settled] as RuleName[]) };
}

/** As they are told and stored; `learned` says of each rule that was learned why it is as it is. */
export function toldRulesOf(
  { rules, sources }: Omit<RunRules, 'declared'>,
  learned: ToldRules['learned'],
  { rules: concerns }: Pick<Scenario, 'rules'>,
): ToldRules {
  const names = Object.keys(rules) as RuleName[];
  const told = names.map((name) => [name, sources[name] ?? sourceOfLesson(learned[name])]);
  return {
    rules,
    sources: Object.fromEntries(told),
    learned,
    ...(concerns === undefined ? {} : { concerns }),
  };
}

function from(source: RuleSource, rules: DeclaredRules): Partial<Record<RuleName, RuleSource>> {
  return Object.fromEntries(Object.keys(rules).map((name) => [name, source]));
}
