/** Ports and processes of this machine. */

import { createServer } from 'node:net';
import { identityOf } from '../../server/contract/process-lock/identity.ts';
import { CliError, EXIT } from '../process/errors.ts';

export const DEFAULT_PORT = 4600;

/** The port to listen on; 0 leaves the choice to the system. @throws CliError when a demanded one is taken. */
export async function choosePort(host: string, wanted: number | 'any' | 'usual'): Promise<number> {
  if (wanted === 'any' || wanted === 0) return 0;
  const port = wanted === 'usual' ? DEFAULT_PORT : wanted;
  const problem = await tryPort(host, port);
  if (problem === null) return port;
  if (wanted === 'usual') return 0;
  throw new CliError(`cannot listen on ${host}:${port}: ${problem}.`, {
    exitCode: EXIT.unreachable,
    hint: `Choose another with --port N; --port 0 takes any that is free.`,
  });
}

function tryPort(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'EADDRINUSE' ? 'the port is in use' : error.message),
    );
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/**
 * When a process was started, in clock ticks since boot: with its id it is that very process and no later one
 * that got the same id. Null where there is no /proc, or no such process.
 */
export function startOf(pid: number): string | null {
  return identityOf(pid).startTicks;
}

/**
 * True when the process is this user's, and the very one that was started then. Where there is no /proc its id
 * alone decides, and `start` is null.
 */
export function isOwnAlive(pid: number, start: string | null): boolean {
  // 0 and less stand for groups of processes.
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return startOf(pid) === start;
}
