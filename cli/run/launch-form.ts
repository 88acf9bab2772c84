/** A launch as forms hold it, a text a setting; and the launch that values make. */
import { refusalOf } from '../../server/contract/launch-check.ts';
import { isModuleFile, moduleLabel } from '../../server/contract/module.ts';
import { splitCredentials } from '../../server/contract/redact.ts';
import type { Launch, Run } from '../../server/contract/run.ts';
import {
  CONFIG_ROWS,
  RUN_ROWS,
  RUN_SETTINGS,
  type RunSettingName,
  type RunValues,
} from '../../server/contract/run-settings.ts';
import { isHeeded } from '../../server/contract/setting.ts';
import { readSetting, SettingError, writeSetting } from '../../server/contract/setting-text.ts';

/** Texts by setting; what is left out or empty has its default. */
export type LaunchTexts = { readonly [Name in RunSettingName]?: string };

/** The settings that a form shows, in their order. */
export const FORM_ROWS = RUN_ROWS.filter(([, setting]) => isHeeded(setting, 'form'));

/** What is wrong with a launch, and with which of its settings. */
export interface LaunchProblem {
  setting: RunSettingName;
  text: string;
}

/** The settings of `run`, for another one with a fresh seed. */
export function textsOf({
  scenario,
  target,
  config,
}: Pick<Run, 'scenario' | 'target' | 'config'>): LaunchTexts {
  const values: RunValues = { ...config, scenario, target } as RunValues;
  return Object.fromEntries(FORM_ROWS.map(([name, setting]) => [name, writeSetting(setting, values[name])]));
}

/** The launch that the texts ask for, or what is wrong. */
export function readLaunch(texts: LaunchTexts): { launch: Launch } | { problem: LaunchProblem } {
  const values: Record<string, unknown> = {};
  for (const [name, setting] of FORM_ROWS) {
    const text = (texts[name] ?? '').trim();
    if (text === '') continue;
    try {
      values[name] = readSetting(setting, text);
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      return { problem: { setting: name, text: `${setting.label}: ${error.message}` } };
    }
  }
  // A form has a field for the target, and one for all of them.
  const targets = targetsOf(values);
  const refused = refusalOf({ ...values, targets });
  if (refused === null) return { launch: launchOf(values) };
  const { setting, why, advice } = refused;
  return { problem: { setting, text: `${RUN_SETTINGS[setting].label}: ${why} ${advice}` } };
}

/** The launch that values ask for. What is not asked for is left to the server, so that it is as it is there. */
export function launchOf(values: RunValues): Launch {
  const { scenario = RUN_SETTINGS.scenario.default, target, seed } = values;
  const config = Object.fromEntries(
    CONFIG_ROWS.flatMap(([name]) => {
      const value =
        name === 'operations' ? operationsOf(values) : name === 'targets' ? targetsOf(values) : values[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return {
    scenario: labelled(scenario),
    ...(target === undefined ? {} : { target: bare(target) }),
    ...(seed === undefined ? {} : { seed }),
    config,
  };
}

/** With only a duration given, the duration alone decides. */
function operationsOf({ operations, durationSeconds }: RunValues): number | undefined {
  return operations === undefined && durationSeconds !== undefined
    ? RUN_SETTINGS.operations.most
    : operations;
}

/** All URLs, the target first and none twice; of one alone nothing is said. */
function targetsOf({ target, targets }: RunValues): string[] | undefined {
  const all = [
    ...new Set([target, ...(targets ?? [])].flatMap((url) => (url === undefined ? [] : [bare(url)]))),
  ];
  return targets === undefined || all.length < 2 ? undefined : all;
}

/** Without user and password, which stay on this machine. */
function bare(target: string): string {
  return splitCredentials(labelled(target)).target;
}

function labelled(text: string): string {
  return isModuleFile(text) && !text.startsWith('module:') ? moduleLabel(text) : text;
}
