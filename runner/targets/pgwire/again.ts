/** Asks what came over the wire once more, byte for byte as its client did, on a connection past the gate. */
import type { AsksAgain, BoundValues } from '../statements.ts';
import { PacketStream } from './packets.ts';
import { readRow, readRowNames } from './protocol/backend.ts';
import { boundStatement, query, TERMINATE } from './protocol/compose.ts';
import type { Backend } from './upstream.ts';

/** Of one message of an answer, in bytes: a row. */
const LIMIT = 64 * 1024 * 1024;
/** What a service has locked whole is waited for no longer: then there is no answer. */
const BEGIN = query("begin read only; set local lock_timeout = '1s'");
const ROLLBACK = query('rollback');

type Row = Readonly<Record<string, string | null>>;

export class Again implements AsksAgain {
  readonly #open: () => Promise<Backend>;
  #stream: PacketStream | null = null;

  /** `open`: a session like the client's. */
  constructor(open: () => Promise<Backend>) {
    this.#open = open;
  }

  async ask(text: string, bound: BoundValues): Promise<Row[] | null> {
    const rows = await this.#ask(text, bound);
    if (rows !== 'gone') return rows;
    // A crash ends every connection to the database, also this one: on another it can be asked.
    const later = await this.#ask(text, bound);
    return later === 'gone' ? null : later;
  }

  async #ask(text: string, bound: BoundValues): Promise<Row[] | null | 'gone'> {
    const stream = await this.#ready();
    if (!stream) return 'gone';
    stream.write(BEGIN, boundStatement(text, bound), ROLLBACK);
    const rows = await answerFrom(stream, bound.resultFormats);
    if (rows === 'gone') this.close();
    return rows;
  }

  close(): void {
    this.#stream?.write(TERMINATE);
    this.#stream?.socket.destroy();
    this.#stream = null;
  }

  async #ready(): Promise<PacketStream | null> {
    if (this.#stream) return this.#stream;
    const backend = await this.#open().catch(() => null);
    if (!backend) return null;
    this.#stream = new PacketStream(backend.socket, LIMIT);
    backend.socket.resume();
    return this.#stream;
  }
}

/** The rows of the statement between `begin` and `rollback`; null: it failed. */
async function answerFrom(stream: PacketStream, formats: readonly number[]): Promise<Row[] | null | 'gone'> {
  let columns: string[] = [];
  let hasFailed = false;
  const rows: Row[] = [];
  for (let ends = 0; ends < 3; ) {
    const message = await stream.message();
    if (message === null) return 'gone';
    const { type, bytes } = message;
    if (type === 'T') columns = readRowNames(bytes);
    else if (type === 'D') rows.push(namedRow(readRow(bytes, formats), columns));
    else if (type === 'E') hasFailed = true;
    else if (type === 'Z') ends++;
  }
  return hasFailed ? null : rows;
}

function namedRow(row: readonly (string | null)[], columns: readonly string[]): Row {
  return Object.fromEntries(row.map((value, index) => [columns[index] ?? String(index + 1), value]));
}
