/** The error for arguments that no tool takes. */
import { EXIT_USAGE, StartupError } from '../startup-error.ts';

export function wrongUsage(message: string): StartupError {
  return new StartupError('wrong_usage', message, {
    hint: 'Start it with no argument to serve, or with migrate [--list | --roles], token … or prune ….',
    exitCode: EXIT_USAGE,
  });
}
