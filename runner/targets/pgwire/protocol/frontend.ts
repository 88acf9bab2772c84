/** Reads what clients send once they are logged in. */
import { FieldReader } from './fields.ts';
import { decodeValue, isBinary } from './values.ts';

export interface Parse {
  readonly name: string;
  readonly text: string;
}

export interface Bind {
  readonly portal: string;
  readonly statement: string;
  readonly values: readonly (string | null)[];
  /** Codes of the result's columns: none is text, one is for all. */
  readonly resultFormats: readonly number[];
}

/** Of Close and Describe: a prepared statement (`S`) or a portal (`P`). */
export interface Named {
  readonly what: string;
  readonly name: string;
}

/** The body begins after the type and the length. */
const BODY_AT = 5;

export function readQuery(bytes: Buffer): string {
  return new FieldReader(bytes, BODY_AT).text();
}

export function readParse(bytes: Buffer): Parse {
  const fields = new FieldReader(bytes, BODY_AT);
  return { name: fields.text(), text: fields.text() };
}

export function readBind(bytes: Buffer): Bind {
  const fields = new FieldReader(bytes, BODY_AT);
  const portal = fields.text();
  const statement = fields.text();
  const formats = fields.int16s();
  const values = Array.from({ length: Math.max(0, fields.int16()) }, (_, index) => {
    const size = fields.int32();
    return size < 0 ? null : decodeValue(fields.bytes(size), isBinary(formats, index));
  });
  return { portal, statement, values, resultFormats: fields.int16s() };
}

export function readNamed(bytes: Buffer): Named {
  const fields = new FieldReader(bytes, BODY_AT);
  return { what: String.fromCharCode(fields.byte()), name: fields.text() };
}

/** The portal that an Execute names. */
export function readExecute(bytes: Buffer): string {
  return new FieldReader(bytes, BODY_AT).text();
}

/** A FunctionCall, in words: it has no text. */
export function readFunctionCall(bytes: Buffer): { text: string; values: (string | null)[] } {
  const fields = new FieldReader(bytes, BODY_AT);
  const oid = fields.int32() >>> 0;
  const formats = fields.int16s();
  const values = Array.from({ length: Math.max(0, fields.int16()) }, (_, index) => {
    const size = fields.int32();
    return size < 0 ? null : decodeValue(fields.bytes(size), isBinary(formats, index));
  });
  return { text: `(function ${oid})`, values };
}
