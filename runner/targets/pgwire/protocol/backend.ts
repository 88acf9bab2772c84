/** Reads what the database server sends. */
import { FieldReader } from './fields.ts';
import { decodeValue, isBinary } from './values.ts';

const BODY_AT = 5;

/** The fields of an ErrorResponse or NoticeResponse by their letter. */
export function readFields(bytes: Buffer): Map<string, string> {
  const reader = new FieldReader(bytes, BODY_AT);
  const fields = new Map<string, string>();
  for (;;) {
    const letter = reader.byte();
    if (letter === 0) return fields;
    fields.set(String.fromCharCode(letter), reader.text());
  }
}

/** What an ErrorResponse says. */
export function readError(bytes: Buffer): { code: string; message: string } {
  const fields = readFields(bytes);
  return { code: fields.get('C') ?? 'XX000', message: fields.get('M') ?? '' };
}

/** `I`, `T` or `E`. */
export function readReady(bytes: Buffer): string {
  return String.fromCharCode(bytes[BODY_AT] ?? 0);
}

export function readTag(bytes: Buffer): string {
  return new FieldReader(bytes, BODY_AT).text();
}

/** The names of the columns. */
export function readRowNames(bytes: Buffer): string[] {
  const fields = new FieldReader(bytes, BODY_AT);
  return Array.from({ length: Math.max(0, fields.int16()) }, () => {
    const name = fields.text();
    // Table, column, type, size, modifier and format.
    fields.bytes(4 + 2 + 4 + 2 + 4 + 2);
    return name;
  });
}

/** The format codes of the columns. */
export function readRowFormats(bytes: Buffer): number[] {
  const fields = new FieldReader(bytes, BODY_AT);
  return Array.from({ length: Math.max(0, fields.int16()) }, () => {
    fields.text();
    // Table, column, type, size and modifier.
    fields.bytes(4 + 2 + 4 + 2 + 4);
    return fields.int16();
  });
}

export function readRow(bytes: Buffer, formats: readonly number[]): (string | null)[] {
  const fields = new FieldReader(bytes, BODY_AT);
  return Array.from({ length: Math.max(0, fields.int16()) }, (_, index) => {
    const size = fields.int32();
    return size < 0 ? null : decodeValue(fields.bytes(size), isBinary(formats, index));
  });
}

/** The pid of a BackendKeyData, or of who sent a NotificationResponse. */
export function readPid(bytes: Buffer): number {
  return new FieldReader(bytes, BODY_AT).int32();
}

/** An Authentication request: its kind, and what belongs to it. */
export function readAuthentication(bytes: Buffer): { kind: number; data: Buffer } {
  const fields = new FieldReader(bytes, BODY_AT);
  return { kind: fields.int32(), data: fields.rest() };
}
