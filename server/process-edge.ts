/** What every process of the server part does at its edge: one ready line, and an end when it is told. */
import { once } from 'node:events';
import { pino } from 'pino';
import {
  createRedactor,
  type Ready,
  secretsOfEnvironment,
  settingsOf,
  wrongVariable,
} from './contract/index.ts';

export type Log = ReturnType<typeof createLog>;

/** A logger of JSON lines on stderr, at the level of SIMCITY_LOG_LEVEL. */
export function createLog(name: string, env: NodeJS.ProcessEnv = process.env) {
  const { logLevel: level } = settingsOf(wrongVariable(env, 'SIMCITY_LOG_LEVEL') ? {} : env, ['logLevel']);
  const stderr = pino.destination({ dest: 2, sync: true });
  const redactor = createRedactor(secretsOfEnvironment(env));
  // The whole line is looked at: an error of a library may quote what nobody meant to log.
  return pino({ name, level }, { write: (line: string) => stderr.write(redactor.text(line)) });
}

/** Prints the one line that says that this process is ready, or why it is not. */
export function printReady(line: Ready): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Resolves once the process is told to end: SIGTERM, SIGINT, or the end of stdin (its parent is gone). */
export async function toldToEnd(): Promise<string> {
  // A parent that is gone also closes these; writing to them must not end the process early.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  const stdin = process.stdin;
  stdin.on('error', () => {});
  stdin.resume();
  const reasons = [
    ...(['SIGTERM', 'SIGINT', 'SIGHUP'] as const).map((signal) => once(process, signal).then(() => signal)),
    ...(['end', 'close', 'error'] as const).map((event) => once(stdin, event).then(() => 'end of stdin')),
  ];
  return Promise.race(reasons.map((reason) => reason.catch(() => 'end of stdin')));
}
