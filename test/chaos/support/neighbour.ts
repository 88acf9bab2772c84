/** Another user of the machine under the test's control, who prepares paths and listens on ports. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Answer, Order } from '../fixtures/neighbour.ts';
import { ROW_VARIABLE } from './processes.ts';
import type { Row } from './row.ts';
import { within } from './until.ts';

const NOBODY = 65_534;

/** True when processes of another user can be started. */
export const CAN_BE_ANOTHER = process.getuid?.() === 0;

export interface Request {
  /** Method and path, or what else came in. */
  request: string;
  authorization: string | null;
}

export class Neighbour {
  /** Whose paths and ports they are: nobody's when this is root, else one's own, and only prepared alike. */
  readonly uid: number;
  readonly pid: number;
  /** What its ports got, the oldest first. */
  requests: Request[] = [];
  readonly #child: ChildProcess;
  readonly #waiting: ((answer: Answer) => void)[] = [];

  private constructor(child: ChildProcess, uid: number, lines: Interface) {
    this.#child = child;
    this.uid = uid;
    this.pid = child.pid as number;
    lines.on('line', (line) => {
      const answer = JSON.parse(line) as Answer;
      if ('request' in answer) this.requests.push(answer);
      else this.#waiting.shift()?.(answer);
    });
  }

  /** `prefix`: words before `node`, such as those that enter a network namespace. */
  static async start(row: Row, prefix: readonly string[]): Promise<Neighbour> {
    const uid = CAN_BE_ANOTHER ? NOBODY : (process.getuid?.() ?? 0);
    const script = join(import.meta.dirname, '../fixtures/neighbour.ts');
    const [file = process.execPath, ...words] = [...prefix, process.execPath, script, String(uid)];
    const child = spawn(file, words, {
      env: { PATH: process.env['PATH'], [ROW_VARIABLE]: row.tag },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    row.defer(async () => {
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    return new Neighbour(child, uid, createInterface({ input: child.stdout }));
  }

  /** Carries an order out. @throws when that fails. */
  async #order(order: Order): Promise<number> {
    const answered = new Promise<Answer>((resolve) => this.#waiting.push(resolve));
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    const answer = await within(`the neighbour does ${order.do}`, 30_000, answered);
    if ('done' in answer) return answer.done;
    throw new Error(`the neighbour: ${JSON.stringify(answer)}`);
  }

  async folder(path: string, mode?: number): Promise<void> {
    await this.#order({ do: 'folder', path, ...(mode === undefined ? {} : { mode }) });
  }

  async file(path: string, content: string | Buffer, mode?: number): Promise<void> {
    const base64 = Buffer.from(content).toString('base64');
    await this.#order({ do: 'file', path, base64, ...(mode === undefined ? {} : { mode }) });
  }

  async link(path: string, to: string): Promise<void> {
    await this.#order({ do: 'link', path, to });
  }

  /** Listens as a server that wants a token; answers its port. */
  listen(port: number): Promise<number> {
    return this.#order({ do: 'listen', port });
  }

  async stopListening(port: number): Promise<void> {
    await this.#order({ do: 'stop listening', port });
  }

  /** Listens as a database; answers its port. */
  listenAsDatabase(): Promise<number> {
    return this.#order({ do: 'listen as a database' });
  }

  /** When its process was started, as the kernel tells. */
  start(): string {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] as string;
  }

  /** What its ports got since it was last asked. */
  taken(): Request[] {
    const taken = this.requests;
    this.requests = [];
    return taken;
  }
}
