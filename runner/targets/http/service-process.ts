/** The service under test as a process of the run's own: started, killed in the middle of its work, started again. */
import { setTimeout as delay } from 'node:timers/promises';
import { Child } from '../../../server/contract/child-process/child.ts';
import { OutputTail } from '../../../server/contract/child-process/output-tail.ts';
import { maskCommand } from '../../../server/contract/index.ts';
import { childPids } from './child-pids.ts';
import { commandWords } from './command-words.ts';

/** A service that does not answer after this has not come up. */
const START_LIMIT_MS = 30_000;
const LOOK_EVERY_MS = 10;
const SHOWN_LINES = 40;

/**
 * Stands between the run and the service, as the leader of their group: when the run's process is gone, its
 * end of stdin closes, and the whole group is killed. A string, so that the bundle needs no file for it.
 */
const KEEPER = `
const { spawn } = require('node:child_process');
const [command, ...args] = process.argv.slice(1);
const end = () => { try { process.kill(-process.pid, 'SIGKILL'); } catch { process.exit(1); } };
process.stdin.resume();
process.stdin.on('end', end);
process.stdin.on('error', end);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => undefined);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
child.on('error', (error) => { process.stderr.write('cannot start ' + command + ': ' + error.message + '\\n'); process.exit(127); });
child.on('exit', (code, signal) => {
  process.stderr.write('the service ended: ' + (signal ?? 'exit code ' + code) + '\\n', () => process.exit(code ?? 1));
});
`;

/** How it stands with the service, for the forensic bundle. */
export interface ServiceReport {
  command: string;
  starts: number;
  kills: number;
  /** Times that it ended by itself. */
  ends: number;
  stdout: string[];
  stderr: string[];
  [more: string]: unknown;
}

/** What a service is given beside its own URL and port. */
export interface Surroundings {
  /** Added to this process's own environment; undefined takes a variable out of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What stands in the command in the place of `{name}`, by that name. */
  readonly placeholders: Readonly<Record<string, string>>;
}

const NO_SURROUNDINGS: Surroundings = { environment: {}, placeholders: {} };

/** A service that the run starts, kills and starts again, as one process or several. */
export interface StartedService {
  /** True while all of it runs, whether it answers or not. */
  readonly running: boolean;
  /** Times that it, or a part of it, ended although nobody killed it. */
  readonly ends: number;
  /** Resolves when all that runs now is gone. */
  readonly gone: Promise<void>;
  /** Starts what does not run, and waits until it answers; throws, with what it printed last, when it does not. */
  start(): Promise<void>;
  /** Kills one of its processes, the `n`th, with its whole group; resolves when it is gone. */
  kill(n?: number): Promise<void>;
  /** Leaves nothing running. */
  close(): Promise<void>;
  report(): ServiceReport;
  /** The processes that the command became, without those of SimCity beside them; none where they cannot be seen. */
  roots(): readonly number[];
}

export class ServiceProcess implements StartedService {
  /** As it is shown: without passwords and tokens. */
  readonly #command: string;
  readonly #words: readonly string[];
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #answers: () => Promise<boolean>;
  readonly #stdout = new OutputTail();
  readonly #stderr = new OutputTail();
  #child: Child | null = null;
  #roots: readonly number[] = [];
  #gone: Promise<void> = Promise.resolve();
  #expected = false;
  #starts = 0;
  #kills = 0;
  #ends = 0;

  /**
   * `answers` tells whether the service can be reached. The service finds its URL and PORT in its environment, and its
   * port wherever the command says `{port}`.
   * @throws Error when the command has no words.
   */
  constructor(
    command: string,
    url: URL,
    port: number,
    answers: () => Promise<boolean>,
    { environment, placeholders }: Surroundings = NO_SURROUNDINGS,
  ) {
    this.#command = maskCommand(command).text;
    this.#words = commandWords(command).map((word) => filled(word, { ...placeholders, port: String(port) }));
    this.#env = { ...environment, PORT: String(port), URL: url.origin };
    this.#answers = answers;
  }

  get running(): boolean {
    return this.#child !== null;
  }

  get ends(): number {
    return this.#ends;
  }

  get gone(): Promise<void> {
    return this.#gone;
  }

  async start(): Promise<void> {
    if (this.running) return;
    if (this.#starts === 0 && (await this.#answers())) {
      throw new Error(
        `The service cannot be started with ${JSON.stringify(this.#command)}: something else answers at its URL already. Stop that, or leave --exec out.`,
      );
    }
    this.#spawn();
    const startedMs = performance.now();
    while (!(await this.#answers())) {
      if (!this.running) throw new Error(this.#failure('ended before it answered'));
      if (performance.now() - startedMs > START_LIMIT_MS) {
        throw new Error(this.#failure(`did not answer within ${START_LIMIT_MS / 1_000} s`));
      }
      await delay(LOOK_EVERY_MS);
    }
    if (!this.running) throw new Error(this.#failure('ended while another one answered at its URL'));
  }

  async kill(): Promise<void> {
    if (this.#child === null) return;
    this.#kills++;
    await this.close();
  }

  async close(): Promise<void> {
    this.#expected = true;
    this.#child?.kill('SIGKILL');
    await this.#gone;
  }

  roots(): readonly number[] {
    if (this.#roots.length === 0 && this.#child?.pid !== undefined) this.#roots = childPids(this.#child.pid);
    return this.#roots;
  }

  report(): ServiceReport {
    return {
      command: this.#command,
      starts: this.#starts,
      kills: this.#kills,
      ends: this.#ends,
      stdout: this.#stdout.lastLines(SHOWN_LINES),
      stderr: this.#stderr.lastLines(SHOWN_LINES),
    };
  }

  #spawn(): void {
    this.#starts++;
    this.#expected = false;
    const child = new Child(process.execPath, ['-e', KEEPER, '--', ...this.#words], {
      group: 'swept',
      env: { ...process.env, ...this.#env },
    });
    this.#child = child;
    this.#stdout.follow(child.stdout);
    this.#stderr.follow(child.stderr);
    this.#gone = child.exited.then(() => {
      if (!this.#expected) this.#ends++;
      this.#child = null;
      this.#roots = [];
    });
  }

  #failure(what: string): string {
    const last = [...this.#stdout.lastLines(5), ...this.#stderr.lastLines(5)].join('\n');
    return `The service started with ${JSON.stringify(this.#command)} ${what}.${last === '' ? '' : ` It printed last:\n${last}`}`;
  }
}

/** What stands in brackets and has no such name is the command's own. */
function filled(word: string, placeholders: Readonly<Record<string, string>>): string {
  return word.replace(/\{([a-z.]+)\}/g, (all, name: string) =>
    Object.hasOwn(placeholders, name) ? (placeholders[name] as string) : all,
  );
}
