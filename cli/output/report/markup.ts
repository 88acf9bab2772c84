/** HTML as values: whatever is put into a template is text, unless it is markup made by a template itself. */
import { safeLines } from '../../run/sanitize.ts';

/** Made only by `html`; nothing else is ever written unescaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Content = Markup | string | number | null | readonly Content[];

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A template whose values are escaped, for content and for attributes in quotes alike. */
export function html(parts: TemplateStringsArray, ...values: Content[]): Markup {
  let text = parts[0] ?? '';
  values.forEach((value, i) => {
    text += rendered(value) + (parts[i + 1] ?? '');
  });
  return new Markup(text);
}

function rendered(value: Content): string {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map((each: Content) => rendered(each)).join('');
  if (value === null) return '';
  return safeLines(String(value)).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
