/** What `simcity.config.ts` and `simcity.config.json` may hold: a field for each setting of the tables. */
import { z } from 'zod';
import { PROCESS_ROWS, type ProcessSettingName } from '../../server/contract/process-settings.ts';
import { RUN_ROWS } from '../../server/contract/run-settings.ts';
import { fieldOf, isHeeded, type Kind, type Setting } from '../../server/contract/setting.ts';
import { settingSchema } from '../../server/contract/setting-schema.ts';
import { readSetting, reportIn, SettingError } from '../../server/contract/setting-text.ts';

/** Makes an issue of what `read` throws. */
function checked<Value>(read: (text: string) => Value) {
  return z.string().transform((text, context) => {
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      context.addIssue({ code: 'custom', message: `must be ${error.must}` });
      return z.NEVER;
    }
  });
}

function schemaOf(setting: Setting): z.ZodType {
  switch (setting.kind) {
    case 'whole':
    case 'number':
    case 'flag':
    case 'choice':
    case 'rates':
      return settingSchema(setting);
    // Seconds, or a text such as `30s`.
    case 'seconds':
      return z.union([settingSchema(setting), checked((text) => readSetting(setting, text))]);
    // As an adapter declares them, or a text as a flag takes it.
    case 'rules':
      return z.union([settingSchema(setting), checked((text) => readSetting(setting, text))]);
    case 'comparisons':
      return z.array(checked((text) => asGiven(setting, text))).max(setting.most);
    case 'reports':
      return z.array(checked((text) => reportIn(setting, text)));
    default:
      return checked((text) => asGiven(setting, text));
  }
}

function asGiven(setting: Kind, text: string): string {
  readSetting(setting, text);
  return text;
}

const fields = (rows: readonly (readonly [string, Setting])[]) =>
  z
    .strictObject(
      Object.fromEntries(
        rows.filter(([, row]) => isHeeded(row, 'file')).map(([name, row]) => [name, schemaOf(row)]),
      ),
    )
    .partial();

export const configFileSchema = z
  .strictObject({
    $schema: z.string(),
    ...fields(PROCESS_ROWS.filter(([, { isInternal }]) => !isInternal)).shape,
    run: fields(RUN_ROWS.map(([name, row]) => [fieldOf(name, row), row])),
  })
  .partial();

export type ConfigFile = { [Name in ProcessSettingName]?: unknown } & { run?: Record<string, unknown> };
