/** From the flags of `run` to what `POST /runs` takes. */

import type { Launch, Reduction } from '../../server/contract/index.ts';
import { refusalOf } from '../../server/contract/launch-check.ts';
import {
  RUN_ROWS,
  type RUN_SETTINGS,
  type RunSettingName,
  type RunValues,
} from '../../server/contract/run-settings.ts';
import { camelCase, flagOf, type ValueOf } from '../../server/contract/setting.ts';
import { messageOf, usageError } from '../process/errors.ts';
import { launchOf } from '../run/launch-form.ts';
import { safeText } from '../run/sanitize.ts';
import type { OutputFlags } from './presentation.ts';

/** What a setting is called among the flags. */
type FlagOf<Name extends RunSettingName> = (typeof RUN_SETTINGS)[Name] extends {
  flag: infer Flag extends string;
}
  ? Flag
  : Name;

type SettingFlags = {
  -readonly [Name in Exclude<RunSettingName, 'reduction'> as FlagOf<Name>]?: ValueOf<
    (typeof RUN_SETTINGS)[Name]
  >;
};

export interface RunFlags extends OutputFlags, Omit<SettingFlags, 'gate-service' | 'gate-pool'> {
  /** As `shrink` prints it. */
  reduction?: string;
  /** The command that starts the service that `target` names. */
  exec?: string;
  /** A file that maps the calls to the API of that service. */
  adapter?: string;
  /** The URL of the template behind the gate; true: one of ours. */
  gate?: string | true;
  gateSchema?: string;
  gatePrepare?: string;
  gateLarge?: true;
  server?: string;
  dataDir?: string;
  port?: number;
  detach?: true;
  /** Left out: as it is usual where the run is shown. */
  explain?: boolean;
}

/** The launch that the flags ask for. Nothing is loaded for it that is not needed. @throws CliError for what no run can be. */
export async function launchOfFlags(flags: RunFlags): Promise<Launch> {
  const given = flags as Readonly<Record<string, unknown>>;
  const values = Object.fromEntries(
    RUN_ROWS.map(([name, setting]) => [name, given[camelCase(flagOf(name, setting) ?? name)]]),
  ) as RunValues;
  const refused = refusalOf(values, flags.gate !== undefined);
  if (refused !== null) throw usageError(safeText(refused.why), safeText(refused.advice));
  return launchOf(
    flags.reduction === undefined ? values : { ...values, reduction: await reductionOf(flags.reduction) },
  );
}

async function reductionOf(text: string): Promise<Reduction> {
  const { parseReduction } = await import('../../server/contract/reduction.ts');
  try {
    return parseReduction(text);
  } catch (error) {
    throw usageError(`--reduction: ${safeText(messageOf(error))}`);
  }
}
