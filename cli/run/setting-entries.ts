/** The settings of a run in words: every default and the seed, as they were resolved. */
import type { Run } from '../../server/contract/run.ts';
import { RUN_ROWS, type RunValues } from '../../server/contract/run-settings.ts';
import { flagOf, isHeeded, type Kind, type Setting } from '../../server/contract/setting.ts';
import { writeSetting } from '../../server/contract/setting-text.ts';
import { isServiceTarget } from '../../server/contract/target-limits.ts';
import { engineTextOf } from './engine-text.ts';
import { safeText } from './sanitize.ts';

/** The settings of a run as `name value` pairs, in the order of their table. */
export function settingEntries(run: Run): [name: string, value: string][] {
  const values: RunValues = {
    ...run.config,
    scenario: run.scenario,
    target: run.target,
    seed: run.seed,
  } as RunValues;
  const entries = RUN_ROWS.flatMap(([name, setting]): [string, string][] => {
    const text = safeText(writeSetting(setting, values[name]));
    if (!isHeeded(setting, 'print') || (text === '' && isToldOtherwise(setting))) return [];
    if (setting.isOfServices === true && !isServiceTarget(run.target)) return [];
    // What only a gate heeds is told where it is not as usual.
    if (setting.isOfGate && (run.config.gate === null || isUsual(setting, values[name]))) return [];
    if (setting.isToldWhenSet && isUsual(setting, values[name])) return [];
    return [[flagOf(name, setting) ?? name, text || 'none']];
  });
  const engine = engineTextOf(run);
  if (engine === null) return entries;
  // Beside the seed, which means something only to this generation.
  const afterSeed = entries.findIndex(([name]) => name === 'seed') + 1;
  return entries.toSpliced(afterSeed, 0, ['generation', engine.generation], ['version', engine.version]);
}

function isUsual({ default: usual }: Setting, value: unknown): boolean {
  return (value ?? null) === usual;
}

/**
 * Without rates of its own a run has those of its profile, and without rules those of the adapter, or those that it
 * learned: all of them are told elsewhere. So is the target when it is the only one.
 */
function isToldOtherwise({ kind }: Kind): boolean {
  return kind === 'rates' || kind === 'rules' || kind === 'urls';
}
