/** A reason not to start, in the words of the ready line that a process prints instead of being ready. */
import type { Ready } from './contract/index.ts';

/** Exit codes of the processes: wrong configuration, and something unreachable or taken. */
export const EXIT_USAGE = 2;
export const EXIT_UNAVAILABLE = 4;

export class StartupError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(
    code: string,
    message: string,
    options: { hint?: string; exitCode?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'StartupError';
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? EXIT_UNAVAILABLE;
  }
}

/** The ready line that says why the process is not ready. Anything that is no StartupError is `internal`. */
export function notReady(error: unknown): { line: Ready; exitCode: number } {
  if (error instanceof StartupError) {
    const line: Ready = {
      ready: false,
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    };
    return { line, exitCode: error.exitCode };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { line: { ready: false, code: 'internal', message }, exitCode: EXIT_UNAVAILABLE };
}
