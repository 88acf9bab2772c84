/** A child process, watched from its first moment: how it ended is known, and it can be made to end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { Readable } from 'node:stream';

export interface Exit {
  /** Null when a signal ended it, or when it could not be started. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Why it could not be started; null when it was. */
  spawnError: string | null;
}

export interface ChildOptions {
  /** This process's own by default. */
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  uid?: number;
  gid?: number;
  /**
   * Its process group. `own`, the default: it leads one, so that a Ctrl-C in the terminal is this process's to act on.
   * `swept`: likewise, signals go to all of the group, and what it leaves behind there is killed. `shared`: this process's.
   */
  group?: 'own' | 'swept' | 'shared';
  /** A pipe by default, which is how a child learns that this process is gone. */
  stdin?: 'pipe' | 'ignore';
  /** Where stdout and stderr go: to pipes by default, which have to be read; or to a file descriptor. */
  output?: 'pipe' | 'ignore' | number;
}

const NO_DESCRIPTORS = 'there are too few file descriptors: raise the limit, as by ulimit -n 1024';

export class Child {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Empty when it is not a pipe, or when the child could not be started. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves once it is gone and its output is read to the end. Never rejects. */
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  readonly #swept: boolean;
  #gone = false;

  /** Starts `command` without a shell. */
  constructor(command: string, args: readonly string[], options: ChildOptions = {}) {
    const { group = 'own', stdin = 'pipe', output = 'pipe', env = process.env, ...rest } = options;
    const child = spawn(command, args, {
      ...rest,
      env: { ...env },
      detached: group !== 'shared',
      stdio: [stdin, output, output],
    });
    this.#process = child;
    this.#swept = group === 'swept';
    this.pid = child.pid;
    // Without file descriptors to spare there are no pipes, and the child has none either.
    this.stdout = child.stdout ?? Readable.from([]);
    this.stderr = child.stderr ?? Readable.from([]);
    // One that ended before it read everything is no error of this process's.
    child.stdin?.on('error', () => undefined);
    this.exited = new Promise((resolve) => {
      child.on('error', (error: NodeJS.ErrnoException) => {
        const spawnError = error.code === 'EMFILE' ? NO_DESCRIPTORS : error.message;
        if (child.pid === undefined) resolve({ code: null, signal: null, spawnError });
      });
      // What is left of the group keeps the pipes open, and with them `close` away.
      if (this.#swept) child.once('exit', () => this.kill('SIGKILL'));
      child.once('close', (code, signal) => {
        this.#gone = true;
        resolve({ code, signal, spawnError: null });
      });
    });
  }

  /** Writes a line to its stdin; nothing once that is closed. */
  say(line: string): void {
    if (this.#process.stdin?.writable) this.#process.stdin.write(`${line}\n`);
  }

  closeStdin(): void {
    this.#process.stdin?.end();
  }

  /** Sends a signal to it, or to its group when that is swept; to nobody once it is gone, whoever has its pid then. */
  kill(signal: NodeJS.Signals): void {
    if (this.#gone) return;
    if (!this.#swept) this.#process.kill(signal);
    else if (this.pid !== undefined) signalGroup(this.pid, signal);
  }

  /**
   * Closes its stdin and sends it the first of `signals`, and each further one after `graceMs` more. Resolves when it
   * is gone; what it still prints is thrown away.
   */
  async end(graceMs: number, signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGKILL']): Promise<void> {
    this.closeStdin();
    this.stdout.resume();
    const [first, ...further] = signals;
    if (first !== undefined) this.kill(first);
    const timers = further.map((signal, nth) => setTimeout(() => this.kill(signal), (nth + 1) * graceMs));
    await this.exited;
    for (const timer of timers) clearTimeout(timer);
  }

  /** From now on this process may end before it. */
  unref(): void {
    this.#process.unref();
  }
}

/** How it ended, in words: `exit code 3`, `signal SIGKILL`, or why it could not be started. */
export function exitText({ code, signal, spawnError }: Exit): string {
  return spawnError ?? (signal === null ? `exit code ${code}` : `signal ${signal}`);
}

/** The leader of a group gives it its id. No such group: all of it has ended. */
function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
