/** What the definitions of commands share: how an action is loaded, and the frame of its help. */
import type { Command } from 'commander';

export type Action = (...args: never[]) => Promise<number>;

/** Wraps the loader of a command's code, so that it is loaded only when the command is called. */
export type Act = <A extends Action>(load: () => Promise<A>) => (...args: unknown[]) => Promise<void>;

/** A command line, and what it is good for. */
export type Example = [commandLine: string, what: string];

/** Adds examples at the end of a command's help. */
export function withExamples(command: Command, examples: readonly Example[]): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, what]) =>
    width > 50 ? `  # ${what}\n  $ ${line}` : `  $ ${line.padEnd(width)}  ${what}`,
  );
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** Adds the exit codes that a command has beside 0, 2 and 4, which mean the same everywhere. */
export function withExitCodes(command: Command, codes: string): Command {
  return command.addHelpText('after', `\nExit codes: ${codes}`);
}

export const VERDICT_CODES =
  '0 PASS, 1 FAIL, 2 wrong usage or ADAPTER ERROR, 3 STOPPED, 4 LOST, or server or database out of reach,\n130 interrupted.';
export const PLAIN_CODES =
  '0 done, 2 wrong usage or no such run, 4 the server or the database could not be reached.';
