/** What is said of a text that is no value, and what reading texts has in common. */
import { didYouMean } from './did-you-mean.ts';

/** A text that is no value of its setting. */
export class SettingError extends Error {
  /** What is right, as a noun: `a whole number from 1 to 64`. */
  readonly must: string;

  /** `meant`: what may have been meant, as a sentence with a space before it; empty when nothing is near. */
  constructor(must: string, meant = '') {
    super(`It takes ${must}.${meant}`);
    this.name = 'SettingError';
    this.must = `${must}${meant === '' ? '' : `.${meant.replace(/[?.]$/, '')}`}`;
  }
}

/** One of these names. `others`: what else is right, behind them. @throws SettingError with the nearest name. */
export function oneOf(choices: readonly { readonly name: string }[], text: string, others = ''): string {
  const names = choices.map(({ name }) => name);
  if (names.includes(text)) return text;
  throw new SettingError(`one of ${names.join(', ')}${others}`, didYouMean(text, names));
}

/** What stands between commas, without the spaces around it and without what is empty. */
export function partsOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
