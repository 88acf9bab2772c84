/** The schema of a setting's value, as JSON holds it. */
import { z } from 'zod';
import { reductionSchema } from './reduction.ts';
import { declaredRulesSchema } from './rules.ts';
import type { Kind, Setting, ValueOf } from './setting.ts';
import { formOf } from './setting-text.ts';

/** What is stored may bear names that a list has no more, so names are checked by their form alone. */
export function settingSchema<Row extends Setting>(setting: Row): z.ZodType<ValueOf<Row>, ValueOf<Row>> {
  const names = 'choices' in setting && !['choice', 'rates', 'rules'].includes(setting.kind);
  const examples = names ? { examples: [...new Set(setting.choices.map(({ name }) => name))] } : {};
  const schema = schemaOf(setting).meta({ description: setting.help, ...examples });
  return schema as unknown as z.ZodType<ValueOf<Row>, ValueOf<Row>>;
}

function schemaOf(setting: Kind): z.ZodType {
  switch (setting.kind) {
    case 'whole':
      return z.int().min(setting.least).max(setting.most);
    case 'number':
      return (setting.least === undefined ? z.number().positive() : z.number().min(setting.least)).max(
        setting.most,
      );
    case 'seconds':
      return z.number().positive().max(setting.most);
    case 'flag':
      return z.boolean();
    case 'choice':
      return z.enum(namesIn(setting));
    case 'rates':
      return z.partialRecord(z.enum(namesIn(setting)), z.number().min(0).max(1));
    case 'rules':
      return declaredRulesSchema;
    case 'urls':
      return z
        .array(
          z
            .string()
            .max(2_000)
            .regex(/^https?:\/\/[^/?#\s]/i),
        )
        .max(16);
    case 'comparisons':
      return z.array(z.string().max(200)).max(setting.most);
    case 'reduction':
      return reductionSchema;
    case 'name':
    case 'bug':
      return z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/);
    case 'scenario':
      return z.string().regex(/^([a-z0-9][a-z0-9_-]{0,63}|module:.{1,200})$/);
    case 'target':
      return z.string().min(1).max(2_000);
    default:
      return z.string(`must be ${formOf(setting)}`).min(1);
  }
}

function namesIn({ choices }: { readonly choices: readonly { readonly name: string }[] }): string[] {
  return choices.map(({ name }) => name);
}
