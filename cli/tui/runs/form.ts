/** The form that launches a run: what was typed, the field that is typed in, and the launch that comes of it. */
import type { Launch, Run } from '../../../server/contract/index.ts';
import { choicesOf } from '../../../server/contract/launch-check.ts';
import type { Named } from '../../../server/contract/names.ts';
import { isChosen } from '../../../server/contract/setting.ts';
import { FORM_ROWS, type LaunchTexts, readLaunch, textsOf } from '../../run/launch-form.ts';

export interface Form {
  values: LaunchTexts;
  /** Position in FORM_ROWS. */
  at: number;
  /** `field`: the setting that is wrong; null: what the server said. */
  error: { field: string | null; text: string } | null;
  /** True while the launch is on its way. */
  isSent: boolean;
}

export const EMPTY_FORM: Form = { values: {}, at: 0, error: null, isSent: false };

/** A form with the settings of `run` and a fresh seed. */
export function formOf(run: Run): Form {
  return { ...EMPTY_FORM, values: textsOf(run), at: placeOf('seed') };
}

/** What left and right go through in the field that is typed in; none in a field for any text. */
export function choicesHere({ values, at }: Form): readonly Named[] {
  const setting = FORM_ROWS[at]?.[1];
  if (setting === undefined || !isChosen(setting)) return [];
  const { scenario, target } = values;
  const choices = choicesOf(setting, { scenario: scenario || undefined, target: target || undefined });
  return setting.default === null ? [{ name: '', what: setting.unset ?? '' }, ...choices] : choices;
}

/** The position of the choice that the field stands at, also where that is the default; -1: another text. */
export function placeHere(form: Form): number {
  const [name, setting] = FORM_ROWS[form.at] ?? [];
  const value = (name && form.values[name]) || String(setting?.default ?? '');
  return choicesHere(form).findIndex((choice) => choice.name === value);
}

/** What a key does to the form; null when it means nothing in it. */
export function typeInForm(form: Form, key: string, text: string): Form | null {
  const name = FORM_ROWS[form.at]?.[0];
  if (name === undefined) return null;
  const value = form.values[name] ?? '';
  const put = (next: string): Form => ({ ...form, error: null, values: { ...form.values, [name]: next } });
  switch (key) {
    case 'up':
    case 'shift+tab':
      return { ...form, at: (form.at + FORM_ROWS.length - 1) % FORM_ROWS.length };
    case 'down':
    case 'tab':
      return { ...form, at: (form.at + 1) % FORM_ROWS.length };
    case 'left':
    case 'right': {
      const choices = choicesHere(form);
      const here = placeHere(form);
      const next = key === 'right' ? here + 1 : (here < 0 ? choices.length : here) - 1;
      return choices.length === 0 ? form : put(choices.at(next % choices.length)?.name ?? '');
    }
    case 'backspace':
      return put([...value].slice(0, -1).join(''));
    case 'ctrl+u':
      return put('');
    default:
      return text === '' ? null : put((value + text.replace(/\p{Cc}+/gu, '')).slice(0, 300));
  }
}

/** The launch that the form asks for, or the form with what is wrong, at the field that is. */
export function launchOfForm(form: Form): { launch: Launch } | { form: Form } {
  const read = readLaunch(form.values);
  if ('launch' in read) return read;
  const { setting, text } = read.problem;
  return { form: { ...form, at: placeOf(setting), error: { field: setting, text } } };
}

function placeOf(name: string): number {
  return FORM_ROWS.findIndex(([each]) => each === name);
}
