/** Makes the certificate that the gate ends TLS with: signed by itself, for this machine alone. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface Certificate {
  /** Both as PEM. */
  readonly key: string;
  readonly certificate: string;
}

// Written out in DER (X.680, RFC 5280): one certificate of one form does not need a library.
const TAG = {
  boolean: 1,
  integer: 2,
  bits: 3,
  octets: 4,
  oid: 6,
  utf8: 12,
  utcTime: 23,
  time: 24,
  sequence: 48,
  set: 49,
};
const IN_CONTEXT = 0xa0;

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 128) return Buffer.concat([Buffer.of(tag, body.length), body]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const digits = length.subarray(length.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.of(tag, 128 + digits.length), digits, body]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(TAG.sequence, ...parts);
}

function oid(hex: string): Buffer {
  return der(TAG.oid, Buffer.from(hex, 'hex'));
}

const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
const COMMON_NAME = oid('550403');
const SUBJECT_ALT_NAME = oid('551d11');
const BASIC_CONSTRAINTS = oid('551d13');
const IS_TRUE = der(TAG.boolean, Buffer.of(0xff));
/** Who asks for `verify-full` names the machine in one of these ways. */
const NAMES = sequence(
  der(0x82, Buffer.from('localhost')),
  der(0x87, Buffer.of(127, 0, 0, 1)),
  der(0x87, Buffer.from([...Array(15).fill(0), 1])),
);
/** It is thrown away with the run, so that the clock need not be asked. */
const VALIDITY = sequence(
  der(TAG.utcTime, Buffer.from('000101000000Z')),
  der(TAG.time, Buffer.from('99991231235959Z')),
);

/** A key of its own and a certificate for it. */
export function makeCertificate(): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const name = sequence(
    der(TAG.set, sequence(COMMON_NAME, der(TAG.utf8, Buffer.from('SimCity, the gate of one run')))),
  );
  const serial = randomBytes(16);
  // Positive, and of full length.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const content = sequence(
    der(IN_CONTEXT, der(TAG.integer, Buffer.of(2))),
    der(TAG.integer, serial),
    ECDSA_WITH_SHA256,
    name,
    VALIDITY,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      IN_CONTEXT + 3,
      sequence(
        sequence(BASIC_CONSTRAINTS, IS_TRUE, der(TAG.octets, sequence(IS_TRUE))),
        sequence(SUBJECT_ALT_NAME, der(TAG.octets, NAMES)),
      ),
    ),
  );
  const signature = der(TAG.bits, Buffer.of(0), sign('sha256', content, privateKey));
  const lines =
    sequence(content, ECDSA_WITH_SHA256, signature)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  };
}
