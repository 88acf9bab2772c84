/** Runs the built `simcity` without a terminal and gathers what it says. */
import { spawn } from 'node:child_process';

export interface CliResult {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  nodeArgs?: string[];
  /** Called once it runs, with what sends it a signal. */
  onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
  /** Called with all of stdout so far. */
  onStdout?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** Likewise for stderr. */
  onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs it to its end. The tests' own environment says nothing about CI, servers or databases. */
export function simcity(args: string[], options: CliOptions = {}): Promise<CliResult> {
  const child = spawn(
    process.execPath,
    [...(options.nodeArgs ?? []), `${process.cwd()}/cli/simcity.js`, ...args],
    {
      cwd: options.cwd ?? process.cwd(),
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        // Said, though it is the default: then no SimCity of another test on the usual port is talked to.
        SIMCITY_DATA_DIR: '.simcity',
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  options.onStart?.((signal) => child.kill(signal));
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    options.onStdout?.(stdout, (signal) => child.kill(signal));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    options.onStderr?.(stderr, (signal) => child.kill(signal));
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}
