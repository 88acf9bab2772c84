/** SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677), from both sides. */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

export const SCRAM = 'SCRAM-SHA-256';
const ITERATIONS = 4096;
const NONCE_BYTES = 18;
const SALT_BYTES = 16;
const KEY_BYTES = 32;

function hmac(key: Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

function xor(one: Buffer, other: Buffer): Buffer {
  return Buffer.from(one.map((byte, index) => byte ^ (other[index] ?? 0)));
}

/** `r=…,s=…,i=…` by their letter. */
function attributes(message: string): Map<string, string> {
  return new Map(message.split(',').map((each) => [each.slice(0, 1), each.slice(2)]));
}

/** Passwords are prepared as SASLprep would for all that one can type: in Unicode's form KC. */
function salted(password: string, salt: Buffer, iterations: number): Buffer {
  return pbkdf2Sync(password.normalize('NFKC'), salt, iterations, KEY_BYTES, 'sha256');
}

function isEqual(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

/** What the gate keeps of its password; made once, since it is slow on purpose. */
export class ScramVerifier {
  readonly salt = randomBytes(SALT_BYTES);
  readonly iterations = ITERATIONS;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;

  constructor(password: string) {
    const key = salted(password, this.salt, ITERATIONS);
    this.storedKey = sha256(hmac(key, 'Client Key'));
    this.serverKey = hmac(key, 'Server Key');
  }
}

/** The server's side of one exchange. Each step answers null when the client is to be refused. */
export class ScramServer {
  readonly #verifier: ScramVerifier;
  #header = '';
  #clientFirst = '';
  #serverFirst = '';
  #nonce = '';

  constructor(verifier: ScramVerifier) {
    this.#verifier = verifier;
  }

  first(message: string): string | null {
    // `n`: the client cannot bind to the channel; `y`: it can, and saw that we do not offer it.
    const parts = /^([ny],,)((?:n=[^,]*),r=([!-+\--~]+).*)$/s.exec(message);
    if (!parts) return null;
    const [, header = '', bare = '', nonce = ''] = parts;
    this.#header = header;
    this.#clientFirst = bare;
    this.#nonce = nonce + randomBytes(NONCE_BYTES).toString('base64');
    const { salt, iterations } = this.#verifier;
    this.#serverFirst = `r=${this.#nonce},s=${salt.toString('base64')},i=${iterations}`;
    return this.#serverFirst;
  }

  final(message: string): string | null {
    const at = message.lastIndexOf(',p=');
    if (at < 0) return null;
    const withoutProof = message.slice(0, at);
    const said = attributes(withoutProof);
    if (said.get('r') !== this.#nonce) return null;
    if (said.get('c') !== Buffer.from(this.#header).toString('base64')) return null;
    const proof = Buffer.from(message.slice(at + 3), 'base64');
    const signed = `${this.#clientFirst},${this.#serverFirst},${withoutProof}`;
    if (proof.length !== KEY_BYTES) return null;
    const key = xor(proof, hmac(this.#verifier.storedKey, signed));
    if (!isEqual(sha256(key), this.#verifier.storedKey)) return null;
    return `v=${hmac(this.#verifier.serverKey, signed).toString('base64')}`;
  }
}

/** The client's side of one exchange; errors say what the server did wrong. */
export class ScramClient {
  readonly #password: string;
  readonly #nonce = randomBytes(NONCE_BYTES).toString('base64');
  #signature = '';

  constructor(password: string) {
    this.#password = password;
  }

  first(): string {
    return `n,,n=,r=${this.#nonce}`;
  }

  final(serverFirst: string): string {
    const said = attributes(serverFirst);
    const nonce = said.get('r') ?? '';
    const iterations = Number(said.get('i'));
    if (!nonce.startsWith(this.#nonce) || nonce.length <= this.#nonce.length) {
      throw new Error("the server's SCRAM nonce is not ours");
    }
    if (!Number.isInteger(iterations) || iterations < 1 || iterations > 10_000_000) {
      throw new Error("the server's SCRAM iterations are not a number that can be");
    }
    const key = salted(this.#password, Buffer.from(said.get('s') ?? '', 'base64'), iterations);
    const clientKey = hmac(key, 'Client Key');
    const withoutProof = `c=biws,r=${nonce}`;
    const signed = `n=,r=${this.#nonce},${serverFirst},${withoutProof}`;
    this.#signature = hmac(hmac(key, 'Server Key'), signed).toString('base64');
    const proof = xor(clientKey, hmac(sha256(clientKey), signed));
    return `${withoutProof},p=${proof.toString('base64')}`;
  }

  verify(serverFinal: string): void {
    const said = Buffer.from(attributes(serverFinal).get('v') ?? '', 'base64');
    if (!isEqual(said, Buffer.from(this.#signature, 'base64'))) {
      throw new Error('the server does not know the password: its SCRAM signature is wrong');
    }
  }
}
