/** Statements of which some are COPYs, with their rows, in one message to PostgreSQL and one round trip. */
import type { Duplex } from 'node:stream';
import type pg from 'pg';

/** Of a message CopyData: several small rows share one, a long row takes several. */
const PART_BYTES = 256 * 1024;

const COPY_DATA = 0x64;
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4]);

/** What PostgreSQL answered to one of the statements. */
export interface StatementResult {
  /** As in CommandComplete: `COPY 12`, `COMMIT`. */
  tag: string;
  /** Columns as text. */
  rows: readonly (readonly (string | null)[])[];
}

/**
 * A query of pg's client. PostgreSQL reads the rows from the connection when it comes to their COPY, so they
 * are sent behind the statements without waiting for its word that it has come there; when a statement fails,
 * it drops the rows that still arrive.
 */
export class CopyQuery {
  /** Resolves when all is done, rejects with the first error. */
  readonly done: Promise<StatementResult[]>;
  readonly #text: string;
  readonly #copies: readonly (readonly Buffer[])[];
  readonly #results: StatementResult[] = [];
  #rows: (string | null)[][] = [];
  readonly #settle: { resolve(results: StatementResult[]): void; reject(error: Error): void };

  /** `copies`: the rows for each `copy ... from stdin` of `text`, in the text format. */
  constructor(text: string, copies: readonly (readonly Buffer[])[]) {
    this.#text = text;
    this.#copies = copies;
    const { promise, resolve, reject } = Promise.withResolvers<StatementResult[]>();
    this.done = promise;
    this.#settle = { resolve, reject };
  }

  submit(connection: pg.Connection): void {
    const { stream } = connection;
    // All that is written until uncork goes to the system at once, from where it lies.
    stream.cork();
    try {
      connection.query(this.#text);
      for (const rows of this.#copies) {
        writeCopyData(stream, rows);
        stream.write(COPY_DONE);
      }
    } finally {
      stream.uncork();
    }
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    this.#rows.push(fields);
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#results.push({ tag: text, rows: this.#rows });
    this.#rows = [];
  }

  handleReadyForQuery(): void {
    this.#settle.resolve(this.#results);
  }

  handleError(error: Error): void {
    this.#settle.reject(error);
  }

  handleRowDescription(): void {}

  handleCopyInResponse(): void {}

  handleEmptyQuery(): void {}
}

/** CopyData need not end where a row does. */
function writeCopyData(stream: Duplex, rows: readonly Buffer[]): void {
  let part: Buffer[] = [];
  let bytes = 0;
  const flush = () => {
    if (bytes === 0) return;
    const header = Buffer.allocUnsafe(5);
    header[0] = COPY_DATA;
    header.writeUInt32BE(bytes + 4, 1);
    stream.write(header);
    for (const piece of part) stream.write(piece);
    part = [];
    bytes = 0;
  };
  for (const row of rows) {
    for (let from = 0; from < row.length; from += PART_BYTES) {
      const piece = row.length <= PART_BYTES ? row : row.subarray(from, from + PART_BYTES);
      if (bytes + piece.length > PART_BYTES) flush();
      part.push(piece);
      bytes += piece.length;
    }
  }
  flush();
}
