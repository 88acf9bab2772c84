/** Statements of which some are COPYs, with their rows, in one message to PostgreSQL and one round trip. */
import type pg from 'pg';

const COPY_DATA = 0x64;
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4]);

/**
 * A query of pg's client. PostgreSQL reads the rows from the connection when it comes to their COPY, so they
 * are sent behind the statements without waiting for its word that it has come there; when a statement fails,
 * it drops the rows that still arrive.
 */
export class CopyQuery {
  /** Resolves when all is done, rejects with the first error. */
  readonly done: Promise<void>;
  readonly #text: string;
  readonly #copies: readonly (readonly Buffer[])[];
  readonly #settle: { resolve(): void; reject(error: Error): void };

  /** `copies`: the rows for each `copy ... from stdin` of `text`, in the text format and in pieces of any size. */
  constructor(text: string, copies: readonly (readonly Buffer[])[]) {
    this.#text = text;
    this.#copies = copies;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = promise;
    this.#settle = { resolve, reject };
  }

  submit(connection: pg.Connection): void {
    const { stream } = connection;
    // All that is written until uncork goes to the system at once, from where it lies.
    stream.cork();
    try {
      connection.query(this.#text);
      for (const pieces of this.#copies) {
        for (const piece of pieces) {
          const header = Buffer.allocUnsafe(5);
          header[0] = COPY_DATA;
          header.writeUInt32BE(piece.length + 4, 1);
          stream.write(header);
          stream.write(piece);
        }
        stream.write(COPY_DONE);
      }
    } finally {
      stream.uncork();
    }
  }

  handleReadyForQuery(): void {
    this.#settle.resolve();
  }

  handleError(error: Error): void {
    this.#settle.reject(error);
  }

  handleRowDescription(): void {}

  handleDataRow(): void {}

  handleCommandComplete(): void {}

  handleCopyInResponse(): void {}

  handleEmptyQuery(): void {}
}
