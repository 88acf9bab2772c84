/** The certificate that the gate ends TLS with. */
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { expect, test } from 'vitest';
import { makeCertificate } from '../../runner/targets/pgwire/certificate.ts';

test('each certificate is well formed, signed by itself, for this machine alone, and another', () => {
  const serials = new Set<string>();
  for (let n = 0; n < 40; n++) {
    const { key, certificate } = makeCertificate();
    createSecureContext({ key, cert: certificate });
    const read = new X509Certificate(certificate);
    expect(read.verify(read.publicKey)).toBe(true);
    expect(read.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
    // Positive, in as few bytes as can be.
    expect(read.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    serials.add(read.serialNumber);
  }
  expect(serials.size).toBe(40);
});
