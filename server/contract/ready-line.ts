/** The first line on stdout of a process of SimCity, by which it says that it is ready, or why it is not. */

import type { Child } from './child-process/child.ts';
import { LineSplitter } from './child-process/line-splitter.ts';
import { type Ready, readySchema } from './process.ts';

/** Of that line, in characters: more than any message takes. */
const LONGEST_LINE = 64 * 1024;

/** What it prints after it is read and forgotten. Never resolves when there is none. */
export function firstLine({ stdout }: Child): Promise<string> {
  return new Promise((resolve) => {
    const lines = new LineSplitter(resolve, LONGEST_LINE);
    stdout.on('data', (chunk: Buffer) => lines.add(chunk));
  });
}

/** Null for another line. */
export function parseReady(line: string): Ready | null {
  try {
    const ready = readySchema.safeParse(JSON.parse(line));
    return ready.success ? ready.data : null;
  } catch {
    return null;
  }
}
