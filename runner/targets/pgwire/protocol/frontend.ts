/** Reads what clients send once they are logged in. */
import { FieldReader } from './fields.ts';
import { decodeValue, isBinary } from './values.ts';

export interface Parse {
  readonly name: string;
  readonly text: string;
  /** OIDs of the parameters' types, as far as the client declares them. */
  readonly types: readonly number[];
}

export interface Bind {
  readonly portal: string;
  readonly statement: string;
  readonly values: readonly (string | null)[];
  /** The same as their bytes. */
  readonly raw: readonly (Buffer | null)[];
  /** Codes of the values: none is text, one is for all. */
  readonly formats: readonly number[];
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
  const [name, text] = [fields.text(), fields.text()];
  return {
    name,
    text,
    types: Array.from({ length: Math.max(0, fields.int16()) }, () => fields.int32() >>> 0),
  };
}

export function readBind(bytes: Buffer): Bind {
  const fields = new FieldReader(bytes, BODY_AT);
  const portal = fields.text();
  const statement = fields.text();
  const formats = fields.int16s();
  const raw = Array.from({ length: Math.max(0, fields.int16()) }, () => {
    const size = fields.int32();
    return size < 0 ? null : fields.bytes(size);
  });
  const values = raw.map((each, index) => each && decodeValue(each, isBinary(formats, index)));
  return { portal, statement, values, raw, formats, resultFormats: fields.int16s() };
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
