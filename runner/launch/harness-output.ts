/** The output of a harness, always drained: signs of life are told, of the rest the end is kept. */
import { LineSplitter } from '../../server/contract/child-process/line-splitter.ts';
import { OutputTail } from '../../server/contract/child-process/output-tail.ts';
import { type Alive, aliveSchema, type ChildExit } from './harness-child.ts';

const TAIL_LINES = 40;

export class HarnessOutput {
  readonly #stdout = new OutputTail();
  readonly #stderr = new OutputTail();
  readonly #lines: LineSplitter;

  constructor(onAlive: (alive: Alive) => void) {
    this.#lines = new LineSplitter((line, whole) => {
      const alive = whole ? parseAlive(line) : null;
      if (alive) onAlive(alive);
      else this.#stdout.add(Buffer.from(`${line}\n`));
    });
  }

  stdout(chunk: Buffer): void {
    this.#lines.add(chunk);
  }

  stderr(chunk: Buffer): void {
    this.#stderr.add(chunk);
  }

  stdoutEnded(): void {
    this.#lines.end();
  }

  kept(): Pick<ChildExit, 'stdout' | 'stderr' | 'droppedBytes'> {
    return {
      stdout: this.#stdout.lastLines(TAIL_LINES),
      stderr: this.#stderr.lastLines(TAIL_LINES),
      droppedBytes: this.#stdout.droppedBytes + this.#stderr.droppedBytes,
    };
  }
}

function parseAlive(line: string): Alive | null {
  if (!line.startsWith('{"alive":')) return null;
  try {
    return aliveSchema.parse(JSON.parse(line)).alive;
  } catch {
    return null;
  }
}
