/** The process that a command sees, faked whole: what it writes is kept, and nothing leaves. */
import type { Context } from '../../cli/process/context.ts';
import { CliError } from '../../cli/process/errors.ts';
import { runProgram } from '../../cli/program.ts';

export interface FakeProcess {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs a command line in this process, as the process edge does. */
export async function runInProcess(args: string[], cwd: string): Promise<FakeProcess> {
  let stdout = '';
  let stderr = '';
  const context: Context = {
    env: {},
    cwd,
    isTerminal: { stdin: false, stdout: false, stderr: false },
    out: async (text) => {
      stdout += text;
    },
    err: (text) => {
      stderr += text;
    },
    leaving: new AbortController().signal,
    onSignal: () => () => {},
    leave: () => {},
    atExit: () => () => {},
    atExitSync: () => () => {},
  };
  try {
    return { exitCode: await runProgram(context, args), stdout, stderr };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { exitCode: error.exitCode, stdout, stderr: `${stderr}${error.message}\n  ${error.hint ?? ''}\n` };
  }
}
