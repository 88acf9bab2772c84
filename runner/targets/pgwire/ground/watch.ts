/** Starts the janitor of a stage, and tells it what there is to clear away when this process is killed. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Child } from '../../../../server/contract/child-process/child.ts';
import type { JanitorOrder } from './janitor-order.ts';

export class Watch {
  readonly #janitor: Child;
  #order: JanitorOrder;

  constructor(order: JanitorOrder) {
    this.#order = order;
    this.#janitor = new Child(process.execPath, [janitorFile()], { output: 'ignore' });
    this.#janitor.unref();
    this.#janitor.say(JSON.stringify(order));
  }

  /** The gate has a folder for its socket, which it removes itself as a rule. */
  knowFolder(folder: string | null): void {
    this.#order = { ...this.#order, folder };
    this.#janitor.say(JSON.stringify(this.#order));
  }

  /** `isClear`: there is nothing left to do. */
  async end(isClear: boolean): Promise<void> {
    if (isClear) this.#janitor.say('over');
    this.#janitor.closeStdin();
    if (isClear) await this.#janitor.exited;
  }
}

/** Beside the bundle, or beside this file where SimCity runs from its sources. */
function janitorFile(): string {
  const source = fileURLToPath(new URL('./janitor.ts', import.meta.url));
  return existsSync(source) ? source : fileURLToPath(new URL('./gate-janitor.js', import.meta.url));
}
