/** Errors that a person can act on, and the table of exit codes. */

/** The exit codes of every command; part of the public interface. */
export const EXIT = {
  /** The run passed, or the command did what it was asked to. */
  pass: 0,
  /** The run failed. */
  fail: 1,
  /** Wrong usage: an unknown command, a bad value, a run that does not exist; an adapter or module that failed. */
  usage: 2,
  /** The run was stopped by somebody. */
  stopped: 3,
  /** The server or the database could not be reached, or the run was lost. */
  unreachable: 4,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

/** An error whose message says what failed, with the next step as a hint; it never shows a stack. */
export class CliError extends Error {
  readonly exitCode: number;
  /** What to do next; one sentence or a command. */
  readonly hint: string | undefined;

  constructor(message: string, options: { exitCode: number; hint?: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CliError';
    this.exitCode = options.exitCode;
    this.hint = options.hint;
  }
}

/** Wrong usage: exit code 2. */
export function usageError(message: string, hint?: string): CliError {
  return new CliError(message, { exitCode: EXIT.usage, ...(hint === undefined ? {} : { hint }) });
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
