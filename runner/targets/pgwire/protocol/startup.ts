/** The packets that a connection begins with. */
import { int32 } from './compose.ts';
import { FieldReader } from './fields.ts';
import { ProtocolViolation } from './framing.ts';

const CANCEL = 80877102;
const SSL = 80877103;
const GSS = 80877104;
const MAJOR = 3;

export type StartupPacket =
  | { readonly kind: 'ssl' | 'gss' }
  | { readonly kind: 'cancel'; readonly bytes: Buffer }
  | { readonly kind: 'startup'; readonly minor: number; readonly parameters: ReadonlyMap<string, string> };

/** @throws ProtocolViolation when it is none of them. */
export function readStartup(bytes: Buffer): StartupPacket {
  const fields = new FieldReader(bytes, 4);
  const code = fields.int32();
  if (code === SSL) return { kind: 'ssl' };
  if (code === GSS) return { kind: 'gss' };
  if (code === CANCEL) return { kind: 'cancel', bytes };
  if (code >> 16 !== MAJOR) {
    throw new ProtocolViolation(`unsupported frontend protocol ${code >> 16}.${code & 0xffff}`);
  }
  const parameters = new Map<string, string>();
  for (;;) {
    const name = fields.text();
    if (name === '') return { kind: 'startup', minor: code & 0xffff, parameters };
    parameters.set(name, fields.text());
  }
}

/** The version number of protocol 3 with this minor. */
export function versionOf(minor: number): number {
  return (MAJOR << 16) | minor;
}

export function startup(minor: number, parameters: Iterable<readonly [string, string]>): Buffer {
  const pairs = [...parameters].flat();
  const body = Buffer.concat([
    int32(versionOf(minor)),
    ...pairs.map((each) => Buffer.from(`${each}\0`)),
    Buffer.of(0),
  ]);
  return Buffer.concat([int32(body.length + 4), body]);
}

export const SSL_REQUEST = Buffer.concat([int32(8), int32(SSL)]);
