/** What a harness said last on stderr, and whose code it blamed. */
import { z } from 'zod';

const LONGEST = 500;

export interface LastWords {
  message: string;
  /** The file of the user's that brought the end about; undefined: none did, as far as is known. */
  by?: 'target' | 'scenario' | 'adapter' | undefined;
  /** Where in it, such as `./my-service.ts:17`. */
  at?: string | undefined;
  /** True once the history had begun: before that files were loaded and the city set up. */
  hasBegun?: boolean | undefined;
}

const wordsSchema = z.object({
  message: z.string(),
  by: z.enum(['target', 'scenario', 'adapter']).optional(),
  at: z.string().optional(),
  hasBegun: z.boolean().optional(),
});

/**
 * The last record of its own that blames somebody, for code that is ended may still print something; else its last
 * line: a record's message, Node's line of the error, or the line itself. Null: it said nothing.
 */
export function lastWords(lines: readonly string[]): LastWords | null {
  const last = lines.at(-1);
  if (last === undefined) return null;
  const blaming = lines.map(parsed).findLast((words) => words?.by !== undefined && words.at !== undefined);
  const told = blaming ?? parsed(last) ?? { message: lines.findLast(isErrorLine) ?? last };
  return { ...told, message: told.message.slice(0, LONGEST) };
}

function isErrorLine(line: string): boolean {
  return /^[\w$.]*Error\b.*:/.test(line);
}

function parsed(line: string): LastWords | null {
  try {
    const words = wordsSchema.safeParse(JSON.parse(line));
    return words.success ? words.data : null;
  } catch {
    // Not ours: a line of Node's own, of a library, or cut.
    return null;
  }
}
