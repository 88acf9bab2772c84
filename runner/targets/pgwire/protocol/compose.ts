/** Composes messages of the PostgreSQL protocol. */
import type { BoundValues } from '../../statements.ts';

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 4);
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(size), ...parts]);
}

export const SYNC = message('S');
export const FLUSH = message('H');
export const TERMINATE = message('X');

export function query(statement: string): Buffer {
  return message('Q', text(statement));
}

export function closeStatement(name: string): Buffer {
  return message('C', Buffer.from('S'), text(name));
}

/** The name that the gate's own statements and portals have; clients do not name theirs so. */
const OWN_NAME = 'simcity_gate';

/**
 * A statement of the gate's own. Not a simple Query: that would end the client's unnamed statement, which lib/pq binds
 * later. It is closed first as well, since an error leaves it there.
 */
export function ownStatement(statement: string): Buffer {
  const name = text(OWN_NAME);
  const close = [message('C', Buffer.from('P'), name), closeStatement(OWN_NAME)];
  return Buffer.concat([
    ...close,
    message('P', name, text(statement), int16(0)),
    message('B', name, name, int16(0), int16(0), int16(0)),
    message('E', name, int32(0)),
    ...close,
    SYNC,
  ]);
}

/** A statement with its values, in messages up to a Sync: the answer begins with the description of its rows. */
export function boundStatement(
  statement: string,
  { types, formats, values, resultFormats }: BoundValues,
): Buffer {
  const unnamed = text('');
  const int16s = (codes: readonly number[]) => [int16(codes.length), ...codes.map(int16)];
  const given = values.flatMap((bytes) => (bytes === null ? [int32(-1)] : [int32(bytes.length), bytes]));
  return Buffer.concat([
    message('P', unnamed, text(statement), int16(types.length), ...types.map((oid) => int32(oid | 0))),
    message(
      'B',
      unnamed,
      unnamed,
      ...int16s(formats),
      int16(values.length),
      ...given,
      ...int16s(resultFormats),
    ),
    message('D', Buffer.from('P'), unnamed),
    message('E', unnamed, int32(0)),
    SYNC,
  ]);
}

/** A statement that does nothing but raise this error. */
export function raising(code: string, words: string): string {
  const quote = (value: string) => `'${value.replaceAll("'", "''")}'`;
  // The message is a parameter of the format, so that a `%` in it means itself; the tag does not occur in it.
  return `do $simcity_gate$begin raise exception '%', ${quote(words.replaceAll('$simcity_gate$', ''))} using errcode = ${quote(code)}; end$simcity_gate$`;
}

export function errorResponse(code: string, words: string, severity: 'ERROR' | 'FATAL' = 'ERROR'): Buffer {
  return message(
    'E',
    text(`S${severity}`),
    text(`V${severity}`),
    text(`C${code}`),
    text(`M${words}`),
    Buffer.of(0),
  );
}

export function readyForQuery(state: string): Buffer {
  return message('Z', Buffer.from(state, 'latin1'));
}

/** An Authentication request of this kind. */
export function authentication(kind: number, data: Buffer = Buffer.alloc(0)): Buffer {
  return message('R', int32(kind), data);
}

/** Names of SASL mechanisms, as the server offers them. */
export function saslOffer(mechanisms: readonly string[]): Buffer {
  return authentication(10, Buffer.concat([...mechanisms.map(text), Buffer.of(0)]));
}

/** The first answer of a client to it. */
export function saslInitial(mechanism: string, data: string): Buffer {
  const bytes = Buffer.from(data);
  return message('p', text(mechanism), int32(bytes.length), bytes);
}

export function saslResponse(data: string): Buffer {
  return message('p', Buffer.from(data));
}

export function password(words: string): Buffer {
  return message('p', text(words));
}

/** The server speaks no newer minor version, and does not know these options. */
export function negotiateVersion(version: number, unknown: readonly string[]): Buffer {
  return message('v', int32(version), int32(unknown.length), ...unknown.map(text));
}
