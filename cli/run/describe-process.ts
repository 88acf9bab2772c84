/** What is known of the process behind a failure, as lines: its exit code or signal, the last that it printed. */
import { safeJson, safeText } from './sanitize.ts';

/** Safe to print; what is not known, empty or none is left out. */
export function processLines(process: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(process).flatMap(([name, value]) => {
    const isNothing = value === null || value === undefined || (name === 'droppedBytes' && value === 0);
    if (isNothing || (Array.isArray(value) && value.length === 0)) return [];
    const words = safeText(name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`));
    if (!Array.isArray(value)) return [`${words}: ${plainText(value)}`];
    return [`${words}:`, ...value.map((each) => `  ${plainText(each)}`)];
  });
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? safeText(value) : safeJson(value);
}
