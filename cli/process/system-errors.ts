/** What the operating system refuses any program, in sentences: space, a working directory, file descriptors. */
import { safeText } from '../run/sanitize.ts';
import { CliError, EXIT } from './errors.ts';

interface SystemError extends Error {
  code: string;
  syscall: string | undefined;
  path: string | undefined;
}

/** Null: it is none of these. */
export function systemRefusal(error: unknown): CliError | null {
  const found = systemErrorIn(error);
  const words = found === null ? null : wordsOf(found);
  if (words === null) return null;
  const [message, hint] = words;
  return new CliError(message, { exitCode: EXIT.unreachable, hint, cause: error });
}

function systemErrorIn(error: unknown): SystemError | null {
  if (!(error instanceof Error)) return null;
  const { code, syscall, path } = error as Partial<SystemError>;
  if (typeof code !== 'string') return systemErrorIn(error.cause);
  return Object.assign(new Error(error.message), { code, syscall, path });
}

function wordsOf({ code, syscall, path }: SystemError): [message: string, hint: string] | null {
  const where = path === undefined ? 'where the output goes' : `for ${safeText(path)}`;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return [`there is no space left ${where}.`, 'Make room, or write it elsewhere.'];
    case 'EMFILE':
      return [
        'there are too few file descriptors: this process may open no more files.',
        'Raise the limit and try again: ulimit -n 1024',
      ];
    case 'ENFILE':
      return ['the machine has no file descriptors left.', 'Close other programs, and try again.'];
    case 'ENOENT':
      return syscall === 'uv_cwd'
        ? ['the working directory is gone.', 'Change to one that exists, and try again.']
        : null;
    default:
      return null;
  }
}
