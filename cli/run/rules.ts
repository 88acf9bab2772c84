/** The rules of a run as events and bundles tell them, in lines that are safe to print. */
import type { JsonObject, RunEvent } from '../../server/contract/index.ts';
import { rulesText, rulesThatDiffer, toldRules } from '../../server/contract/rules-in-words.ts';
import { safeText } from './sanitize.ts';

/** True for the event that tells the rules. */
export function tellsRules({ type, data }: Pick<RunEvent, 'type' | 'data'>): boolean {
  return type === 'note' && data['what'] === 'rules';
}

/** All rules, a line each; empty when none are told. */
export function ruleLines(told: JsonObject | null | undefined): string[] {
  const found = toldRules(told);
  return found === null
    ? []
    : rulesText(found.rules, found.sources, found.learned, found.concerns).map(safeText);
}

/** Those that are others than the booking contract's, on one line. */
export function rulesInShort(told: JsonObject | null | undefined): string {
  const found = toldRules(told);
  const lines = found === null ? [] : rulesThatDiffer(found).map(safeText);
  return lines.length === 0 ? 'those of the booking contract' : lines.join('; ');
}
