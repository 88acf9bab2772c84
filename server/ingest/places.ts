/** Where runs stood after the last batches that this server stored for them. */

/** Beyond it, the run that was written longest ago is forgotten. */
const RUNS = 4_096;
/** A run that was elsewhere so often is written by another server too: asking where it stands costs less. */
const SURPRISES = 8;

export interface Place {
  next: number;
  /** Batches taken before. */
  batches: number;
}

interface Known extends Place {
  /** Of the token that stored the last batch; null: where the run stands is not known. */
  tokenHash: Buffer | null;
  surprises: number;
}

export class Places {
  readonly #runs = new Map<string, Known>();

  /** Where the run is expected to stand; null: it must be asked. `first`: index of the first event to store. */
  expected(runId: string, tokenHash: Buffer, first: number | undefined): Place | null {
    const known = this.#runs.get(runId);
    if (known) return known.surprises < SURPRISES && known.tokenHash?.equals(tokenHash) ? known : null;
    // Nothing was stored for a run whose first event comes, unless it is repeated.
    return first === 0 ? { next: 0, batches: 0 } : null;
  }

  /** After a commit. */
  learn(runId: string, tokenHash: Buffer, { next, batches }: Place): void {
    this.#set(runId, { next, batches, tokenHash, surprises: this.#runs.get(runId)?.surprises ?? 0 });
  }

  /** After something whose outcome is not known. */
  forget(runId: string): void {
    const known = this.#runs.get(runId);
    if (known) known.tokenHash = null;
  }

  /** The run was not where it was expected. */
  surprise(runId: string): void {
    const surprises = (this.#runs.get(runId)?.surprises ?? 0) + 1;
    this.#set(runId, { next: 0, batches: 0, tokenHash: null, surprises });
  }

  #set(runId: string, known: Known): void {
    this.#runs.delete(runId);
    this.#runs.set(runId, known);
    if (this.#runs.size <= RUNS) return;
    const [oldest] = this.#runs.keys();
    this.#runs.delete(oldest as string);
  }
}
